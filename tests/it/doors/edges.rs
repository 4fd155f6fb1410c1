//! Slack's door: what comes from the network, signed or not, and what of it is obeyed.

use harness::stack::get;
use serde_json::{Value, json};
use slack_simulator::Submitted;
use slack_simulator::deliveries::{COMMANDS, EVENTS, INTERACTIONS, OPTIONS};

use crate::world::{Web, plain, shared};

pub const DEPLOYS: &str = "C0DEPLOYS01";
pub const ALICE: &str = "U0REQUESTER";

/// One team for anybody.
pub const OPEN: &str =
    "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n[[teams]]\nid = \"open\"\nname = \"Open\"\n";

fn now() -> i64 {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

fn form_headers(mut signed: Vec<(String, String)>) -> Vec<(String, String)> {
    signed.push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
    signed
}

#[test]
fn what_slack_did_not_sign_does_nothing() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let slack = &web.slack;
        // A real command, to forge others after.
        let ran = slack.person(ALICE).command(DEPLOYS, "/provision", "").await;
        ran.modal.expect("the form").close().await.unwrap();
        let command = slack.last_delivery("command").unwrap().body;
        let calls = slack.calls().len();

        let stamp = |at: i64| form_headers(slack.sign(&command, at));
        let without = |name: &str| {
            let mut headers = stamp(now());
            headers.retain(|(key, _)| key != name);
            headers
        };
        let with = |name: &str, value: &str| {
            let mut headers = without(name);
            headers.push((name.into(), value.into()));
            headers
        };
        let (time, signature) = ("X-Slack-Request-Timestamp", "X-Slack-Signature");
        let good = slack.sign(&command, now()).into_iter().find(|(name, _)| name == signature).unwrap().1;
        for (what, headers) in [
            ("no headers", form_headers(vec![])),
            ("no signature", without(signature)),
            ("no timestamp", without(time)),
            ("an empty signature", with(signature, "")),
            ("no version", with(signature, &good[3..])),
            ("another version", with(signature, &good.replace("v0", "v1"))),
            ("a wrong one", with(signature, &format!("v0={}", "0".repeat(64)))),
            ("half of it", with(signature, &good[..35])),
            ("no hex", with(signature, &format!("v0={}", "z".repeat(64)))),
            ("another time", with(time, &(now() - 1).to_string())),
            ("a time that is none", with(time, "yesterday")),
            ("six minutes old", stamp(now() - 360)),
            ("six minutes ahead", stamp(now() + 360)),
            ("a time out of this world", stamp(i64::MAX)),
            ("another body's", form_headers(slack.sign("other", now()))),
        ] {
            for path in [COMMANDS, INTERACTIONS, OPTIONS, EVENTS] {
                let answer = slack.deliver_raw(path, &headers, &command).await;
                assert_eq!((answer.status, answer.answer.as_str()), (Some(401), ""), "{what} at {path}");
            }
        }
        assert_eq!(slack.calls().len(), calls, "nothing happened");

        // Up to five minutes are forgiven.
        let answer = slack.deliver_raw(COMMANDS, &stamp(now() - 290), &command).await;
        assert_eq!(answer.status, Some(200));
        assert!(slack.calls().len() > calls, "the same command, signed, does something");
    });
}

#[test]
fn a_tampered_submission_starts_nothing() {
    shared(async |scene| {
        let form = scene.filled_form("tampered").await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("tampered").await;
        let mine = |d: &&slack_simulator::Delivery| {
            d.payload()["type"] == "view_submission" && d.payload()["user"]["id"] == scene.alice.id()
        };
        let sent = scene.slack.deliveries().iter().rev().find(mine).unwrap().clone();
        let forged = sent.body.replace(form.id(), "V0FORGED000");
        assert_ne!(forged, sent.body);
        let answer = scene.slack.deliver_raw(INTERACTIONS, &sent.headers, &forged).await;
        assert_eq!(answer.status, Some(401));
        scene.reject(&request, "no").await;
        scene.ended(&request, "rejected").await;
        assert_eq!(scene.roots(&scene.channel).len(), 1);

        // Signed, it would have been another request.
        let signed = form_headers(scene.slack.sign(&forged, now()));
        assert_eq!(scene.slack.deliver_raw(INTERACTIONS, &signed, &forged).await.status, Some(200));
        let second = scene.asked("tampered").await;
        assert_ne!(second.id, request.id);
        scene.reject(&second, "no").await;
        scene.ended(&second, "rejected").await;
    });
}

#[test]
fn slacks_own_checks_are_answered() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let event = json!({ "token": "old", "challenge": "3eZbrw1aB", "type": "url_verification" });
        let answer = web.slack.deliver_event(&event).await;
        assert_eq!((answer.status, answer.answer.as_str()), (Some(200), "3eZbrw1aB"));

        let body = "ssl_check=1&token=old";
        let headers = form_headers(web.slack.sign(body, now()));
        let answer = web.slack.deliver_raw(COMMANDS, &headers, body).await;
        assert_eq!((answer.status, answer.answer.as_str()), (Some(200), ""));

        for unknown in
            [json!({ "type": "event_callback", "event": { "type": "app_home_opened" } }), json!({ "type": "x" })]
        {
            assert_eq!(web.slack.deliver_event(&unknown).await.status, Some(200), "{unknown}");
        }
    });
}

#[test]
fn what_is_signed_but_makes_no_sense_is_refused_and_hurts_nothing() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let slack = &web.slack;
        let deep = format!("payload={}", "[".repeat(100_000));
        let deep_event = "[".repeat(100_000);
        for (path, bodies) in [
            (COMMANDS, vec!["", "a=b", "user_id=U1", "text=help", "%FF=%FE", "{\"user_id\":1}"]),
            (
                INTERACTIONS,
                vec![
                    "",
                    "payload=",
                    "payload=%7B",
                    "payload=[]",
                    "payload=null",
                    "payload=42",
                    "payload=%7B%7D",
                    "payload=%FF%FE",
                    "other=1",
                    "payload=%7B%22type%22%3A%22block_actions%22%7D",
                    "payload=%7B%22type%22%3A%22view_submission%22%2C%22user%22%3A%7B%22id%22%3A%22U1%22%7D%7D",
                    &deep,
                ],
            ),
            (OPTIONS, vec!["", "payload=", "payload=[1]", &deep]),
            (EVENTS, vec!["", "{", "[]", "null", "{}", "{\"type\":7}", &deep_event]),
        ] {
            for body in bodies {
                let answer = slack.deliver_raw(path, &form_headers(slack.sign(body, now())), body).await;
                let shown = &body[..body.len().min(60)];
                assert_eq!((answer.status, answer.answer.as_str()), (Some(400), ""), "{path} {shown}");
            }
        }
        assert!(slack.calls().is_empty(), "{:?}", slack.calls());
        let ran = slack.person(ALICE).command(DEPLOYS, "/provision", "").await;
        assert!(ran.modal.is_some(), "it still works");
    });
}

/// Slack writes null where there is nothing, and leaves out what is nothing elsewhere.
#[test]
fn what_is_null_in_a_payload_is_absent() {
    const CLICK: &str = include_str!("../../fixtures/slack/inbound/block_actions.approve.json");
    const FORM: &str = include_str!("../../fixtures/slack/inbound/view_submission.provision_request.json");
    for (sample, places) in [
        (
            CLICK,
            "/trigger_id /container /actions/0/block_id /actions/0/action_ts /message/blocks /channel /response_url",
        ),
        (CLICK, "/state /state/values /state/values/region /team /enterprise /actions"),
        (FORM, "/trigger_id /view/private_metadata /view/hash /view/state/values /view/state/values/justification"),
    ] {
        for place in places.split(' ') {
            let mut payload: Value = serde_json::from_str(sample).unwrap();
            *payload.pointer_mut(place).unwrap_or_else(|| panic!("{place} is not there")) = Value::Null;
            let fields = [("payload", payload.to_string())];
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            let read = provision_bot::slack::inbound::interaction(body.as_bytes());
            assert!(read.is_ok(), "{place}: {read:?}");
        }
    }
}

#[test]
fn an_action_nobody_knows_is_acknowledged() {
    plain(async || {
        let web = Web::start(OPEN).await;
        let slack = &web.slack;
        for payload in [
            json!({ "type": "block_actions", "user": { "id": ALICE }, "actions": [{ "action_id": "from_the_future" }] }),
            json!({ "type": "block_actions", "user": { "id": ALICE }, "actions": [] }),
            json!({ "type": "shortcut", "user": { "id": ALICE }, "callback_id": "x" }),
            json!({ "type": "view_submission", "user": { "id": ALICE }, "view": { "id": "V1", "callback_id": "other" } }),
            json!({ "type": "view_closed", "user": { "id": ALICE }, "view": { "id": "V1", "callback_id": "other" } }),
        ] {
            let answer = slack.deliver_payload(INTERACTIONS, &payload).await;
            assert_eq!((answer.status, answer.answer.as_str()), (Some(200), ""), "{payload}");
        }
        let search = json!({ "type": "block_suggestion", "user": { "id": ALICE }, "action_id": "other", "value": "" });
        let answer = slack.deliver_payload(OPTIONS, &search).await;
        assert_eq!((answer.status, answer.answer.as_str()), (Some(200), "{\"options\":[]}"));
        assert!(slack.calls().is_empty());
        assert_eq!(get(&format!("{}/no/such/page", web.url)).await.unwrap().0, 404);
    });
}
