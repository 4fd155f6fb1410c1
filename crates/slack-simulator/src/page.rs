//! The web page of the workspace: be any of its people in a browser, and watch what Slack
//! and the app say to each other. Acts through [`crate::people`], exactly as tests do.

mod act;
mod seen;

use std::convert::Infallible;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use futures::stream::{self, Stream};
use loopback::is_asked_here;

use crate::panel::Panel;
use crate::simulator::Simulator;

/// The files of the page, by their names in its addresses.
const FILES: [(&str, &str); 25] = [
    ("html.js", include_str!("page/html.js")),
    ("store.js", include_str!("page/store.js")),
    ("mrkdwn.js", include_str!("page/mrkdwn.js")),
    ("blocks.js", include_str!("page/blocks.js")),
    ("elements.js", include_str!("page/elements.js")),
    ("choices.js", include_str!("page/choices.js")),
    ("fields.js", include_str!("page/fields.js")),
    ("picker.js", include_str!("page/picker.js")),
    ("confirm.js", include_str!("page/confirm.js")),
    ("modal.js", include_str!("page/modal.js")),
    ("toasts.js", include_str!("page/toasts.js")),
    ("workspace.js", include_str!("page/workspace.js")),
    ("message.js", include_str!("page/message.js")),
    ("composer.js", include_str!("page/composer.js")),
    ("traffic.js", include_str!("page/traffic.js")),
    ("clock.js", include_str!("page/clock.js")),
    ("panel.js", include_str!("page/panel.js")),
    ("app.js", include_str!("page/app.js")),
    ("vendor/preact.js", include_str!("page/vendor/preact.js")),
    ("vendor/hooks.js", include_str!("page/vendor/hooks.js")),
    ("vendor/htm.js", include_str!("page/vendor/htm.js")),
    ("base.css", include_str!("page/base.css")),
    ("workspace.css", include_str!("page/workspace.css")),
    ("traffic.css", include_str!("page/traffic.css")),
    ("blocks.css", include_str!("page/blocks.css")),
];

/// The page itself: who alone is there has the panel of the workspace.
fn index(with_panel: bool) -> String {
    let (module, style) = match with_panel {
        true => ("/panel/panel.js", "<link rel=\"stylesheet\" href=\"/panel/panel.css\">"),
        false => ("/sim/panel.js", ""),
    };
    include_str!("page/index.html").replace("{{panel.js}}", module).replace("{{panel.css}}", style)
}

pub(crate) fn routes(panel: Option<Panel>) -> Router<Simulator> {
    let index = index(panel.is_some());
    let page = Router::new()
        .route("/", get(|| async { Html(index) }))
        .route("/sim/state", get(seen::state))
        .route("/sim/traffic", get(seen::traffic))
        .route("/sim/events", get(events))
        .route("/sim/act", post(act::act))
        .route("/sim/{*file}", get(file));
    match panel {
        Some(panel) => page.nest_service("/panel", panel.routes),
        None => page,
    }
}

/// Other people's pages in the same browser may not act as these people. Those that
/// give this machine a name of their own ask for that name.
pub(crate) async fn only_here(request: Request, next: Next) -> Response {
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
