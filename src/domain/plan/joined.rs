//! The plan of something that is made of parts: all of theirs in one, which people approve or
//! do not approve as a whole.

use std::collections::BTreeMap;

use serde_json::{Number, Value, json};
use sha2::{Digest, Sha256};

use super::{Change, Counts, Finding, Made, PLAN_MAX, Plan};
use crate::domain::moment::Moment;

/// Plans of parts, in the order of the file, as one that was made at this moment. `all`: every
/// part has one.
pub fn joined(parts: Vec<(String, Plan)>, all: bool, at: Moment) -> Plan {
    let failures: Vec<_> = parts.iter().filter_map(|(id, plan)| failure(id, plan)).collect();
    if !failures.is_empty() {
        return Plan::failed(&failures.join(" "));
    }
    let size = serde_json::to_string(&parts).map_or(usize::MAX, |json| json.len());
    if size > PLAN_MAX {
        let (size, most) = (size.div_ceil(1024), PLAN_MAX / 1024);
        return Plan::failed(&format!("The plans of all parts are too large, {size} KiB where {most} are allowed."));
    }
    let made: Vec<(&str, &Made)> = parts.iter().filter_map(|(id, plan)| Some((id.as_str(), plan.made()?))).collect();
    let ids: Vec<_> = made.iter().map(|(id, made)| json!([id, made.plan_id])).collect();
    let mut links = made.iter().filter_map(|(_, made)| made.link.clone());
    let link = links.next().filter(|_| links.next().is_none());
    Plan::Made(Made {
        plan_id: hex::encode(Sha256::digest(json!(ids).to_string().as_bytes())),
        counts: made.iter().fold(Counts::default(), |sum, (_, made)| sum.and(made.counts)),
        changes: made.iter().flat_map(|(id, made)| made.changes.iter().map(|it| change(id, it))).collect(),
        findings: made.iter().flat_map(|(id, made)| made.findings.iter().map(|it| finding(id, it))).collect(),
        link,
        monthly_cost: all.then(|| cost(&made)).flatten(),
        at: Some(at),
        parts: parts.into_iter().collect::<BTreeMap<_, _>>(),
    })
}

fn failure(id: &str, plan: &Plan) -> Option<String> {
    match plan {
        Plan::Made(_) => None,
        Plan::Failed { failure } => Some(format!("{id}: {failure}")),
    }
}

fn change(part: &str, change: &Change) -> Change {
    Change { part: Some(part.to_owned()), ..change.clone() }
}

fn finding(part: &str, finding: &Finding) -> Finding {
    Finding { part: Some(part.to_owned()), ..finding.clone() }
}

/// Only where each says a number: a sum of some would be read as that of all.
fn cost(made: &[(&str, &Made)]) -> Option<Value> {
    let costs: Option<Vec<f64>> = made.iter().map(|(_, made)| made.monthly_cost.as_ref()?.as_f64()).collect();
    Number::from_f64(costs?.iter().sum()).map(Value::Number)
}

impl Counts {
    fn and(self, other: Self) -> Self {
        Self {
            add: self.add.saturating_add(other.add),
            change: self.change.saturating_add(other.change),
            replace: self.replace.saturating_add(other.replace),
            remove: self.remove.saturating_add(other.remove),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Moment = Moment(1_795_773_720);

    fn plan(id: &str, answer: Value) -> (String, Plan) {
        (id.to_owned(), Plan::read(&answer, NOON))
    }

    fn assets(cost: Value) -> (String, Plan) {
        plan(
            "assets",
            json!({ "planId": "a1", "changes": [{ "action": "add", "type": "Bucket", "name": "A" }], "link": "https://x.test/a",
                    "monthlyCost": cost }),
        )
    }

    fn site(id: &str) -> (String, Plan) {
        let findings = json!([{ "level": "blocking", "text": "It is public" }]);
        let changes = json!([{ "action": "remove", "type": "Policy", "name": "P" }]);
        plan("site", json!({ "planId": id, "changes": changes, "findings": findings, "monthlyCost": 2.5 }))
    }

    fn made(plan: Plan) -> Made {
        match plan {
            Plan::Made(made) => made,
            Plan::Failed { failure } => panic!("{failure}"),
        }
    }

    #[test]
    fn the_plan_of_the_whole_adds_up_and_names_the_parts() {
        let whole = made(joined(vec![assets(json!(1)), site("s1")], true, NOON));
        assert_eq!(whole.counts, Counts { add: 1, remove: 1, ..Counts::default() });
        let named: Vec<_> = whole.changes.iter().map(Change::named).collect();
        assert_eq!(named, ["assets: Bucket A", "site: Policy P"]);
        assert_eq!(whole.findings[0].said(), "site: It is public");
        assert!(whole.is_blocked());
        assert_eq!((whole.link.as_deref(), whole.monthly_cost), (Some("https://x.test/a"), Some(json!(3.5))));
        assert_eq!(whole.parts["site"].id(), Some("s1"));
        assert_eq!(whole.plan_id.len(), 64);
    }

    #[test]
    fn another_plan_of_a_part_is_another_of_the_whole_and_the_same_is_the_same() {
        let id = |site_id: &str| made(joined(vec![assets(json!(1)), site(site_id)], true, NOON)).plan_id;
        assert_eq!(id("s1"), id("s1"));
        assert_ne!(id("s1"), id("s2"));
    }

    #[test]
    fn without_one_there_is_none_and_no_sum_is_made_up() {
        let failed = joined(vec![assets(json!(1)), ("site".into(), Plan::failed("No template."))], true, NOON);
        assert_eq!(failed, Plan::failed("site: No template."));
        assert_eq!(made(joined(vec![assets(json!("a lot")), site("s1")], true, NOON)).monthly_cost, None);
        assert_eq!(made(joined(vec![assets(json!(1))], false, NOON)).monthly_cost, None, "of a part nobody knows");
    }

    #[test]
    fn plans_that_are_too_large_together_are_none() {
        let much: Vec<_> = (0..2000).map(|at| json!({ "action": "add", "name": format!("{at:0>80}") })).collect();
        let large = |id: &str| plan(id, json!({ "planId": id, "changes": much }));
        assert!(large("a").1.made().is_some());
        assert!(joined(vec![large("a"), large("b")], true, NOON).made().is_none());
    }
}
