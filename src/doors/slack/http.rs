//! Slack over HTTP: look at the head, read, verify, parse, handle, acknowledge in
//! time. What no signature announces is not read.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::{Handlers, Reply};
use crate::bodies::Bodies;
use crate::slack::inbound::{self, Inbound, Malformed};
use crate::slack::origin::{self, Origin};

/// The largest body that is read. Slack limits a view to 250 kB, which percent
/// encoding may triple.
pub const BODY_MAX: usize = 1024 * 1024;
/// How long a body may take. Slack has given up by then: it waits three seconds
/// for all of it.
const BODY_WITHIN: Duration = Duration::from_secs(3);
/// How much of all bodies is held at once, beside what every connection may send.
/// Whoever makes up a signature can fill it.
const BODIES_ROOM: usize = 16 * 1024 * 1024;

/// The routes Slack calls.
pub fn routes(handlers: Handlers, signing_secret: SecretString) -> Router {
    let edge = Edge { handlers, signing_secret, bodies: Bodies::new(BODY_MAX, BODY_WITHIN, BODIES_ROOM) };
    Router::new()
        .route("/slack/commands", post(commands))
        .route("/slack/interactions", post(interactions))
        .route("/slack/options", post(interactions))
        .route("/slack/events", post(events))
        .with_state(edge)
}

#[derive(Clone)]
struct Edge {
    handlers: Handlers,
    signing_secret: SecretString,
    bodies: Bodies,
}

async fn commands(State(edge): State<Edge>, request: Request) -> Response {
    edge.answer("command", request, (origin::command, inbound::command)).await
}

async fn interactions(State(edge): State<Edge>, request: Request) -> Response {
    edge.answer("interaction", request, (origin::interaction, inbound::interaction)).await
}

async fn events(State(edge): State<Edge>, request: Request) -> Response {
    edge.answer("event", request, (origin::event, inbound::event)).await
}

/// How a body is read: for whom it is, and what a person did.
type Read = (fn(&[u8]) -> Result<Origin, Malformed>, fn(&[u8]) -> Result<Inbound, Malformed>);

/// The status of an answer, and what it is counted as.
type Refused = (StatusCode, &'static str);

impl Edge {
    async fn answer(&self, route: &str, request: Request, read: Read) -> Response {
        // Slack waits for the body, too.
        let arrived = Instant::now();
        let (response, result) = self.handle(request, read, arrived).await;
        self.handlers.metrics.handled(route, result, arrived.elapsed());
        response
    }

    async fn handle(&self, request: Request, read: Read, arrived: Instant) -> (Response, &'static str) {
        let (origin, inbound) = match self.receive(request, read).await {
            Ok(read) => read,
            Err((status, result)) => return (status.into_response(), result),
        };
        // What is for somebody else is refused as that, whether or not it could be read.
        let (inbound, unread) = match inbound {
            Ok(inbound) => (inbound, None),
            Err(why) => (Inbound::Nothing, Some(why)),
        };
        match self.handlers.answer(&origin, inbound, arrived).await {
            (Ok(reply), result) => match unread.map(|why| malformed(&why)) {
                None => (respond(reply), result),
                Some((status, result)) => (status.into_response(), result),
            },
            (Err(why), result) => {
                tracing::warn!(%why, "a signed delivery was refused");
                (StatusCode::FORBIDDEN.into_response(), result)
            }
        }
    }

    /// A delivery that is Slack's: for whom it is, and what a person did, if that can
    /// be read. Else the status to answer, and what it is counted as.
    async fn receive(&self, request: Request, read: Read) -> Result<(Origin, Result<Inbound, Malformed>), Refused> {
        let unauthorized = |why| {
            tracing::warn!(%why, "a delivery was refused");
            (StatusCode::UNAUTHORIZED, "unauthorized")
        };
        let (parts, body) = request.into_parts();
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let signed = inbound::signed(text("x-slack-request-timestamp"), text("x-slack-signature"), now());
        let signed = match signed {
            Ok(signed) => signed,
            Err(why) => {
                self.bodies.let_go(&parts, body);
                return Err(unauthorized(why));
            }
        };
        let body = self.bodies.read(&parts, body).await.map_err(|why| {
            tracing::warn!(%why, "a delivery was not read");
            (why.status(), "unread")
        })?;
        signed.verify(self.signing_secret.expose_secret().as_bytes(), body.bytes()).map_err(unauthorized)?;
        let origin = read.0(body.bytes()).map_err(|why| malformed(&why))?;
        Ok((origin, read.1(body.bytes())))
    }
}

fn malformed(why: &Malformed) -> Refused {
    tracing::warn!(%why, "a signed delivery could not be read");
    (StatusCode::BAD_REQUEST, "malformed")
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
