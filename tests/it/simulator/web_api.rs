//! The Web API of the simulated Slack: what it does, refuses, and fails at as ordered.

use std::time::Duration;

use serde_json::json;
use slack_simulator::{Fault, Profile};

use crate::simulator::tiny_bot::{DEPLOYS, PRIVATE, call, card, error, ok, plain, start};

#[tokio::test]
async fn posting_follows_slacks_rules() {
    let slack = start().await;
    let post = |channel: &str| json!({ "channel": channel, "text": "hi" });
    ok(&slack, "chat.postMessage", post(DEPLOYS)).await;
    assert_eq!(error(&slack, "chat.postMessage", post(PRIVATE)).await, "channel_not_found");
    assert_eq!(error(&slack, "chat.postMessage", post("C0NOWHERE01")).await, "channel_not_found");
    assert_eq!(error(&slack, "chat.postMessage", json!({ "channel": DEPLOYS })).await, "no_text");
    slack.change(|state| state.rules.scopes.remove("chat:write.public"));
    assert_eq!(error(&slack, "chat.postMessage", post(DEPLOYS)).await, "not_in_channel");
    assert_eq!(error(&slack, "conversations.history", json!({ "channel": DEPLOYS })).await, "not_in_channel");
    ok(&slack, "conversations.join", json!({ "channel": DEPLOYS })).await;
    ok(&slack, "chat.postMessage", post(DEPLOYS)).await;
    slack.change(|state| state.channels.get_mut(DEPLOYS).unwrap().is_archived = true);
    assert_eq!(error(&slack, "chat.postMessage", post(DEPLOYS)).await, "is_archived");
    slack.set_rules(|rules| rules.messages_tab_enabled = false);
    assert_eq!(error(&slack, "chat.postMessage", post("U0REQUESTER")).await, "messages_tab_disabled");
    assert_eq!(error(&slack, "conversations.open", json!({ "users": "U0LEFT00001" })).await, "user_disabled");
    slack.change(|state| state.rules.scopes.remove("chat:write"));
    let answer = call(&slack, "chat.postMessage", post(DEPLOYS)).await.unwrap();
    assert_eq!((&answer["error"], &answer["needed"]), (&json!("missing_scope"), &json!("chat:write")));
    assert_eq!(error(&slack, "chat.unheardOf", json!({})).await, "unknown_method");
    let long = json!({ "channel": "C0GENERAL01", "blocks": card() });
    slack.change(|state| state.rules.scopes.extend(["chat:write".into(), "chat:write.public".into()]));
    ok(&slack, "chat.postMessage", long).await;
    let bad = json!({ "channel": "C0GENERAL01", "blocks": [{ "type": "header", "text": plain("") }] });
    let answer = call(&slack, "chat.postMessage", bad).await.unwrap();
    assert_eq!(answer["errors"][0], "must be more than 0 characters [json-pointer:/blocks/0/text/text]");
}

#[tokio::test]
async fn messages_keep_metadata_and_threads() {
    let slack = start().await;
    ok(&slack, "conversations.join", json!({ "channel": DEPLOYS })).await;
    let metadata = json!({ "event_type": "e", "event_payload": { "request_id": "r1" } });
    let parent = ok(
        &slack,
        "chat.postMessage",
        json!({ "channel": DEPLOYS, "text": "a & <b> <@U0REQUESTER>", "blocks": card(), "metadata": metadata }),
    )
    .await;
    let ts = parent["ts"].as_str().unwrap();
    assert_eq!(parent["message"]["text"], "a &amp; &lt;b&gt; <@U0REQUESTER>");
    assert_eq!(parent["message"]["blocks"][2]["elements"][0]["text"]["emoji"], true);
    let reply = json!({ "channel": DEPLOYS, "text": "reply", "thread_ts": ts });
    assert_eq!(ok(&slack, "chat.postMessage", reply).await["message"]["parent_user_id"], "U0PROVBOT1");
    ok(&slack, "chat.update", json!({ "channel": DEPLOYS, "ts": ts, "text": "changed" })).await;
    let asked = json!({ "channel": DEPLOYS, "ts": ts, "include_all_metadata": true });
    let thread = ok(&slack, "conversations.replies", asked).await;
    assert_eq!(thread["messages"][0]["metadata"], metadata);
    assert_eq!((&thread["messages"][0]["reply_count"], &thread["messages"][1]["text"]), (&json!(1), &json!("reply")));
    let page = ok(&slack, "conversations.replies", json!({ "channel": DEPLOYS, "ts": ts, "limit": 1 })).await;
    assert_eq!((&page["has_more"], &page["messages"][0]["metadata"]), (&json!(true), &json!({ "event_type": "e" })));
    let cursor = &page["response_metadata"]["next_cursor"];
    let rest = ok(&slack, "conversations.replies", json!({ "channel": DEPLOYS, "ts": ts, "cursor": cursor })).await;
    assert_eq!(rest["messages"][0]["text"], "reply");
    let long = json!({ "channel": DEPLOYS, "ts": ts, "text": "x".repeat(4001) });
    assert_eq!(error(&slack, "chat.update", long).await, "msg_too_long");
    let theirs = slack.person("U0REQUESTER").say(DEPLOYS, "mine", None);
    let edit = json!({ "channel": DEPLOYS, "ts": theirs.ts, "text": "x" });
    assert_eq!(error(&slack, "chat.update", edit).await, "cant_update_message");
    let expected = "provision-bot: changed\n    provision-bot: reply\nAlice Requester: mine";
    assert_eq!(slack.transcript(DEPLOYS, "U0AUTHORIZER"), expected);
}

#[tokio::test]
async fn faults_come_as_ordered() {
    let slack = start().await;
    let post = || json!({ "channel": DEPLOYS, "text": "once" });
    slack.fail_next("chat.postMessage", Fault::Error("fatal_error".into()));
    assert_eq!(error(&slack, "chat.postMessage", post()).await, "fatal_error");
    slack.fail_next("chat.postMessage", Fault::RateLimited { retry_after: 7 });
    assert_eq!(error(&slack, "chat.postMessage", post()).await, "ratelimited");
    // The time that was promised has passed.
    slack.change(|acme| acme.promised.clear());
    slack.fail_times("chat.postMessage", Fault::ServerError(503), 2);
    assert_eq!(call(&slack, "chat.postMessage", post()).await, None);
    assert_eq!(call(&slack, "chat.postMessage", post()).await, None);
    slack.fail_next("chat.postMessage", Fault::Hang);
    assert_eq!(call(&slack, "chat.postMessage", post()).await, None);
    assert!(slack.all_messages().is_empty());
    slack.fail_next("chat.postMessage", Fault::DropAfterApply);
    assert_eq!(call(&slack, "chat.postMessage", post()).await, None);
    assert_eq!(slack.all_messages().len(), 1);
    let statuses: Vec<u16> = slack.calls_of("chat.postMessage").iter().map(|call| call.status).collect();
    assert_eq!(statuses, [200, 429, 503, 503, 0, 0]);
    slack.set_rules(|rules| rules.rate_limits = true);
    let mut limited = false;
    for _ in 0..6 {
        limited |= call(&slack, "chat.postMessage", post()).await.unwrap()["error"] == "ratelimited";
    }
    assert!(limited);
}

#[tokio::test]
async fn ephemerals_are_private_and_people_can_join_and_leave() {
    let slack = start().await;
    let private = json!({ "channel": DEPLOYS, "user": "U0REQUESTER", "text": "psst" });
    ok(&slack, "chat.postEphemeral", private).await;
    assert_eq!(slack.person("U0REQUESTER").messages(DEPLOYS).len(), 1);
    assert_eq!(slack.person("U0AUTHORIZER").messages(DEPLOYS).len(), 0);
    slack.change(|state| state.add_person(Profile::member("U0NEW000001", "nora", "Nora New")));
    assert_eq!(ok(&slack, "users.info", json!({ "user": "U0NEW000001" })).await["user"]["deleted"], false);
    let outside = json!({ "channel": DEPLOYS, "user": "U0NEW000001", "text": "psst" });
    assert_eq!(error(&slack, "chat.postEphemeral", outside).await, "user_not_in_channel");
    slack.change(|state| state.people.get_mut("U0NEW000001").unwrap().deleted = true);
    assert_eq!(ok(&slack, "users.info", json!({ "user": "U0NEW000001" })).await["user"]["deleted"], true);
    let waiting = slack.person("U0REQUESTER").with_patience(Duration::from_millis(50));
    let error = waiting.wait_for(DEPLOYS, |message| message.says("never")).await.unwrap_err().to_string();
    assert!(error.contains("provision-bot (only to Alice Requester): psst"), "{error}");
}
