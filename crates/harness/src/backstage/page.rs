//! What the demo shows beside the simulated workspace, in the browser: the tour, the
//! requests with their workflows, what they build, and the plugs to pull.

use std::sync::{Arc, OnceLock};

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use slack_simulator::Panel;

use super::Backstage;
use crate::plugs::Pull;

/// What is underneath, once all of it runs.
pub(crate) type Shown = Arc<OnceLock<Arc<Backstage>>>;

/// The files, by their names in addresses.
const FILES: [(&str, &str); 7] = [
    ("panel.js", include_str!("page/panel.js")),
    ("tour.js", include_str!("page/tour.js")),
    ("underneath.js", include_str!("page/underneath.js")),
    ("timeline.js", include_str!("page/timeline.js")),
    ("resources.js", include_str!("page/resources.js")),
    ("plugs.js", include_str!("page/plugs.js")),
    ("panel.css", include_str!("page/underneath.css")),
];

/// The panel of `shown`, which may be set later than the workspace starts.
pub(crate) fn panel(shown: Shown) -> Panel {
    let routes = Router::new()
        .route("/underneath", get(underneath))
        .route("/resources", get(resources))
        .route("/plug", post(plug))
        .route("/{file}", get(file))
        .with_state(shown);
    Panel { routes }
}

async fn file(Path(name): Path<String>) -> Response {
    let kind = if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
    match FILES.iter().find(|(file, _)| *file == name) {
        Some((_, text)) => ([(header::CONTENT_TYPE, kind)], *text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The requests with their workflows, and the plugs. Before everything runs there are none.
async fn underneath(State(shown): State<Shown>) -> Json<Value> {
    let none = || json!({ "requests": [], "incidents": [], "plugs": {} });
    Json(shown.get().map_or_else(none, |backstage| backstage.told()))
}

#[derive(Deserialize)]
struct Wanted {
    request: String,
}

async fn resources(State(shown): State<Shown>, Query(wanted): Query<Wanted>) -> Json<Vec<Value>> {
    Json(match shown.get() {
        Some(backstage) => backstage.resources(&wanted.request).await,
        None => Vec::new(),
    })
}

async fn plug(State(shown): State<Shown>, Json(pull): Json<Pull>) -> Json<Value> {
    let pulled = match shown.get().cloned() {
        Some(backstage) => backstage.pull(pull).await,
        None => Err(anyhow::anyhow!("not everything runs yet: there is no plug to pull")),
    };
    Json(json!({ "error": pulled.err().map(|error| format!("{error:#}")) }))
}
