//! What can be asked for, and who provisions it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::field::Field;

/// A kind of resource that can be asked for, and who provisions it: a provisioner, whose queue
/// and activities are named, or those of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blueprint {
    pub id: String,
    pub name: String,
    pub description: String,
    pub task_queue: String,
    pub provision_activity: String,
    pub destroy_activity: String,
    /// Says what would be done, before anybody says yes to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_activity: Option<String>,
    /// Removes what that left, where nothing was built of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discard_activity: Option<String>,
    /// Says how much of it can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_activity: Option<String>,
    /// Says whether it is still there, and as it was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspect_activity: Option<String>,
    /// Is what it is told encrypted, where histories are? Off for a worker that
    /// shares no key. Only what differs from the default is recorded.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub encrypt: bool,
    /// What is asked for beyond the name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What it is made of. Where there are parts, queue and activities are theirs, and its own
    /// are empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// A part of what can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    pub id: String,
    /// The parts that have to exist first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Who provisions it. What that asks for is asked by the whole.
    pub blueprint: Blueprint,
    /// The fields of the whole whose values it gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<String>,
    /// The values of its own fields that the whole does not ask for: what they are if nothing
    /// is said.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub values: Map<String, Value>,
}

impl Blueprint {
    /// Is a plan shown before anybody says yes?
    pub fn has_plan(&self) -> bool {
        self.plan_activity.is_some() || self.parts.iter().any(|part| part.blueprint.has_plan())
    }

    /// Is the same made of the same, and planned likewise? Who is called, and how, may differ:
    /// somebody may have mended that.
    pub fn is_made_as(&self, other: &Self) -> bool {
        let alike = |a: &Part, b: &Part| {
            let own = |it: &Part| (it.id.clone(), it.after.clone(), it.takes.clone(), it.values.clone());
            own(a) == own(b) && a.blueprint.is_made_as(&b.blueprint)
        };
        let plans = |it: &Self| it.plan_activity.is_some();
        self.id == other.id
            && plans(self) == plans(other)
            && self.parts.len() == other.parts.len()
            && self.parts.iter().zip(&other.parts).all(|(a, b)| alike(a, b))
    }

    /// Can it be made read-only or closed? Of parts each can be that has an activity for it.
    pub fn has_levels(&self) -> bool {
        self.access_activity.is_some() || self.parts.iter().any(|part| part.blueprint.has_levels())
    }

    /// Who provisions this part; without one, the whole.
    pub fn of_part(&self, part: Option<&str>) -> Option<&Self> {
        match part {
            None => Some(self),
            Some(id) => self.parts.iter().find(|part| part.id == id).map(|part| &part.blueprint),
        }
    }
}

impl Part {
    /// Its values, where these are the whole's.
    pub fn parameters(&self, whole: &Map<String, Value>) -> Map<String, Value> {
        let taken = self.takes.iter().filter_map(|id| Some((id.clone(), whole.get(id)?.clone())));
        self.values.clone().into_iter().chain(taken).collect()
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}
