//! The HTTP API, under `/api/v1`: programs ask, read and sign by it, each with a token of
//! its own. It is there only where the configuration has clients. What it takes and answers
//! is described by `openapi.json`, which it serves.
//!
//! A call is looked at in this order: whose token it is (401), what that client may do
//! (403), whether there is such a thing for it (404), what was sent (400, 413, 415, 422),
//! and whether it still fits (409).

mod acts;
mod answer;
mod ask;
mod body;
mod fields;
mod leases;
mod oidc;
mod read;
mod shown;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::watch;
use tokio::time::Instant;

use self::answer::Refused;
use self::tokens::Tokens;
use crate::bodies::Bodies;
use crate::domain::client::{Client, Right};
use crate::domain::policy::Policy;
use crate::requests::Open;
use crate::requests::Requests;
use crate::requests::{Asking, Waiting};
use crate::slack::directory::Directory;
use crate::telemetry::Metrics;
use outbound::http::Client as Http;

/// Where all of it is.
pub const BASE: &str = "/api/v1";
/// How long a call may take that does not ask to wait: a client is told to come back
/// within five seconds.
const ANSWER_WITHIN: Duration = Duration::from_millis(4_300);
/// The largest body, in bytes, and how long it may take to arrive.
const BODY_MAX: usize = 64 * 1024;
const BODY_WITHIN: Duration = Duration::from_secs(5);

/// What the API needs.
#[derive(Clone)]
pub struct Api {
    policy: Arc<Policy>,
    directory: Directory,
    requests: Requests,
    open: Open,
    metrics: Metrics,
    tokens: Arc<Tokens>,
    bodies: Bodies,
    waiting: Arc<Waiting>,
    stopping: watch::Receiver<bool>,
}

/// The client that called, and when.
#[derive(Clone)]
struct Caller {
    client: Arc<Client>,
    arrived: Instant,
}

impl Api {
    /// `http` is the way to the issuers of tokens.
    pub fn new(
        policy: Arc<Policy>,
        directory: Directory,
        requests: Requests,
        open: Open,
        metrics: Metrics,
        http: &Http,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let tokens = Arc::new(Tokens::new(&policy.clients, http));
        // No body takes room beyond what every connection has.
        let bodies = Bodies::new(BODY_MAX, BODY_WITHIN, 0);
        Self { policy, directory, requests, open, metrics, tokens, bodies, waiting: Arc::default(), stopping }
    }

    /// The use cases, for a call that arrived then.
    fn in_time(&self, arrived: Instant) -> (Requests, Open) {
        let due = arrived + ANSWER_WITHIN;
        (self.requests.until(due), self.open.until(due))
    }

    fn asking<'a>(&'a self, requests: &'a Requests, open: &'a Open) -> Asking<'a> {
        Asking { policy: &self.policy, directory: &self.directory, requests, open, metrics: &self.metrics }
    }
}

/// The routes, or none where there are no clients.
pub fn routes(api: Api) -> Router {
    if api.policy.clients.is_empty() {
        return Router::new();
    }
    let calls = Router::new()
        .route("/requests", post(ask::post).get(read::list))
        .route("/requests/{id}", get(read::one))
        .route("/requests/{id}/acts", post(acts::post))
        .route("/leases", get(leases::list))
        .route("/leases/{id}", get(leases::one))
        .route("/leases/{id}/acts", post(leases::act))
        .layer(middleware::from_fn_with_state(api.clone(), known))
        // Described to whoever wants to know.
        .route("/openapi.json", get(described))
        .fallback(async || Refused::new(StatusCode::NOT_FOUND, "There is nothing at this address."))
        .layer(middleware::from_fn_with_state(api.clone(), finished))
        .with_state(api);
    Router::new().nest(BASE, calls)
}

/// Lets nobody in whose token is not known.
async fn known(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let arrived = Instant::now();
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let client = match api.tokens.client(token).await {
        Ok(client) => client,
        Err(refused) => {
            if refused.status == StatusCode::UNAUTHORIZED {
                tracing::warn!(why = refused.why(), "a call without a valid token was refused");
            }
            return refused.into_response();
        }
    };
    request.extensions_mut().insert(Caller { client, arrived });
    next.run(request).await
}

/// What is the same of every answer: it is counted, kept by nobody, and JSON.
async fn finished(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (began, method) = (Instant::now(), request.method().clone());
    let answer = next.run(request).await;
    let mut answer = match answer.status() {
        StatusCode::METHOD_NOT_ALLOWED => not_allowed(&method, &answer),
        _ => answer,
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    api.metrics.handled("api", answer.status().as_str(), began.elapsed());
    answer
}

fn not_allowed(method: &Method, answer: &Response) -> Response {
    let allow = answer.headers().get(header::ALLOW).cloned();
    let said = format!("{method} is not possible at this address.");
    let mut answer = Refused::new(StatusCode::METHOD_NOT_ALLOWED, said).into_response();
    answer.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
    answer
}

async fn described() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json")).into_response()
}

impl Caller {
    /// # Errors
    /// 403 where it has none of these rights.
    fn needs(&self, rights: &[Right]) -> Result<(), Refused> {
        if rights.iter().any(|right| self.client.has(*right)) {
            return Ok(());
        }
        let words: Vec<_> = rights.iter().map(|right| format!("\"{}\"", right.word())).collect();
        let said = format!("The client {} may not do this: it needs {}.", self.client.id, words.join(" or "));
        Err(Refused::new(StatusCode::FORBIDDEN, said))
    }

    /// Whether it belongs to this team.
    fn is_of(&self, team: &str) -> bool {
        self.client.teams.contains(team)
    }
}
