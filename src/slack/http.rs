//! Slack over HTTP: verify, parse, handle, acknowledge in time.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::handlers::{Handlers, Reply};
use super::inbound::{self, Inbound, Malformed};
use super::origin::{self, Origin};

/// The largest body that is read. Slack limits a view to 250 kB, which percent
/// encoding may triple.
pub const BODY_MAX: usize = 1024 * 1024;

/// The routes Slack calls.
pub fn routes(handlers: Handlers, signing_secret: SecretString) -> Router {
    let edge = Edge { handlers, signing_secret };
    Router::new()
        .route("/slack/commands", post(commands))
        .route("/slack/interactions", post(interactions))
        .route("/slack/options", post(interactions))
        .route("/slack/events", post(events))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(edge)
}

#[derive(Clone)]
struct Edge {
    handlers: Handlers,
    signing_secret: SecretString,
}

async fn commands(State(edge): State<Edge>, headers: HeaderMap, body: Bytes) -> Response {
    edge.answer("command", &headers, &body, (origin::command, inbound::command)).await
}

async fn interactions(State(edge): State<Edge>, headers: HeaderMap, body: Bytes) -> Response {
    edge.answer("interaction", &headers, &body, (origin::interaction, inbound::interaction)).await
}

async fn events(State(edge): State<Edge>, headers: HeaderMap, body: Bytes) -> Response {
    edge.answer("event", &headers, &body, (origin::event, inbound::event)).await
}

/// How a body is read: for whom it is, and what a person did.
type Read = (fn(&[u8]) -> Result<Origin, Malformed>, fn(&[u8]) -> Result<Inbound, Malformed>);

impl Edge {
    async fn answer(&self, route: &str, headers: &HeaderMap, body: &[u8], read: Read) -> Response {
        let began = Instant::now();
        let (response, result) = self.handle(headers, body, read).await;
        self.handlers.metrics.handled(route, result, began.elapsed());
        response
    }

    async fn handle(&self, headers: &HeaderMap, body: &[u8], read: Read) -> (Response, &'static str) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let now = now();
        let secret = self.signing_secret.expose_secret().as_bytes();
        let signed = (text("x-slack-request-timestamp"), text("x-slack-signature"));
        if let Err(why) = inbound::verify(secret, signed.0, signed.1, body, now) {
            tracing::warn!(%why, "a delivery was refused");
            return (StatusCode::UNAUTHORIZED.into_response(), "unauthorized");
        }
        let origin = match read.0(body) {
            Ok(origin) => origin,
            Err(why) => return malformed(&why),
        };
        // What is for somebody else is refused as that, whether or not it could be read.
        let (inbound, unread) = match read.1(body) {
            Ok(inbound) => (inbound, None),
            Err(why) => (Inbound::Nothing, Some(why)),
        };
        match self.handlers.answer(&origin, inbound).await {
            (Ok(reply), result) => unread.map_or((respond(reply), result), |why| malformed(&why)),
            (Err(why), result) => {
                tracing::warn!(%why, "a signed delivery was refused");
                (StatusCode::FORBIDDEN.into_response(), result)
            }
        }
    }
}

fn malformed(why: &Malformed) -> (Response, &'static str) {
    tracing::warn!(%why, "a signed delivery could not be read");
    (StatusCode::BAD_REQUEST.into_response(), "malformed")
}

/// Unix seconds.
#[expect(clippy::disallowed_methods, reason = "a signature is judged by the clock, at the edge")]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn respond(reply: Reply) -> Response {
    match reply {
        // As text, which Slack takes as well as JSON.
        Reply::Challenge(challenge) => challenge.into_response(),
        reply => match reply.json() {
            Some(json) => ([(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response(),
            // Slack takes an empty body alone for "nothing to say".
            None => StatusCode::OK.into_response(),
        },
    }
}
