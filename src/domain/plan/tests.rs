//! What a provisioner may answer, what is made of it, and what is told.

use serde_json::json;

use super::difference::difference;
use super::shown::{FINDINGS_MAX, GRAVE_MAX, OTHERS_MAX, Stage};
use super::*;

const NOON: Moment = Moment(1_795_773_720);

fn read(answer: &Value) -> Plan {
    Plan::read(answer, NOON)
}

fn made(answer: &Value) -> Made {
    match read(answer) {
        Plan::Made(made) => made,
        Plan::Failed { failure } => panic!("{failure}"),
    }
}

fn failure(answer: &Value) -> String {
    match read(answer) {
        Plan::Failed { failure } => failure,
        Plan::Made(made) => panic!("{made:?}"),
    }
}

fn full() -> Value {
    json!({
        "planId": "p1", "counts": { "add": 1, "change": 0, "replace": 0, "remove": 2 },
        "changes": [{ "action": "add", "type": "AWS::S3::Bucket", "name": "Assets" }],
        "findings": [{ "level": "warning", "text": "It is public" }], "link": "https://x.test/p1", "monthlyCost": 12.5
    })
}

#[test]
fn what_was_answered_is_kept_with_the_moment() {
    let mut expected = full();
    expected["at"] = json!("2026-11-27T10:02:00Z");
    let kept = serde_json::to_value(read(&full())).unwrap();
    assert_eq!(kept, expected);
    assert_eq!(serde_json::from_value::<Plan>(kept).unwrap(), read(&full()), "and reads back");
    let failed = Plan::failed("No template");
    assert_eq!(serde_json::to_value(&failed).unwrap(), json!({ "failure": "No template" }));
    assert_eq!(serde_json::from_value::<Plan>(json!({ "failure": "No template" })).unwrap(), failed);
}

#[test]
fn what_may_be_left_out_may_be_null_and_what_is_not_known_is_not_looked_at() {
    let least = made(&json!({ "planId": "p" }));
    assert_eq!((least.counts, least.changes.len(), least.link, least.monthly_cost), Default::default());
    let nulls = json!({
        "planId": "p", "counts": null, "changes": null, "findings": null, "link": null, "monthlyCost": null, "new": 1
    });
    assert_eq!(made(&nulls), made(&json!({ "planId": "p" })));
    let odd = made(&json!({
        "planId": "p", "counts": { "add": 1, "import": 3 }, "link": { "href": "x" },
        "changes": [{ "action": "import", "type": null }], "findings": [{ "text": "no level" }]
    }));
    assert_eq!((odd.counts.add, &odd.link), (1, &None));
    assert_eq!((odd.changes[0].what(), odd.changes[0].named()), (Action::Unknown, "something without a name".into()));
    assert!(odd.is_blocked(), "a level that is not known forbids");
}

#[test]
fn counts_that_are_not_told_are_counted() {
    let changes = ["add", "add", "remove", "replace", "change", "import"].map(|action| json!({ "action": action }));
    let counts = made(&json!({ "planId": "p", "changes": changes })).counts;
    assert_eq!(counts, Counts { add: 2, change: 1, replace: 1, remove: 1 });
}

#[test]
fn what_cannot_be_read_is_a_plan_that_failed() {
    for wrong in [
        json!(null),
        json!("plan"),
        json!([full()]),
        json!({}),
        json!({ "planId": null }),
        json!({ "planId": "  " }),
        json!({ "planId": 7 }),
        json!({ "planId": "x".repeat(PLAN_ID_MAX + 1) }),
        json!({ "planId": "p", "counts": { "add": -1 } }),
        json!({ "planId": "p", "counts": { "add": "3" } }),
        json!({ "planId": "p", "counts": 3 }),
        json!({ "planId": "p", "changes": {} }),
        json!({ "planId": "p", "changes": [{ "type": "no action" }] }),
        json!({ "planId": "p", "changes": ["add"] }),
        json!({ "planId": "p", "findings": "none" }),
        json!({ "planId": "p", "findings": [{ "level": 1 }] }),
    ] {
        assert!(failure(&wrong).contains("cannot be read"), "{wrong}");
    }
    assert!(matches!(Plan::failed("  "), Plan::Failed { failure } if !failure.is_empty()));
    assert!(matches!(Plan::failed(&"x".repeat(5_000)), Plan::Failed { failure } if failure.len() == 1_000));
}

#[test]
fn a_plan_has_a_largest_size() {
    let padded = |size: usize| {
        let mut plan = json!({ "planId": "p", "changes": [{ "action": "add", "type": "", "name": "" }] });
        let room = size - plan.to_string().len();
        plan["changes"][0]["name"] = json!("x".repeat(room));
        plan
    };
    assert_eq!(padded(PLAN_MAX).to_string().len(), PLAN_MAX);
    made(&padded(PLAN_MAX));
    assert!(failure(&padded(PLAN_MAX + 1)).contains("too large"));
}

#[test]
fn only_a_plan_that_was_made_and_is_not_forbidden_may_be_approved() {
    let with = |findings: Value| read(&json!({ "planId": "p", "findings": findings }));
    for (plan, may) in [
        (with(json!([])), true),
        (with(json!([{ "level": "warning", "text": "" }])), true),
        (with(json!([{ "level": "warning", "text": "" }, { "level": "blocking", "text": "" }])), false),
        (with(json!([{ "level": "fatal", "text": "" }])), false),
        (Plan::failed("x"), false),
    ] {
        assert_eq!(plan.may_be_approved(), may, "{plan:?}");
    }
}

#[test]
fn what_is_signed_is_what_it_would_do() {
    let signed = |change: &dyn Fn(&mut Value)| {
        let mut plan = full();
        change(&mut plan);
        read(&plan).signed()
    };
    let same = signed(&|_| {});
    for (key, value) in [("planId", json!("p2")), ("link", json!(null)), ("monthlyCost", json!(1))] {
        assert_eq!(signed(&|plan| plan[key] = value.clone()), same, "{key}");
    }
    assert_eq!(Plan::read(&full(), Moment(0)).signed(), same);
    let other = [
        ("counts", json!({ "add": 2 })),
        ("changes", json!([{ "action": "remove", "type": "AWS::S3::Bucket", "name": "Assets" }])),
        ("findings", json!([])),
    ];
    for (key, value) in other {
        assert_ne!(signed(&|plan| plan[key] = value.clone()), same, "{key}");
    }
    assert_eq!(Plan::failed("x").signed(), Value::Null);
}

#[test]
fn people_read_first_what_is_lost_and_of_the_rest_a_part() {
    let change = |action: &str, number: usize| json!({ "action": action, "type": "T", "name": number.to_string() });
    let kinds = ["add", "change", "import", "replace", "remove"];
    let changes: Vec<Value> = (0..75).map(|number| change(kinds[number % 5], number)).collect();
    let findings: Vec<Value> =
        (0..15).map(|n| json!({ "level": if n == 14 { "blocking" } else { "warning" }, "text": "x" })).collect();
    let plan = made(&json!({ "planId": "p", "changes": changes, "findings": findings, "monthlyCost": "12 €" }));
    let shown = Shown::of(&plan);
    let actions = |changes: &[Change]| changes.iter().map(|it| it.action.clone()).collect::<Vec<_>>();
    assert_eq!((shown.grave.len(), shown.graver), (GRAVE_MAX, 10));
    assert_eq!(actions(&shown.grave)[..15], vec!["remove".to_owned(); 15]);
    assert_eq!((shown.others.len(), shown.more), (OTHERS_MAX, 35));
    assert_eq!(actions(&shown.others), vec!["import".to_owned(); 10], "who knows what that is");
    assert_eq!((shown.findings.len(), shown.further), (FINDINGS_MAX, 5));
    assert!(shown.findings[0].is_blocking() && shown.is_blocked());
    assert_eq!(shown.cost.as_deref(), Some("12 €"));
    for (cost, told) in [(json!(0), Some("0")), (json!({ "usd": 3 }), None), (json!(" "), None), (json!(null), None)] {
        let shown = Shown::of(&made(&json!({ "planId": "p", "monthlyCost": cost })));
        assert_eq!(shown.cost.as_deref(), told);
    }
    let huge = json!({ "planId": "p", "changes": [{ "action": "x".repeat(900), "name": "y".repeat(900) }],
                       "link": "https://x.test/".to_owned() + &"z".repeat(2000) });
    let shown = Shown::of(&made(&huge));
    assert_eq!((shown.others[0].action.len(), shown.others[0].name.len(), shown.link), (400, 400, None));
    assert_eq!(Stage::of(None), Stage::None);
    assert!(matches!(Stage::of(Some(&Plan::failed("x"))), Stage::Failed { .. }));
}

#[test]
fn what_changed_is_told_in_lines() {
    let plan = |value: Value| read(&value);
    let before = plan(json!({ "planId": "1", "changes": [
        { "action": "add", "type": "Bucket", "name": "A" }, { "action": "add", "type": "Bucket", "name": "A" }
    ], "findings": [{ "level": "warning", "text": "old" }] }));
    let after = plan(json!({ "planId": "2", "changes": [
        { "action": "add", "type": "Bucket", "name": "A" }, { "action": "remove", "type": "Bucket", "name": "B" }
    ], "findings": [{ "level": "blocking", "text": "new" }] }));
    let lines = difference(Some(&before), &after).lines;
    assert_eq!(
        lines,
        [
            "To remove: 1 instead of 0",
            "To add: 1 instead of 2",
            "Now: remove Bucket B",
            "No longer: add Bucket A",
            "New finding: new",
            "No longer found: old"
        ]
    );
    assert_eq!(difference(Some(&before), &before), Difference::default());
    let turned = plan(json!({ "planId": "3", "counts": {}, "changes": [
        { "action": "add", "name": "A" }, { "action": "add", "name": "B" } ] }));
    let other = plan(json!({ "planId": "3", "counts": {}, "changes": [
        { "action": "add", "name": "B" }, { "action": "add", "name": "A" } ] }));
    assert_eq!(difference(Some(&turned), &other).lines, ["The order of the changes."]);
    assert!(difference(Some(&before), &Plan::failed("gone")).lines[0].contains("gone"));
    let many: Vec<Value> =
        (0..30).map(|n| json!({ "action": "add", "name": format!("{n}{}", "x".repeat(300)) })).collect();
    let many = difference(Some(&turned), &plan(json!({ "planId": "4", "counts": {}, "changes": many })));
    assert_eq!((many.lines.len(), many.more), (8, 24));
    assert!(many.lines.iter().all(|line| line.chars().count() <= 201));
}
