//! What can be asked for, and who provisions it.

use serde::{Deserialize, Serialize};

use super::field::Field;

/// A kind of resource that can be asked for, and who provisions it.
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
    /// Is what it is told encrypted, where histories are? Off for a worker that
    /// shares no key. Only what differs from the default is recorded.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub encrypt: bool,
    /// What is asked for beyond the name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

impl Blueprint {
    /// Is a plan shown before anybody says yes?
    pub fn has_plan(&self) -> bool {
        self.plan_activity.is_some()
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}
