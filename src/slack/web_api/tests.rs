//! Whether slack-morphism's models carry what is sent: every file of `blocks/`, every view
//! in every state, and every request around them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use slack_morphism::prelude::{
    SlackApiAuthTestResponse, SlackApiBotsInfoResponse, SlackApiChatPostMessageResponse, SlackApiChatUpdateResponse,
    SlackApiConversationsHistoryResponse, SlackApiConversationsJoinResponse, SlackApiConversationsOpenRequest,
    SlackApiPostWebhookMessageRequest, SlackApiUsersInfoResponse, SlackApiUsersListResponse, SlackApiViewsOpenResponse,
    SlackApiViewsUpdateResponse, SlackBlock, SlackView,
};

use super::methods::{Event, Post, posting, updating};
use crate::slack::views::progress::ProgressState;
use crate::slack::views::tests::samples::{messages, modals, notices, notification, progress};

/// Every kind of view, block and element that is sent. What has no type of its own is named
/// by where it is.
const CARRIED: &[&str] = &[
    "actions",
    "button",
    "button.confirm",
    "checkboxes",
    "checkboxes.initial_options",
    "checkboxes.options",
    "context",
    "external_select",
    "external_select.initial_option",
    "header",
    "input",
    "modal",
    "mrkdwn",
    "multi_external_select",
    "multi_external_select.initial_options",
    "multi_static_select",
    "multi_static_select.initial_options",
    "multi_static_select.options",
    "number_input",
    "plain_text",
    "plain_text_input",
    "rich_text",
    "rich_text_list",
    "rich_text_quote",
    "rich_text_section",
    "section",
    "static_select",
    "static_select.initial_option",
    "static_select.options",
    "text",
    "text.style",
    "users_select",
];

/// What the models change, as a kind and its member, and why it may go out so.
const CHANGED: &[(&str, &str)] = &[(
    "modal.private_metadata",
    "an empty one is left out, which is the same to Slack: the view explains, and is never sent back",
)];

/// As what something comes out of its model. None may be of a kind that has no model: such a
/// one is carried as it is, whatever mistake there is in it.
fn through<M: DeserializeOwned + Serialize + std::fmt::Debug>(sent: &Value) -> Value {
    let model: M = serde_json::from_value(sent.clone()).unwrap_or_else(|error| panic!("{error}: {sent}"));
    assert!(!format!("{model:?}").contains("Unknown(Object"), "a block or an element that has no model: {sent}");
    serde_json::to_value(model).unwrap()
}

/// What there is to send: views as they are, of messages the blocks.
fn everything() -> Vec<Value> {
    let mut all = Vec::new();
    for typed in [None, Some(""), Some("<!channel> & *bold* \"quoted\" \0 {{request_id}} 😀\n")] {
        all.extend(modals(typed).into_iter().map(|(_, modal)| modal));
        let told = notices(typed).into_iter().flat_map(|(_, notice)| messages(&notification(notice, typed)));
        all.extend(told.map(|(_, message)| message.blocks));
    }
    for state in [ProgressState::Running, ProgressState::Done, ProgressState::Stopped] {
        all.push(progress(Some((3, 8)), state).blocks);
    }
    for file in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/blocks")).unwrap() {
        let mut file: Value = serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        all.push(if file["type"] == "modal" { file } else { file["blocks"].take() });
    }
    all
}

/// Collects the kinds of what is sent, and the members that come out otherwise.
fn compare(sent: &Value, carried: &Value, place: &str, kinds: &mut BTreeSet<String>, changed: &mut BTreeSet<String>) {
    match (sent, carried) {
        (Value::Object(before), Value::Object(after)) => {
            let kind = sent["type"].as_str().unwrap_or(place);
            kinds.insert(kind.to_owned());
            for name in before.keys().chain(after.keys()) {
                let place = format!("{kind}.{name}");
                match (before.get(name), after.get(name)) {
                    (Some(before), Some(after)) => compare(before, after, &place, kinds, changed),
                    _ => _ = changed.insert(place),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            before.iter().zip(after).for_each(|(before, after)| compare(before, after, place, kinds, changed));
        }
        _ if sent == carried => {}
        _ => _ = changed.insert(place.to_owned()),
    }
}

#[test]
fn the_models_carry_every_view_and_every_block() {
    let (mut kinds, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for sent in everything() {
        let carried = match sent.is_array() {
            true => through::<Vec<SlackBlock>>(&sent),
            false => through::<SlackView>(&sent),
        };
        compare(&sent, &carried, "", &mut kinds, &mut changed);
    }
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), CARRIED);
    assert_eq!(
        changed.iter().map(String::as_str).collect::<Vec<_>>(),
        CHANGED.iter().map(|(member, _)| *member).collect::<Vec<_>>()
    );
}

#[test]
fn a_member_that_a_model_does_not_know_would_be_noticed() {
    let sent = json!([{ "type": "section", "text": { "type": "mrkdwn", "text": "a", "shout": true } }]);
    let (mut kinds, mut changed) = (BTreeSet::new(), BTreeSet::new());
    compare(&sent, &through::<Vec<SlackBlock>>(&sent), "", &mut kinds, &mut changed);
    assert_eq!(changed, BTreeSet::from(["mrkdwn.shout".to_owned()]));
}

#[test]
fn a_request_says_what_a_post_says_and_no_more() {
    let payload = BTreeMap::from([("request_id", "checkout-1".to_owned()), ("part", "root".to_owned())]);
    let metadata = Event { event_type: "provision_request", event_payload: &payload };
    let blocks = json!([{ "type": "divider" }]);
    let bare = Post { channel: "C1", thread: None, text: "a &amp; b", blocks: None, metadata: None };
    let full = Post { thread: Some("1.2"), blocks: Some(&blocks), metadata: Some(metadata), ..bare };
    let about = json!({
        "event_type": "provision_request", "event_payload": { "request_id": "checkout-1", "part": "root" },
    });
    let sent = |post: &Post<'_>| serde_json::to_value(posting(post).unwrap()).unwrap();
    assert_eq!(
        sent(&bare),
        json!({ "channel": "C1", "text": "a &amp; b", "unfurl_links": false, "unfurl_media": false })
    );
    assert_eq!(
        sent(&full),
        json!({
            "channel": "C1", "thread_ts": "1.2", "text": "a &amp; b", "blocks": blocks, "metadata": about,
            "unfurl_links": false, "unfurl_media": false,
        })
    );
    assert_eq!(
        serde_json::to_value(updating("1.3", &Post { thread: None, ..full }).unwrap()).unwrap(),
        json!({ "channel": "C1", "ts": "1.3", "text": "a &amp; b", "blocks": blocks, "metadata": about })
    );
}

/// If one of them is read some day, its call can be slack-morphism's altogether.
#[test]
fn answers_that_say_what_is_needed_are_refused_by_the_models_for_what_is_not() {
    fn refused<M: DeserializeOwned>(answer: Value) {
        assert!(serde_json::from_value::<M>(answer.clone()).is_err(), "{} reads {answer}", std::any::type_name::<M>());
    }
    let foreign = json!({ "ts": "1.2", "metadata": { "event_type": "theirs", "event_payload": { "number": 7 } } });
    let member = json!({ "id": "U1", "team_id": "T1", "profile": { "display_name": "bob", "status_expiration": "" } });
    refused::<SlackApiAuthTestResponse>(json!({ "team_id": "T1", "user_id": "U1", "bot_id": "B1" }));
    refused::<SlackApiBotsInfoResponse>(json!({ "bot": { "app_id": "A1" } }));
    refused::<SlackApiChatPostMessageResponse>(json!({ "channel": "C1", "ts": "1.2" }));
    refused::<SlackApiChatUpdateResponse>(json!({ "channel": "C1", "ts": "1.2" }));
    refused::<SlackApiConversationsHistoryResponse>(json!({ "messages": [foreign] }));
    refused::<SlackApiConversationsJoinResponse>(json!({ "channel": { "id": "C1" } }));
    refused::<SlackApiUsersInfoResponse>(json!({ "user": member }));
    refused::<SlackApiUsersListResponse>(json!({ "members": [member] }));
    refused::<SlackApiViewsOpenResponse>(json!({ "view": { "id": "V1", "app_id": "A1" } }));
    refused::<SlackApiViewsUpdateResponse>(json!({ "ok": true }));
}

#[test]
fn requests_that_would_say_something_else_are_not_the_models() {
    let answer = json!({ "response_type": "ephemeral", "replace_original": false, "text": "No." });
    let carried = serde_json::to_value(serde_json::from_value::<SlackApiPostWebhookMessageRequest>(answer).unwrap());
    assert_eq!(carried.unwrap(), json!({ "replace_original": false, "text": "No." }));
    let open = SlackApiConversationsOpenRequest::new().with_users(vec!["U1".into()]);
    assert_eq!(serde_json::to_value(open).unwrap(), json!({ "users": ["U1"] }));
}
