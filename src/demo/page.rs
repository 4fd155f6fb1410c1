//! The web page of the workspace: be any of its people in a browser, watch what is
//! underneath, and pull the plug. Acts through [`super::people`], exactly as tests do.

mod act;
mod seen;

use std::convert::Infallible;

use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::stream::{self, Stream};
use loopback::is_asked_here;
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::Pull;
use super::simulator::Simulator;

/// The files of the page, by their names in its addresses.
const FILES: [(&str, &str); 26] = [
    ("html.js", include_str!("page/html.js")),
    ("store.js", include_str!("page/store.js")),
    ("mrkdwn.js", include_str!("page/mrkdwn.js")),
    ("blocks.js", include_str!("page/blocks.js")),
    ("elements.js", include_str!("page/elements.js")),
    ("picker.js", include_str!("page/picker.js")),
    ("confirm.js", include_str!("page/confirm.js")),
    ("modal.js", include_str!("page/modal.js")),
    ("toasts.js", include_str!("page/toasts.js")),
    ("workspace.js", include_str!("page/workspace.js")),
    ("message.js", include_str!("page/message.js")),
    ("composer.js", include_str!("page/composer.js")),
    ("tour.js", include_str!("page/tour.js")),
    ("underneath.js", include_str!("page/underneath.js")),
    ("timeline.js", include_str!("page/timeline.js")),
    ("bucket.js", include_str!("page/bucket.js")),
    ("traffic.js", include_str!("page/traffic.js")),
    ("plugs.js", include_str!("page/plugs.js")),
    ("app.js", include_str!("page/app.js")),
    ("vendor/preact.js", include_str!("page/vendor/preact.js")),
    ("vendor/hooks.js", include_str!("page/vendor/hooks.js")),
    ("vendor/htm.js", include_str!("page/vendor/htm.js")),
    ("base.css", include_str!("page/base.css")),
    ("workspace.css", include_str!("page/workspace.css")),
    ("blocks.css", include_str!("page/blocks.css")),
    ("underneath.css", include_str!("page/underneath.css")),
];

pub(super) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/", get(|| async { Html(include_str!("page/index.html")) }))
        .route("/sim/state", get(seen::state))
        .route("/sim/traffic", get(seen::traffic))
        .route("/sim/events", get(events))
        .route("/sim/act", post(act::act))
        .route("/sim/underneath", get(underneath))
        .route("/sim/bucket", get(bucket))
        .route("/sim/plug", post(plug))
        .route("/sim/{*file}", get(file))
}

/// Other people's pages in the same browser may not act as these people. Those that
/// give this machine a name of their own ask for that name.
pub(super) async fn only_here(request: Request, next: Next) -> Response {
    match is_asked_here(&request) {
        true => next.run(request).await,
        false => (StatusCode::FORBIDDEN, "Open this as http://localhost or http://127.0.0.1.\n").into_response(),
    }
}

async fn file(Path(name): Path<String>) -> Response {
    let kind = if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
    match FILES.iter().find(|(file, _)| *file == name) {
        Some((_, text)) => ([(header::CONTENT_TYPE, kind)], *text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
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

/// The requests with their workflows, and the plugs. A workspace that runs without
/// the rest has none.
async fn underneath(State(slack): State<Simulator>) -> Json<Value> {
    Json(slack.underneath().map_or_else(|| json!({ "requests": [], "incidents": [], "plugs": {} }), |it| it.told()))
}

#[derive(Deserialize)]
struct Wanted {
    request: String,
}

async fn bucket(State(slack): State<Simulator>, Query(wanted): Query<Wanted>) -> Json<Value> {
    let report = match slack.underneath() {
        Some(underneath) => underneath.bucket(&wanted.request).await,
        None => None,
    };
    Json(report.unwrap_or(Value::Null))
}

async fn plug(State(slack): State<Simulator>, Json(pull): Json<Pull>) -> Json<Value> {
    let pulled = match slack.underneath() {
        Some(underneath) => underneath.pull(pull).await,
        None => Err(anyhow::anyhow!("only the workspace runs: there is no plug to pull")),
    };
    Json(json!({ "error": pulled.err().map(|error| format!("{error:#}")) }))
}
