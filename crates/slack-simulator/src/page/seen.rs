//! What people see on the page: the workspace as some of its people know it, and
//! the traffic between Slack and the bot.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::identity::{BOT_USER, COMMAND, COMMAND_HINT};
use crate::members::Channel;
use crate::message::Message;
use crate::simulator::Simulator;
use crate::values::values_json;
use crate::workspace::Workspace;

/// So many deliveries and calls are listed, the latest first.
const TRAFFIC: usize = 200;

#[derive(Deserialize)]
pub struct Viewers {
    /// People, separated by commas.
    #[serde(rename = "as")]
    users: String,
}

/// Everything that these people can see, and what is new for everybody else.
pub async fn state(State(slack): State<Simulator>, Query(viewers): Query<Viewers>) -> impl IntoResponse {
    let seen = slack.read(|state| {
        let viewers: Map<String, Value> =
            viewers.users.split(',').map(|user| (user.to_owned(), seen_by(state, user))).collect();
        json!({ "bot": BOT_USER, "command": { "name": COMMAND, "hint": COMMAND_HINT }, "people": people(state), "viewers": viewers, "latest": latest(state) })
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(seen))
}

fn people(state: &Workspace) -> Value {
    let people = state.people.values().map(|person| {
        json!({
            "id": person.id, "name": person.name, "real_name": person.real_name, "is_bot": person.is_bot,
            "can_act": !person.deleted && !person.is_bot,
        })
    });
    people.collect()
}

fn seen_by(state: &Workspace, user: &str) -> Value {
    let visible: Vec<&Channel> = state.channels.values().filter(|channel| state.may_see(&channel.id, user)).collect();
    let channels: Vec<Value> = visible
        .iter()
        .filter(|channel| !channel.is_im)
        .map(|channel| {
            json!({
                "id": channel.id, "name": channel.name, "is_private": channel.is_private,
                "is_archived": channel.is_archived, "has_bot": channel.members.contains(BOT_USER),
            })
        })
        .collect();
    let messages: Map<String, Value> = visible
        .iter()
        .map(|channel| {
            let all = state.visible(&channel.id, user);
            let shown: Vec<Value> = all.iter().map(|message| message_json(state, message, user)).collect();
            (channel.id.clone(), shown.into())
        })
        .collect();
    let view = |id: &String| {
        let view = state.views.get(id)?;
        let mut json = view.json(true);
        json["errors"] = json!(view.errors);
        json["trouble"] = json!(view.trouble);
        Some(json)
    };
    let modals: Vec<Value> = state.modals.get(user).into_iter().flatten().filter_map(view).collect();
    json!({ "channels": channels, "dm": state.find_dm(user), "messages": messages, "modals": modals })
}

/// The latest message in each conversation of each person that is by somebody else
/// and, outside direct messages, no reply.
fn latest(state: &Workspace) -> BTreeMap<&str, BTreeMap<&str, &str>> {
    let mut latest = BTreeMap::new();
    for user in state.people.keys() {
        let mine: &mut BTreeMap<&str, &str> = latest.entry(user.as_str()).or_default();
        for channel in state.channels.values().filter(|channel| state.may_see(&channel.id, user)) {
            let is_news = |message: &&Message| {
                let is_reply = message.thread_ts.as_ref().is_some_and(|parent| *parent != message.ts);
                message.is_for(user) && message.user != *user && (channel.is_im || !is_reply)
            };
            let messages = state.messages.get(&channel.id).into_iter().flatten();
            if let Some(last) = messages.rev().find(is_news) {
                mine.insert(&channel.id, &last.ts);
            }
        }
    }
    latest
}

fn message_json(state: &Workspace, message: &Message, viewer: &str) -> Value {
    let chosen = state.choices.get(&(viewer.to_string(), message.channel.clone(), message.ts.clone()));
    json!({
        "channel": message.channel,
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": message.blocks,
        "thread_ts": message.thread_ts,
        "is_ephemeral": message.is_ephemeral(),
        "edits": message.edits,
        "is_edited": message.edits > 0 && message.blocks.is_empty(),
        "is_tombstone": message.is_tombstone,
        "values": chosen.map(values_json).unwrap_or_else(|| json!({})),
    })
}

/// The latest deliveries to the bot and its Web API calls, with their answers.
pub async fn traffic(State(slack): State<Simulator>) -> Json<Value> {
    Json(slack.read(|state| {
        let deliveries = state.deliveries.iter().rev().take(TRAFFIC).map(|delivery| {
            let payload = delivery.payload();
            let what = payload["type"].as_str().or(payload["command"].as_str()).unwrap_or_default().to_string();
            let answer = serde_json::from_str(&delivery.answer).unwrap_or_else(|_| json!(delivery.answer));
            json!({
                "at": delivery.at, "to": "bot", "name": delivery.path, "what": what,
                "sent": payload, "status": delivery.status, "error": delivery.error, "answer": answer,
                "milliseconds": delivery.latency.as_millis() as u64,
            })
        });
        let calls = state.calls.iter().rev().take(TRAFFIC).map(|call| {
            json!({
                "at": call.at, "to": "slack", "name": call.method, "sent": call.args, "status": call.status,
                "error": call.answer["error"], "answer": call.answer,
                "milliseconds": call.latency.as_millis() as u64,
            })
        });
        let mut all: Vec<Value> = deliveries.chain(calls).collect();
        all.sort_by_key(|entry| std::cmp::Reverse(entry["at"].as_str().unwrap_or_default().to_string()));
        all.truncate(TRAFFIC);
        json!(all)
    }))
}
