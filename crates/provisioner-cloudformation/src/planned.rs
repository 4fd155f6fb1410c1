//! A change set as a plan: what it would do, in the contract's words, and by what two plans
//! are the same.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{Change as OfAws, ChangeAction, Replacement, ResourceChange};
use provisioner::{Change, Counts, Finding, Plan};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::template::{Need, Template};

/// A change set, as CloudFormation describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its ARN.
    pub id: String,
    pub name: String,
    pub stack_id: String,
    pub stack_name: String,
    /// Whether it could be made.
    pub status: String,
    /// Whether it can be executed, or was.
    pub execution: String,
    pub reason: String,
    pub tags: BTreeMap<String, String>,
    pub counts: Counts,
    pub changes: Vec<Change>,
}

impl Planned {
    /// Whether CloudFormation is still at it.
    pub fn is_pending(&self) -> bool {
        matches!(self.status.as_str(), "CREATE_PENDING" | "CREATE_IN_PROGRESS")
    }

    /// Whether it waits to be executed.
    pub fn is_available(&self) -> bool {
        self.status == "CREATE_COMPLETE" && self.execution == "AVAILABLE"
    }

    /// How many resources it is about.
    pub fn size(&self) -> usize {
        self.changes.len().max(1)
    }

    /// By what two plans are the same: their counts, changes and findings.
    pub fn digest(&self, findings: &[Finding]) -> String {
        let mut changes: Vec<_> = self.changes.iter().map(|it| (&it.action, &it.kind, &it.name)).collect();
        changes.sort();
        let said = json!([self.counts, changes, findings]).to_string();
        format!("sha256:{}", hex::encode(Sha256::digest(said.as_bytes())))
    }

    /// What whoever decides is told.
    pub fn plan(&self, findings: Vec<Finding>, link: Option<String>) -> Plan {
        Plan {
            plan_id: self.id.clone(),
            counts: self.counts,
            changes: self.changes.clone(),
            findings,
            link,
            monthly_cost: None,
        }
    }
}

/// What whoever decides should know of a template, beyond its changes.
pub fn findings(template: &Template) -> Vec<Finding> {
    let warning = |text: &str| Finding { level: "warning".into(), text: text.into() };
    let needs = template.needs();
    let mut findings = Vec::new();
    if needs.contains(&Need::AutoExpand) {
        findings
            .push(warning("The template has macros or other templates in it, which may make anything, IAM included."));
    } else if !needs.is_empty() {
        findings.push(warning("It makes resources of IAM, which may give permissions in the account."));
    }
    findings
}

/// The name of the change set of a template with these values and tags: the same again for
/// whoever asks again.
pub fn name(template: &str, values: &BTreeMap<String, String>, tags: &BTreeMap<String, String>) -> String {
    let digest = Sha256::digest(json!([template, values, tags]).to_string().as_bytes());
    format!("p-{}", hex::encode(&digest[..16]))
}

/// What a change set does, resource by resource.
pub fn changes<'a>(of_aws: impl IntoIterator<Item = &'a OfAws>) -> (Counts, Vec<Change>) {
    let mut counts = Counts::default();
    let mut changes = Vec::new();
    for change in of_aws.into_iter().filter_map(OfAws::resource_change) {
        let action = action(change);
        match action.as_str() {
            "add" => counts.add += 1,
            "change" => counts.change += 1,
            "replace" => counts.replace += 1,
            "remove" => counts.remove += 1,
            _ => {}
        }
        changes.push(Change {
            action,
            kind: change.resource_type().unwrap_or_default().to_owned(),
            name: change.logical_resource_id().unwrap_or_default().to_owned(),
        });
    }
    (counts, changes)
}

fn action(change: &ResourceChange) -> String {
    let may_replace = matches!(change.replacement(), Some(Replacement::True | Replacement::Conditional));
    match change.action() {
        Some(ChangeAction::Add) => "add".into(),
        Some(ChangeAction::Modify) if may_replace => "replace".into(),
        // What it comes to is known only when it is done.
        Some(ChangeAction::Dynamic) => "replace".into(),
        Some(ChangeAction::Modify) => "change".into(),
        Some(ChangeAction::Remove) => "remove".into(),
        Some(other) => other.as_str().to_lowercase(),
        None => "unknown".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(action: &str, replacement: Option<&str>) -> OfAws {
        let change = ResourceChange::builder()
            .action(ChangeAction::from(action))
            .set_replacement(replacement.map(Replacement::from))
            .resource_type("AWS::S3::Bucket")
            .logical_resource_id("Bucket");
        OfAws::builder().resource_change(change.build()).build()
    }

    fn planned(of_aws: &[OfAws]) -> Planned {
        let (counts, changes) = changes(of_aws);
        let [id, name, stack_id, stack_name, reason] = [(); 5].map(|()| "x".to_owned());
        let (status, execution) = ("CREATE_COMPLETE".to_owned(), "AVAILABLE".to_owned());
        let tags = BTreeMap::new();
        Planned { id, name, stack_id, stack_name, status, execution, reason, tags, counts, changes }
    }

    #[test]
    fn what_may_be_replaced_counts_as_replaced() {
        for (action, replacement, expected) in [
            ("Add", None, "add"),
            ("Modify", None, "change"),
            ("Modify", Some("False"), "change"),
            ("Modify", Some("Conditional"), "replace"),
            ("Modify", Some("True"), "replace"),
            ("Dynamic", None, "replace"),
            ("Remove", None, "remove"),
            ("Import", None, "import"),
            ("SomethingNew", None, "somethingnew"),
        ] {
            let (counts, changes) = changes(&[change(action, replacement)]);
            assert_eq!(changes[0].action, expected, "{action} {replacement:?}");
            let Counts { add, change, replace, remove } = counts;
            let known = u64::from(["add", "change", "replace", "remove"].contains(&expected));
            assert_eq!(add + change + replace + remove, known, "{action}");
        }
    }

    #[test]
    fn plans_are_the_same_by_what_they_do_and_say() {
        let one = planned(&[change("Add", None), change("Remove", None)]);
        let turned = planned(&[change("Remove", None), change("Add", None)]);
        assert_eq!(one.digest(&[]), turned.digest(&[]), "in whatever order");
        assert_ne!(one.digest(&[]), planned(&[change("Add", None)]).digest(&[]));
        let warning = Finding { level: "warning".into(), text: "x".into() };
        assert_ne!(one.digest(&[]), one.digest(&[warning]));
    }

    #[test]
    fn a_name_is_the_same_for_the_same_and_fits() {
        let map = |value: &str| BTreeMap::from([("Key".to_owned(), value.to_owned())]);
        let first = name("text", &map("a"), &map("b"));
        assert_eq!(first, name("text", &map("a"), &map("b")));
        for other in [
            name("texts", &map("a"), &map("b")),
            name("text", &map("b"), &map("a")),
            name("text", &map("a"), &map("a")),
        ] {
            assert_ne!(first, other);
        }
        assert!(
            first.starts_with("p-")
                && first.len() < 128
                && first.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        );
    }
}
