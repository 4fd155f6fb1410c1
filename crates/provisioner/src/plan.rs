//! What a provisioner answers when it is asked what it would do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The result of `plan`: what `provision` would do if it is given this plan's ID.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Names the plan to `provision` and to `discard`.
    pub plan_id: String,
    /// How many resources it is about, by what happens to them.
    #[serde(default)]
    pub counts: Counts,
    /// What happens to which resource.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// What whoever decides should know.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Where the plan can be looked at.
    #[serde(default)]
    pub link: Option<String>,
    /// What it would cost a month, if that is known: shown as it is, never computed.
    #[serde(default)]
    pub monthly_cost: Option<Value>,
}

/// How many resources a plan is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    #[serde(default)]
    pub add: u64,
    #[serde(default)]
    pub change: u64,
    #[serde(default)]
    pub replace: u64,
    #[serde(default)]
    pub remove: u64,
}

/// One resource of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `add`, `change`, `replace` or `remove`; any other word is shown as it is.
    pub action: String,
    /// What kind of resource, in the words of the provisioner: `AWS::S3::Bucket`.
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub name: String,
}

/// What whoever decides should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `blocking`: nobody may approve this plan. `warning`: shown. Any other word counts as blocking,
    /// since what it means is not known.
    pub level: String,
    pub text: String,
}

impl Finding {
    /// Does it forbid the plan?
    pub fn is_blocking(&self) -> bool {
        self.level != "warning"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_plan_may_leave_out_what_it_does_not_have() {
        let read: Plan = serde_json::from_str(r#"{"planId":"p","changes":[{"action":"import"}]}"#).unwrap();
        assert_eq!((read.plan_id.as_str(), &*read.changes[0].action, read.counts.add), ("p", "import", 0));
    }

    #[test]
    fn a_level_that_is_not_known_forbids() {
        let finding = |level: &str| Finding { level: level.to_owned(), text: String::new() };
        assert!(!finding("warning").is_blocking());
        assert!(finding("blocking").is_blocking() && finding("fatal").is_blocking());
    }
}
