//! The people of the simulated Slack: what they do, and what they see.

use std::time::Duration;

use axum::http::header;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use slack_simulator::{Simulator, Submitted, TROUBLE};

use crate::simulator::tiny_bot::{DEPLOYS, TinyBot, call, error, form, plain};

#[tokio::test]
async fn a_command_a_modal_and_a_click_go_round() {
    let (slack, bot) = TinyBot::start().await;
    let (alice, bob) = (slack.person("U0REQUESTER"), slack.person("U0AUTHORIZER"));

    let ran = alice.command(DEPLOYS, "/provision", "").await;
    assert_eq!(ran.error, None);
    let modal = ran.modal.expect("a modal");
    assert_eq!((modal.title(), modal.private_metadata()), ("Ask".into(), "kept".into()));

    modal.fill("name", "checkout").await.unwrap();
    assert!(modal.fill("name", "much too long for it").await.is_err());
    modal.choose("team", "Payments").await.unwrap();
    assert!(modal.choose("team", "nobody").await.is_err());
    assert!(modal.submit().await.unwrap_err().to_string().contains("`who` is required"));
    assert_eq!(modal.options("who", "Ad").await.unwrap().len(), 1);
    modal.choose("who", "U0AUTHORIZER").await.unwrap();

    *bot.next_answer.lock().unwrap() = r#"{"response_action":"errors","errors":{"name":"taken"}}"#.into();
    let Submitted::Errors(errors) = modal.submit().await.unwrap() else { panic!("no errors") };
    assert_eq!(errors["name"], "taken");
    assert!(slack.describe_modal("U0REQUESTER").unwrap().contains("(name: checkout)\n  ! taken"));

    bot.next_answer.lock().unwrap().clear();
    assert_eq!(modal.submit().await.unwrap(), Submitted::Closed);
    assert!(!modal.is_open());
    let submission = slack.last_delivery("view_submission").unwrap();
    let values = &submission.payload()["view"]["state"]["values"];
    assert_eq!(values["team"]["team"]["selected_option"]["text"]["text"], "Payments");
    assert_eq!(submission.payload()["response_urls"], json!([]));

    let ask = bob.wait_for_dm(|message| message.offers("approve")).await.unwrap();
    assert_eq!((ask.buttons(), ask.payload("request_id")), (vec!["Approve".into(), "Reject".into()], Some("r1")));
    let clicked = bob.click(&ask, "approve").await.unwrap();
    assert_eq!((clicked.ack_status, clicked.confirmed.as_deref()), (Some(200), Some("It costs.")));
    assert_eq!(clicked.ephemerals()[0].text, "Choose a region");
    assert_eq!(bob.select(&ask, "region", "EU").await.unwrap().ack_status, None);
    assert!(slack.transcript(&ask.channel, "U0AUTHORIZER").contains("(Region: EU)\n  [Approve] [Reject]"));
    assert!(bob.click(&ask, "approve").await.unwrap().error.is_none());
    let done = bob.wait_for_dm(|message| message.says("Approved for eu")).await.unwrap();
    assert_eq!((done.ts.as_str(), done.blocks.len(), done.payload("request_id")), (ask.ts.as_str(), 0, Some("r1")));
    assert!(bob.click(&ask, "approve").await.is_err(), "the button is gone");
    assert_eq!(bob.click_as_seen(&ask, "approve").await.unwrap().ack_status, Some(200));

    let again = slack.redeliver(&submission).await;
    assert_eq!((again.status, again.payload()), (Some(200), submission.payload()));
}

#[tokio::test]
async fn answers_to_commands_show_as_in_slack() {
    let (slack, _bot) = TinyBot::start().await;
    let alice = slack.person("U0REQUESTER");
    let text = alice.command(DEPLOYS, "/provision", "text").await;
    assert_eq!(text.ephemeral().unwrap().text, "just text");
    assert_eq!(slack.person("U0AUTHORIZER").messages(DEPLOYS), []);
    alice.command(DEPLOYS, "/provision", "json").await;
    assert_eq!(slack.person("U0AUTHORIZER").messages(DEPLOYS)[0].text, "to all");
    assert_eq!(alice.command(DEPLOYS, "/provision", "fail").await.error.unwrap(), "http_service_error (500)");
    slack.set_rules(|rules| rules.ack_deadline = Duration::from_millis(100));
    assert_eq!(alice.command(DEPLOYS, "/provision", "sleep").await.error.unwrap(), "operation_timeout");
}

#[tokio::test]
async fn an_unexpected_answer_to_a_submission_is_trouble() {
    let (slack, bot) = TinyBot::start().await;
    let modal = slack.person("U0REQUESTER").command(DEPLOYS, "/provision", "").await.modal.unwrap();
    modal.fill("name", "checkout").await.unwrap();
    modal.choose("team", "s").await.unwrap();
    modal.choose("who", "Bob").await.unwrap();
    for answer in ["{}", "ok", r#"{"response_action":"errors","errors":{"intro":"no input"}}"#] {
        *bot.next_answer.lock().unwrap() = answer.into();
        assert_eq!(modal.submit().await.unwrap(), Submitted::Trouble(TROUBLE.into()), "{answer}");
    }
    let mut next = form();
    next["title"] = plain("Updated");
    *bot.next_answer.lock().unwrap() = json!({ "response_action": "update", "view": next }).to_string();
    assert_eq!(modal.submit().await.unwrap(), Submitted::Updated);
    assert_eq!((modal.title().as_str(), modal.value("name").unwrap()["value"].as_str()), ("Updated", Some("checkout")));
    *bot.next_answer.lock().unwrap() = json!({ "response_action": "push", "view": next }).to_string();
    assert_eq!(modal.submit().await.unwrap(), Submitted::Pushed);
    assert!(modal.submit().await.is_err(), "another modal is on top");
    let top = slack.person("U0REQUESTER").modal().unwrap();
    top.close().await.unwrap();
    assert_eq!(slack.person("U0REQUESTER").modal().unwrap().id(), modal.id());
}

#[tokio::test]
async fn triggers_open_one_modal_in_time() {
    let (slack, _bot) = TinyBot::start().await;
    let alice = slack.person("U0REQUESTER");
    alice.command(DEPLOYS, "/provision", "").await;
    let trigger = slack.last_delivery("command").unwrap().payload()["trigger_id"].clone();
    let open = |trigger: Value| json!({ "trigger_id": trigger, "view": form() });
    assert_eq!(error(&slack, "views.open", open(trigger)).await, "exchanged_trigger_id");
    assert_eq!(error(&slack, "views.open", open(json!("1.2.3"))).await, "invalid_trigger_id");
    alice.command(DEPLOYS, "/provision", "text").await;
    slack.expire_triggers();
    let trigger = slack.last_delivery("command").unwrap().payload()["trigger_id"].clone();
    assert_eq!(error(&slack, "views.open", open(trigger.clone())).await, "expired_trigger_id");
    let view = alice.modal().unwrap();
    let update = json!({ "view_id": view.id(), "hash": "1.old", "view": form() });
    assert_eq!(error(&slack, "views.update", update).await, "hash_conflict");
    assert_eq!(error(&slack, "views.push", open(trigger)).await, "expired_trigger_id");
    let mut bad = form();
    bad["title"] = plain("much longer than 24 characters");
    let answer = call(&slack, "views.update", json!({ "view_id": view.id(), "view": bad })).await.unwrap();
    assert_eq!(
        answer["response_metadata"]["messages"][0],
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    );
}

/// Asks the page's server; the answer as text.
async fn page(slack: &Simulator, method: &str, path: &str, body: Value) -> String {
    let request = axum::http::Request::builder()
        .method(method)
        .uri(format!("{}{}", slack.page_url().trim_end_matches('/'), path))
        .header(header::CONTENT_TYPE, "application/json")
        .body(axum::body::Body::from(body.to_string()))
        .unwrap();
    let answer = Client::builder(TokioExecutor::new()).build_http().request(request).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let bytes = axum::body::to_bytes(axum::body::Body::new(answer.into_body()), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_page_acts_and_shows_like_a_person() {
    let (slack, _bot) = TinyBot::start().await;
    for path in ["/", "/sim/app.js", "/sim/blocks.js", "/sim/base.css", "/sim/vendor/preact.js"] {
        assert!(page(&slack, "GET", path, Value::Null).await.len() > 500, "{path}");
    }
    let act = async |action: Value| -> Value {
        let mut action = action;
        action["as"] = "U0REQUESTER".into();
        serde_json::from_str(&page(&slack, "POST", "/sim/act", action).await).unwrap()
    };
    let state = async || -> Value {
        let all = page(&slack, "GET", "/sim/state?as=U0REQUESTER", Value::Null).await;
        serde_json::from_str::<Value>(&all).unwrap()["viewers"]["U0REQUESTER"].clone()
    };
    let ran = act(json!({ "do": "command", "channel": DEPLOYS, "command": "/provision", "text": "" })).await;
    assert_eq!(ran["error"], Value::Null);
    let view = state().await["modals"][0]["id"].clone();
    act(json!({ "do": "fill", "view": view, "action_id": "name", "value": "checkout" })).await;
    act(json!({ "do": "choose", "view": view, "action_id": "team", "value": "s" })).await;
    let early = act(json!({ "do": "submit", "view": view })).await;
    assert_eq!(early["error"], "`who` is required and empty");
    let options = act(json!({ "do": "view_options", "view": view, "action_id": "who", "typed": "" })).await;
    assert_eq!(options["options"].as_array().unwrap().len(), 2);
    act(json!({ "do": "choose", "view": view, "action_id": "who", "value": "U0AUTHORIZER" })).await;
    assert_eq!(act(json!({ "do": "submit", "view": view })).await["error"], Value::Null);
    assert_eq!(state().await["modals"], json!([]));
    act(json!({ "do": "say", "channel": DEPLOYS, "text": "<script>" })).await;
    assert_eq!(state().await["messages"][DEPLOYS][0]["text"], "&lt;script&gt;");
    let traffic = page(&slack, "GET", "/sim/traffic", Value::Null).await;
    assert!(traffic.contains("view_submission") && traffic.contains("views.open"));
}
