//! What a view must say and must not, what can be pressed on it, and where its links lead.

use serde_json::{Value, json};

use super::samples::{SOON, choices, message, messages, notices as samples, notification, tame};
use crate::domain::notice::part::{ATTENTION, CARD, of_attempt};
use crate::domain::notice::{self, Notice, Requested};
use crate::domain::provisioning::Provisioned;
use crate::slack::ids;
use crate::slack::notices;
use crate::slack::views::choice::Choice;
use crate::slack::views::request::{Authorizers, RequestForm};
use crate::slack::views::{Message, decision, request};

const STATUS_WORDS: [&str; 5] = ["provisioned", "rejected", "expired", "cancelled", "failed"];

#[test]
fn only_what_ends_a_request_has_the_word_of_its_end() {
    for (name, notice) in samples(None) {
        let status = notice.status();
        for (view, Message { text, .. }) in messages(&notification(notice, None)) {
            let said: Vec<_> = STATUS_WORDS.into_iter().filter(|word| text.to_lowercase().contains(word)).collect();
            match view {
                "root" | "outcome" | "decided" if status.is_final() => {
                    assert_eq!(said, [status.word()], "{view}, {name}: {text}");
                }
                "attention" | "attended" if status.is_final() => {}
                _ => assert!(said.is_empty(), "{view}, {name}: {text}"),
            }
        }
    }
}

#[test]
fn the_root_can_be_cancelled_until_the_end() {
    for (name, notice) in samples(None) {
        let n = notification(notice, None);
        let buttons = ids_of(&notices::root(&n).blocks, "action_id");
        let over = n.notice.status().is_final() || matches!(n.notice, Notice::Undoing(_));
        let expected: &[&str] = if over { &[] } else { &[ids::CANCEL] };
        assert_eq!(buttons, expected, "{name}");
        assert!(ids_of(&notices::decided(&n).blocks, "action_id").is_empty(), "{name}");
        assert!(ids_of(&notices::attended(&n).blocks, "action_id").is_empty(), "{name}");
        assert_eq!(notices::outcome(&n).is_some(), n.notice.status().is_final(), "{name}");
    }
}

#[test]
fn the_ids_are_those_of_the_contract() {
    use ids::*;
    let form = RequestForm { teams: choices(2, None), blueprints: choices(2, None), ..RequestForm::default() };
    let fields = [APPLICATION_NAME, TEAM, AUTHORIZER, BLUEPRINT, JUSTIFICATION];
    let searching = RequestForm {
        teams: choices(101, None),
        authorizers: Authorizers::Listed,
        blueprints: choices(101, None),
        ..form.clone()
    };
    for form in [&form, &searching] {
        let modal = request::request_modal(form);
        assert_eq!(modal["callback_id"], PROVISION_REQUEST);
        assert_eq!(ids_of(&modal, "action_id"), fields);
        assert_eq!(ids_of(&modal, "block_id"), fields);
    }
    let single = RequestForm { blueprints: choices(1, None), ..form };
    assert!(!ids_of(&request::request_modal(&single), "block_id").contains(&BLUEPRINT.to_owned()));

    let modal = decision::reject_modal("a-1", "a", "");
    assert_eq!(modal["callback_id"], REJECT_REQUEST);
    assert_eq!((ids_of(&modal, "action_id"), ids_of(&modal, "block_id")), (vec![REASON.into()], vec![REASON.into()]));

    let huge = "x".repeat(300);
    for typed in [None, Some(huge.as_str())] {
        let ask = message(&notification(Notice::Requested(Requested { expires_at: SOON }), typed), CARD).blocks;
        let no_fields = |of: &str| {
            let all = ids_of(&ask, of).into_iter();
            all.filter(|id| ids::field_of(id).is_none()).collect::<Vec<_>>()
        };
        assert_eq!(no_fields("action_id"), [REGION, PROFILE, APPROVE, REJECT]);
        assert_eq!(no_fields("block_id"), [REGION, PROFILE, "checkout-7f3a9c0011:4"]);
        let (actions, blocks) = (ids_of(&ask, "action_id"), ids_of(&ask, "block_id"));
        assert_eq!(actions[..actions.len() - 2], blocks[..blocks.len() - 1], "of every input");
    }
    let attention = message(&tame("needs attention"), &of_attempt(ATTENTION, 2)).blocks;
    assert_eq!(ids_of(&attention, "action_id"), [RETRY, GIVE_UP]);
    assert_eq!(ids_of(&attention, "value"), ["checkout-7f3a9c0011", "checkout-7f3a9c0011"]);
    assert_eq!(ids_of(&attention, "block_id"), ["checkout-7f3a9c0011:4"]);
    for (block, round) in
        [("a-1:4", 4), ("a-1:4:2", 4), ("a-2:4", 0), ("region", 0), ("a-1:b", 0), ("a-1:-1", 0), ("a-14", 0), ("", 0)]
    {
        assert_eq!(ids::round_of(block, "a-1"), round, "{block}");
    }
}

/// All values of members named `member`, in the order of the blocks.
fn ids_of(value: &Value, member: &str) -> Vec<String> {
    match value {
        Value::Array(elements) => elements.iter().flat_map(|element| ids_of(element, member)).collect(),
        Value::Object(members) => {
            let own = members.get(member).and_then(Value::as_str).map(str::to_owned);
            let inner = members.values().flat_map(|value| ids_of(value, member));
            own.into_iter().chain(inner).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn one_choice_is_chosen_already() {
    let ask = message(&tame("requested"), CARD).blocks;
    let select =
        |id: &str| ask.as_array().unwrap().iter().find(|block| block["block_id"] == id).unwrap()["element"].clone();
    assert_eq!(select(ids::REGION)["initial_option"], Value::Null);
    assert_eq!(select(ids::PROFILE)["initial_option"], select(ids::PROFILE)["options"][0]);
    assert_eq!(select(ids::PROFILE)["initial_option"]["value"], "sandbox");

    let form = RequestForm { teams: choices(1, Some("A team with a <name>")), ..RequestForm::default() };
    let modal = request::request_modal(&form);
    assert_eq!(modal["blocks"][2]["element"]["initial_option"], modal["blocks"][2]["element"]["options"][0]);
}

#[test]
fn a_search_finds_what_was_typed_the_best_first_and_else_in_the_order_given() {
    let texts = |typed: &str| -> Vec<String> {
        let found = request::options(&choices(650, None), typed);
        let options = found["options"].as_array().unwrap();
        options.iter().map(|option| option["text"]["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts("").len(), 100);
    assert_eq!(texts(" TEAM 65 "), ["Team 65", "Team 650"]);
    assert_eq!(request::options(&choices(3, None), "nobody"), json!({ "options": [] }));
    let people = ["Joanna", "Bob Ann", "Anna", "Ann Lee", "Bob"].map(Choice::of);
    let found = request::options(&people, "ANN");
    let found: Vec<_> = found["options"].as_array().unwrap().iter().map(|option| &option["value"]).collect();
    assert_eq!(found, ["Anna", "Ann Lee", "Bob Ann", "Joanna"]);
}

#[test]
fn a_console_link_leads_to_a_bucket_or_nowhere() {
    let links = |outputs: Value, region: &str| {
        let outputs = serde_json::from_value(outputs).unwrap();
        let result = Provisioned {
            application_id: "a-1".into(),
            region: region.into(),
            completion_date_time: String::new(),
            summary: vec![],
            outputs,
        };
        notices::outcome(&notification(Notice::Provisioned(notice::Provisioned { result }), None)).unwrap().text
    };
    let aws = json!({"bucketName": "b-1", "bucketArn": "arn:aws:s3:::b-1"});
    assert!(
        links(aws.clone(), "eu-west-1").contains("<https://console.aws.amazon.com/s3/buckets/b-1?region=eu-west-1|")
    );
    assert!(
        links(json!({"bucketName": "b", "bucketArn": "arn:aws-cn:s3:::b"}), "cn-north-1").contains("amazonaws.cn/")
    );
    let console = json!({"bucketName": "b-1", "bucketArn": "arn:aws:s3:::b-1", "url": "https://eu-west-1.console.aws.amazon.com/s3/buckets/b-1"});
    assert_eq!(links(console, "eu-west-1").matches("https://").count(), 1);
    for (outputs, region) in [
        (aws, "eu-west-1|x>"),
        (json!({"bucketName": "b-1", "bucketArn": "arn:aws:s3:::other"}), "eu-west-1"),
        (json!({"bucketName": "", "bucketArn": "arn:aws:s3:::"}), "eu-west-1"),
        (json!({"url": "javascript:alert(1)", "bucketName": 7}), "eu-west-1"),
        (json!({}), ""),
    ] {
        assert!(!links(outputs, region).contains("https://"));
    }
}
