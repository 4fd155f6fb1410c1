//! Response URLs: answers to one action, five times within thirty minutes, with
//! no token and past every posting rule.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use crate::blocks;
use crate::identity::BOT_USER;
use crate::limits::{self, Surface};
use crate::message::Message;
use crate::proofs::{RESPONSE_URL_LIFETIME, RESPONSE_URL_USES, ResponseUrl};
use crate::simulator::Simulator;
use crate::storing;
use crate::workspace::Workspace;

pub(crate) fn routes() -> Router<Simulator> {
    Router::new().route("/response/{kind}/{team}/{id}", post(answer))
}

async fn answer(
    State(slack): State<Simulator>,
    Path((_, _, id)): Path<(String, String, String)>,
    body: Bytes,
) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return (StatusCode::BAD_REQUEST, "invalid_payload").into_response();
    };
    let result = slack.change(|state| {
        let url = state.response_urls.get_mut(&id).ok_or((StatusCode::NOT_FOUND, "invalid_url"))?;
        if url.made.elapsed() > RESPONSE_URL_LIFETIME {
            return Err((StatusCode::NOT_FOUND, "expired_url"));
        }
        if url.uses >= RESPONSE_URL_USES {
            return Err((StatusCode::NOT_FOUND, "used_url"));
        }
        url.uses += 1;
        let url = url.clone();
        respond(state, &url, &body).map_err(|error| (StatusCode::BAD_REQUEST, error))
    });
    match result {
        Ok(()) => "ok".into_response(),
        Err((status, error)) => (status, axum::Json(json!({ "ok": false, "error": error }))).into_response(),
    }
}

/// Shows an answer: of a response URL, or in the acknowledgement of a command.
pub(crate) fn respond(state: &mut Workspace, url: &ResponseUrl, body: &Value) -> Result<(), &'static str> {
    let source = url.source.as_deref();
    if body["delete_original"] == true {
        let ts = source.ok_or("invalid_request")?;
        if let Some(messages) = state.messages.get_mut(&url.channel) {
            messages.retain(|message| message.ts != ts);
        }
        return Ok(());
    }
    let text = body["text"].as_str().unwrap_or_default();
    let sent = body["blocks"].as_array().cloned().unwrap_or_default();
    if text.is_empty() && sent.is_empty() {
        return Err("no_text");
    }
    if !limits::check_blocks(&sent, Surface::Message, "/blocks").is_empty() {
        return Err("invalid_blocks");
    }
    let stored = storing::stored(&sent, || state.new_id("b"));
    let text = if text.is_empty() { blocks::text_of(&stored) } else { storing::escape(text) };
    if body["replace_original"] == true {
        let ts = source.ok_or("invalid_request")?.to_string();
        state.choices.retain(|(_, channel, message), _| *channel != url.channel || *message != ts);
        let message = state.find_message_mut(&url.channel, &ts).ok_or("message_not_found")?;
        message.text = text;
        message.blocks = stored;
        message.edits += 1;
        return Ok(());
    }
    let in_channel = body["response_type"] == "in_channel";
    state.post(Message {
        channel: url.channel.clone(),
        user: BOT_USER.into(),
        text,
        blocks: stored,
        thread_ts: body["thread_ts"].as_str().map(String::from),
        only_for: (!in_channel).then(|| url.user.clone()),
        ..Message::default()
    });
    Ok(())
}
