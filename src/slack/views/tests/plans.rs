//! The plan on the card: what it says in each state, what can be pressed, and that it fits.

use serde_json::json;

use super::hostile::{assert_message, hostile};
use super::samples::{SOON, of_plan, plan, tame};
use crate::domain::moment::Moment;
use crate::domain::plan::Plan;
use crate::domain::plan::difference::difference;
use crate::domain::plan::shown::Stage;
use crate::domain::provisioning::Progress;
use crate::slack::notices::asking::requested::ask;
use crate::slack::notices::planning::planning::underway;
use crate::slack::views::Message;

/// The card in this stage, with tame words around it.
fn card(stage: Stage) -> Message {
    let mut n = tame("planned");
    n.subject.plan = Some(of_plan(stage, None, None));
    ask(&n, Some(SOON))
}

fn stages(typed: Option<&str>) -> Vec<Stage> {
    let failure = typed.unwrap_or("The template has no resources").to_owned();
    vec![
        Stage::None,
        Stage::Underway,
        Stage::of(Some(&plan(typed, "warning"))),
        Stage::of(Some(&plan(typed, "blocking"))),
        Stage::Failed { failure },
    ]
}

fn buttons(message: &Message) -> Vec<String> {
    let blocks = message.blocks.as_array().unwrap();
    let actions = blocks.iter().find(|block| block["type"] == "actions").unwrap();
    let elements = actions["elements"].as_array().unwrap();
    elements.iter().map(|element| element["action_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn only_a_plan_that_nothing_forbids_can_be_approved() {
    let offered: Vec<_> = stages(None).into_iter().map(card).map(|card| buttons(&card)).collect();
    let expected = [
        vec!["plan", "reject"],
        vec!["reject"],
        vec!["approve", "reject"],
        vec!["plan", "reject"],
        vec!["plan", "reject"],
    ];
    assert_eq!(offered, expected);
}

#[test]
fn how_it_looks() {
    let all: Vec<_> = stages(None)
        .into_iter()
        .map(card)
        .map(|message| json!({ "text": message.text, "blocks": message.blocks }))
        .collect();
    insta::assert_json_snapshot!("plan_none", all[0]);
    insta::assert_json_snapshot!("plan_made", all[2]);
    insta::assert_json_snapshot!("plan_blocked", all[3]);
    insta::assert_json_snapshot!("plan_without", all[4]);
    let n = tame("planning");
    let progress = Progress { step: 2, of: 3, label: "Asking AWS".into() };
    let message = underway(&n, Some(&progress));
    insta::assert_json_snapshot!("plan_underway", json!({ "text": message.text, "blocks": message.blocks }));
}

#[test]
fn a_hostile_or_huge_plan_stays_within_the_limits() {
    for typed in hostile() {
        for stage in stages(Some(&typed)) {
            let start: String = typed.chars().take(20).collect();
            let about = format!("{start:?}");
            assert_message(&with_stage(stage, &typed), &about);
        }
        let mut n = super::samples::notification(tame("planning").notice, Some(&typed));
        n.subject.plan = Some(of_plan(Stage::Underway, None, Some(&typed)));
        let progress = Progress { step: u32::MAX, of: 1, label: typed.clone() };
        assert_message(&underway(&n, Some(&progress)), "underway");
    }
}

/// All that is around it is hostile, too, and it has changed.
fn with_stage(stage: Stage, typed: &str) -> Message {
    let mut n = super::samples::notification(tame("planned").notice, Some(typed));
    let difference = difference(Some(&Plan::failed("x")), &plan(Some(typed), "blocking"));
    n.subject.plan = Some(of_plan(stage, Some(difference), Some(typed)));
    ask(&n, Some(SOON))
}

#[test]
fn what_is_lost_comes_first_and_the_rest_is_counted() {
    let changes: Vec<_> = (0..60)
        .map(|n| (if n % 2 == 0 { "add" } else { "remove" }, format!("n{n}")))
        .map(|(action, name)| json!({ "action": action, "type": "T", "name": name }))
        .collect();
    let plan = Plan::read(&json!({ "planId": "p", "changes": changes }), Moment(SOON));
    let message = card(Stage::of(Some(&plan)));
    let said = message.blocks.to_string();
    for words in
        ["+30 added, ~0 changed, ±0 replaced, −30 removed", "− removed: T n1", "− removed: T n39", "+ added: T n18"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.contains("… and 10 more replaced or removed") && said.contains("… and 20 more changes"), "{said}");
    assert!(said.find("removed: T n1").unwrap() < said.find("added: T n0").unwrap());
    assert!(!said.contains("T n41") && !said.contains("T n20\\"), "{said}");
    assert!(message.text.contains("−30 removed"), "{}", message.text);
    assert!(!said.contains("Cost") && !said.contains("Look at it"), "neither is known: {said}");
}

#[test]
fn only_a_link_to_the_web_is_one() {
    for (link, is_one) in [
        ("https://x.test/p", true),
        ("http://x.test/p", true),
        ("javascript:alert(1)", false),
        ("file:///etc/passwd", false),
        ("https://x.test/<!channel>", false),
        ("https://x.test/a|b", false),
    ] {
        let plan = Plan::read(&json!({ "planId": "p", "link": link }), Moment(SOON));
        let said = card(Stage::of(Some(&plan))).blocks.to_string();
        assert_eq!(said.contains("Look at it"), is_one, "{link}: {said}");
        assert_eq!(said.contains(link), is_one, "{link}: {said}");
    }
}

#[test]
fn a_link_that_is_long_once_it_is_escaped_takes_no_card_away() {
    let link = |url: &str| crate::slack::views::text::link(url, &crate::slack::views::text::Text::ours("Look at it"));
    assert!(link(&format!("https://x.example.com/{}", "a&".repeat(100))).is_some());
    assert!(link(&format!("https://x.example.com/{}", "a&".repeat(480))).is_none());
}
