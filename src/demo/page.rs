//! The web page of the workspace: be any of its people in a browser, and watch
//! every delivery to the bot with its answer. Acts through [`super::people`],
//! exactly as tests do.

use std::convert::Infallible;

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::stream::{self, Stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::message::Message;
use super::modal::{Modal, Submitted};
use super::simulator::Simulator;
use super::workspace::{BOT_NAME, BOT_USER, Channel, Workspace, values_json};

/// So many deliveries and calls are listed, the latest first.
const TRAFFIC: usize = 200;

pub(super) fn routes() -> Router<Simulator> {
    let file =
        |kind: &'static str, text: &'static str| get(move || async move { ([(header::CONTENT_TYPE, kind)], text) });
    Router::new()
        .route("/", get(|| async { Html(include_str!("page/index.html")) }))
        .route("/sim/style.css", file("text/css; charset=utf-8", include_str!("page/style.css")))
        .route("/sim/blocks.js", file("text/javascript; charset=utf-8", include_str!("page/blocks.js")))
        .route("/sim/app.js", file("text/javascript; charset=utf-8", include_str!("page/app.js")))
        .route("/sim/state", get(state_of))
        .route("/sim/traffic", get(traffic))
        .route("/sim/events", get(events))
        .route("/sim/act", post(act))
}

/// What a person does on the page. `as` is who.
#[derive(Deserialize)]
struct Act {
    #[serde(rename = "as")]
    user: String,
    #[serde(flatten)]
    action: Action,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Action {
    Command { channel: String, command: String, text: String },
    Say { channel: Option<String>, text: String, thread_ts: Option<String> },
    Click { channel: String, ts: String, action_id: String },
    Select { channel: String, ts: String, action_id: String, value: String },
    MessageOptions { channel: String, ts: String, action_id: String, typed: String },
    OpenHome,
    Fill { view: String, action_id: String, value: String },
    Choose { view: String, action_id: String, value: String },
    ViewOptions { view: String, action_id: String, typed: String },
    ViewClick { view: String, action_id: String },
    Submit { view: String },
    Close { view: String },
    Dismiss { view: String },
}

/// Does it; the answer has an `error` to show, if any.
async fn act(State(slack): State<Simulator>, Json(act): Json<Act>) -> Json<Value> {
    let answer = perform(&slack, &act.user, act.action).await;
    Json(answer.unwrap_or_else(|error| json!({ "error": format!("{error:#}") })))
}

async fn perform(slack: &Simulator, user: &str, action: Action) -> anyhow::Result<Value> {
    let person = slack.person(user);
    let modal = |view: &str| Modal::new(slack.clone(), user, view);
    let message = |channel: &str, ts: &str| {
        let found = slack.read(|state| state.find_message(channel, ts).cloned());
        found.ok_or_else(|| anyhow::anyhow!("the message is gone"))
    };
    let mut error = None;
    match action {
        Action::Command { channel, command, text } => {
            let failed = |error: String| format!("{command} failed with the error “{error}”");
            error = person.command(&channel, &command, &text).await.error.map(failed);
        }
        Action::Say { channel, text, thread_ts } => {
            let channel = channel.unwrap_or_else(|| person.dm_channel());
            person.say(&channel, &text, thread_ts.as_deref());
        }
        Action::Click { channel, ts, action_id } => {
            error = person.click(&message(&channel, &ts)?, &action_id).await?.error.map(not_responding);
        }
        Action::Select { channel, ts, action_id, value } => {
            error = person.select(&message(&channel, &ts)?, &action_id, &value).await?.error.map(not_responding);
        }
        Action::MessageOptions { channel, ts, action_id, typed } => {
            let options = person.message_options(&message(&channel, &ts)?, &action_id, &typed).await?;
            return Ok(json!({ "options": options }));
        }
        Action::OpenHome => drop(person.open_home("home").await),
        Action::Fill { view, action_id, value } => modal(&view).fill(&action_id, &value).await?,
        Action::Choose { view, action_id, value } if value.is_empty() => modal(&view).clear(&action_id).await?,
        Action::Choose { view, action_id, value } => modal(&view).choose(&action_id, &value).await?,
        Action::ViewOptions { view, action_id, typed } => {
            return Ok(json!({ "options": modal(&view).options(&action_id, &typed).await? }));
        }
        Action::ViewClick { view, action_id } => drop(modal(&view).click(&action_id).await?),
        Action::Submit { view } => {
            // Errors and trouble are part of the view, and shown inside it.
            let _: Submitted = modal(&view).submit().await?;
        }
        Action::Close { view } => modal(&view).close().await?,
        Action::Dismiss { view } => modal(&view).dismiss().await?,
    }
    Ok(json!({ "error": error }))
}

fn not_responding(error: String) -> String {
    format!("{BOT_NAME} is not responding: {error}")
}

/// One event for every change of the workspace; the page then asks for the state.
async fn events(State(slack): State<Simulator>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut changes = slack.changes();
    changes.mark_changed();
    let revisions = stream::unfold(changes, |mut changes| async move {
        changes.changed().await.ok()?;
        let revision = *changes.borrow_and_update();
        Some((Ok(Event::default().data(revision.to_string())), changes))
    });
    Sse::new(revisions).keep_alive(KeepAlive::default())
}

#[derive(Deserialize)]
struct Viewer {
    #[serde(rename = "as")]
    user: String,
}

/// Everything one person can see.
async fn state_of(State(slack): State<Simulator>, Query(viewer): Query<Viewer>) -> impl IntoResponse {
    let seen = slack.read(|state| seen_by(state, &viewer.user));
    ([(header::CACHE_CONTROL, "no-store")], Json(seen))
}

fn seen_by(state: &Workspace, user: &str) -> Value {
    let people: Vec<Value> = state
        .people
        .values()
        .map(|person| {
            json!({
                "id": person.id, "name": person.name, "real_name": person.real_name,
                "can_act": !person.deleted && !person.is_bot,
            })
        })
        .collect();
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
        let mut json = state.view_json(view, true);
        json["errors"] = json!(view.errors);
        json["trouble"] = json!(view.trouble);
        Some(json)
    };
    json!({
        "me": user,
        "bot": BOT_USER,
        "people": people,
        "channels": channels,
        "dm": state.find_dm(user),
        "messages": messages,
        "modal": state.modals.get(user).and_then(|stack| stack.last()).and_then(view),
        "home": state.homes.get(user).and_then(view),
    })
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
        "is_edited": message.edits > 0 && message.blocks.is_empty(),
        "is_tombstone": message.is_tombstone,
        "values": chosen.map(values_json).unwrap_or_else(|| json!({})),
    })
}

/// The latest deliveries to the bot and its Web API calls, with their answers.
async fn traffic(State(slack): State<Simulator>) -> Json<Value> {
    Json(slack.read(|state| {
        let deliveries = state.deliveries.iter().rev().take(TRAFFIC).map(|delivery| {
            let payload = delivery.payload();
            let what = payload["type"].as_str().or(payload["command"].as_str()).unwrap_or_default().to_string();
            let answer = serde_json::from_str(&delivery.answer).unwrap_or_else(|_| json!(delivery.answer));
            json!({
                "at": delivery.at, "to": "bot", "name": format!("{} {what}", delivery.path),
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
