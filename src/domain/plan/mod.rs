//! What a provisioner says that it would do, before anybody says yes to it.
//!
//! - [`Plan`]: as the workflow keeps it and programs read it, read leniently from whatever
//!   a provisioner answers.
//! - [`joined`](mod@joined): those of all parts as one.
//! - [`difference`](mod@difference): what one plan has that another has not.
//! - [`shown`]: as much of it as people are told.

pub mod difference;
pub mod joined;
mod read;
pub mod shown;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::difference::Difference;
pub use self::shown::{PlanOnCard, Shown};
use super::moment::Moment;

/// The largest answer that is read, in bytes of JSON.
pub const PLAN_MAX: usize = 256 * 1024;
/// The longest ID of a plan, in bytes: the longest of AWS has some 250.
pub const PLAN_ID_MAX: usize = 1024;
/// The longest reason for a plan that failed, in characters.
const FAILURE_MAX: usize = 1000;

/// What came of asking a provisioner what it would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Plan {
    Made(Made),
    /// There is none, for this reason.
    Failed {
        failure: String,
    },
}

/// What it would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// Names the plan to the provisioner.
    pub plan_id: String,
    pub counts: Counts,
    pub changes: Vec<Change>,
    pub findings: Vec<Finding>,
    /// Where it can be looked at, if the provisioner says so: not looked at what it is.
    pub link: Option<String>,
    /// What it would cost a month, as the provisioner says it.
    pub monthly_cost: Option<Value>,
    /// When it was made; absent where it was not made yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// The plans that it is made of, by part.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Plan>,
}

/// How many resources it is about, by what happens to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub add: u64,
    pub change: u64,
    pub replace: u64,
    pub remove: u64,
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    pub action: String,
    /// What kind of resource, in the words of the provisioner.
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    /// Of which part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

/// What whoever decides should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    pub level: String,
    pub text: String,
    /// In which part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

/// What happens to a resource, as far as that word is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// What holds data is gone with these two.
    Remove,
    Replace,
    /// A word that is not known may mean anything.
    Unknown,
    Change,
    Add,
}

impl Plan {
    /// A plan that failed.
    pub fn failed(why: &str) -> Self {
        let mut failure: String = why.trim().chars().take(FAILURE_MAX).collect();
        if failure.is_empty() {
            failure.push_str("The provisioner did not say why.");
        }
        Self::Failed { failure }
    }

    /// What it would do, unless it failed.
    pub fn made(&self) -> Option<&Made> {
        match self {
            Self::Made(made) => Some(made),
            Self::Failed { .. } => None,
        }
    }

    /// Its name, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.made().map(|made| made.plan_id.as_str())
    }

    /// May somebody say yes to it?
    pub fn may_be_approved(&self) -> bool {
        self.made().is_some_and(|made| !made.is_blocked())
    }

    /// The plan of this part; without one, of the whole.
    pub fn of_part(&self, part: Option<&str>) -> Option<&Self> {
        match part {
            None => Some(self),
            Some(part) => self.made()?.parts.get(part),
        }
    }

    /// What is signed of it: what it would do, and neither its name nor when it was made.
    /// The same as of no plan where it failed, which nobody signs.
    pub(super) fn signed(&self) -> Value {
        self.made().map_or(Value::Null, |Made { counts, changes, findings, .. }| {
            json!({ "counts": counts, "changes": changes, "findings": findings })
        })
    }
}

impl Made {
    /// Does a finding forbid it?
    pub fn is_blocked(&self) -> bool {
        self.findings.iter().any(Finding::is_blocking)
    }
}

impl Finding {
    /// A level that is not known forbids the plan, too.
    pub fn is_blocking(&self) -> bool {
        self.level != "warning"
    }

    /// Its text, with the part it is about.
    pub fn said(&self) -> String {
        of_part(self.part.as_deref(), self.text.clone())
    }
}

impl Change {
    /// What happens, as far as the word is known.
    pub fn what(&self) -> Action {
        match self.action.as_str() {
            "add" => Action::Add,
            "change" => Action::Change,
            "replace" => Action::Replace,
            "remove" => Action::Remove,
            _ => Action::Unknown,
        }
    }

    /// Its kind and its name, as far as it has them, and of which part it is.
    pub fn named(&self) -> String {
        let named = match (self.kind.trim(), self.name.trim()) {
            ("", "") => "something without a name".to_owned(),
            ("", one) | (one, "") => one.to_owned(),
            (kind, name) => format!("{kind} {name}"),
        };
        of_part(self.part.as_deref(), named)
    }
}

/// What is said, with the part it is about.
pub fn of_part(part: Option<&str>, what: String) -> String {
    match part {
        Some(part) => format!("{part}: {what}"),
        None => what,
    }
}
