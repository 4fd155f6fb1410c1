//! How every view looks, as a snapshot, and what is read aloud of it.

use serde_json::{Value, json};

use super::samples::{choices, message, messages, notices as samples, notification, progress, tame};
use crate::domain::blueprint::Blueprint;
use crate::domain::field::{By, Field, Kind};
use crate::domain::notice::part::{ATTENTION, CARD, of_attempt};
use crate::domain::samples as domain;
use crate::slack::notices;
use crate::slack::views::choice::Choice;
use crate::slack::views::progress::ProgressState;
use crate::slack::views::request::{Authorizers, RequestForm};
use crate::slack::views::{Message, decision, request};

fn shown(message: &Message) -> Value {
    json!({ "text": message.text, "blocks": message.blocks })
}

/// The message that a notice posts as this part.
fn posted(name: &str, part: &str) -> Value {
    shown(&message(&tame(name), part))
}

/// A field of each kind.
fn of_each_kind() -> Vec<Field> {
    let field = |id: &str, kind, default: Option<Value>, by| Field {
        id: id.into(),
        label: id.to_uppercase(),
        kind,
        by,
        required: id == "domain",
        hint: if id == "domain" { "Such as shop.example.com".into() } else { String::new() },
        default,
    };
    let choices = |n: usize| (1..=n).map(|n| format!("zone {n}")).collect::<Vec<_>>();
    let number = Kind::Number { min: Some(1.into()), max: Some(9.into()) };
    vec![
        field("domain", Kind::Text { pattern: None, min: None, max: None }, None, By::Requester),
        field("count", number.clone(), Some(3.into()), By::Requester),
        field("size", Kind::Choice { choices: choices(2) }, Some("zone 2".into()), By::Requester),
        field("zones", Kind::Choices { choices: choices(2) }, Some(vec!["zone 1"].into()), By::Requester),
        field("regions", Kind::Choices { choices: choices(11) }, None, By::Requester),
        field("public", Kind::Switch, Some(true.into()), By::Requester),
        field("budget", number, None, By::Authorizer),
    ]
}

#[test]
fn the_form_and_the_card_have_the_fields_of_the_blueprint() {
    let blueprint = Blueprint { fields: of_each_kind(), ..domain::blueprint() };
    let several = RequestForm { blueprints: choices(2, None), changes: true, ..RequestForm::default() };
    let form = request::request_modal(&several);
    insta::assert_json_snapshot!("request_modal_fields", request::with_fields(form.clone(), Some(&blueprint)));
    // Another choice, and none, show nothing of it.
    assert_eq!(request::with_fields(request::with_fields(form.clone(), Some(&blueprint)), None), form);

    let mut n = tame("requested");
    n.subject.rules.as_mut().expect("rules").blueprint = blueprint;
    let given = json!({ "domain": "x".repeat(301), "zones": [], "public": false, "count": 1.5 });
    n.subject.parameters = given.as_object().expect("values").clone();
    insta::assert_json_snapshot!("ask_fields", shown(&message(&n, CARD)));
}

#[test]
fn the_request_form() {
    let form = RequestForm {
        application_name: "checkout".into(),
        teams: vec![
            Choice { value: "payments".into(), text: "Payments".into(), description: None },
            Choice { value: "search".into(), text: "Search & Co".into(), description: Some("Finds things".into()) },
        ],
        team: Some("search".into()),
        authorizers: Authorizers::Anyone,
        blueprints: vec![Choice::of("bucket")],
        private_metadata: r#"{"channel":"C0PLATFORM"}"#.into(),
        ..RequestForm::default()
    };
    insta::assert_json_snapshot!("request_modal", request::request_modal(&form));
    let form = RequestForm {
        application_name: String::new(),
        teams: choices(101, None),
        authorizers: Authorizers::Listed,
        blueprints: choices(2, None),
        ..form
    };
    insta::assert_json_snapshot!("request_modal_search", request::request_modal(&form));
}

#[test]
fn the_other_modals() {
    insta::assert_json_snapshot!("reject_modal", decision::reject_modal("checkout-7f3a9c0011", "checkout", "{}"));
    let text = "Only <@U0BOB> can decide this request.";
    insta::assert_json_snapshot!("explanation_modal", request::explanation_modal("Not yours to decide", text));
    insta::assert_json_snapshot!("loading_modal", request::loading_modal("{}"));
}

#[test]
fn the_direct_messages() {
    insta::assert_json_snapshot!("ask", posted("requested", CARD));
    insta::assert_json_snapshot!("decided_authorized", shown(&notices::decided(&tame("authorized"))));
    insta::assert_json_snapshot!("decided_rejected", shown(&notices::decided(&tame("rejected"))));
    insta::assert_json_snapshot!("attention", posted("needs attention", &of_attempt(ATTENTION, 2)));
    insta::assert_json_snapshot!("attended", shown(&notices::attended(&tame("retried"))));
    insta::assert_json_snapshot!("reminder", posted("reminded", "reminder"));
}

#[test]
fn the_channel_and_the_thread() {
    insta::assert_json_snapshot!("root_requested", shown(&notices::root(&tame("requested"))));
    insta::assert_json_snapshot!("root_rejected", shown(&notices::root(&tame("rejected"))));
    insta::assert_json_snapshot!("note_attention", shown(&notices::note(&tame("needs attention")).unwrap()));
    insta::assert_json_snapshot!("progress", shown(&progress(Some((3, 8)), ProgressState::Running)));
    insta::assert_json_snapshot!("outcome_provisioned", shown(&notices::outcome(&tame("provisioned")).unwrap()));
    insta::assert_json_snapshot!("outcome_rejected", shown(&notices::outcome(&tame("rejected")).unwrap()));
    insta::assert_json_snapshot!("outcome_failed", shown(&notices::outcome(&tame("failed unanswered")).unwrap()));
}

/// The texts of all messages of all states: what is read aloud.
#[test]
fn the_words() {
    let mut all = String::new();
    for (name, notice) in samples(None) {
        all.push_str(&format!("# {name}\n"));
        for (view, message) in messages(&notification(notice, None)) {
            all.push_str(&format!("{view}: {}\n", message.text));
        }
        all.push('\n');
    }
    all.push_str("# progress\n");
    for (state, step) in [
        (ProgressState::Running, None),
        (ProgressState::Running, Some((1, 8))),
        (ProgressState::Running, Some((8, 8))),
        (ProgressState::Running, Some((9, 0))),
        (ProgressState::Running, Some((u32::MAX, 1))),
        (ProgressState::Done, Some((7, 8))),
        (ProgressState::Done, None),
        (ProgressState::Stopped, Some((3, 8))),
        (ProgressState::Stopped, None),
    ] {
        let message = progress(step, state);
        let bar = message.blocks.pointer("/1/elements/0/elements/0/text").unwrap().as_str().unwrap();
        all.push_str(&format!("{state:?} {step:?}: {bar} {}\n", message.text));
    }
    insta::assert_snapshot!("words", all);
}
