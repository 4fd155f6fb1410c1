//! What is served over HTTP: health, metrics, and the routes Slack calls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use outbound::http::Client;
use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tower_http::timeout::TimeoutLayer;

use crate::doors;
use crate::doors::http_api::{self, Api};
use crate::doors::slack::Handlers;
use crate::doors::slack::socket::SocketHealth;
use crate::server::Seat;
use crate::slack::web_api::SlackApi;
use crate::telemetry::Metrics;
use crate::temporal::Requests;
use crate::workers::PollingWorkers;

/// How long Slack's word on the token is taken for true.
const TOKEN_FRESH: Duration = Duration::from_secs(30);
/// How long a request may take, its body included. Slack waits three seconds, so
/// this ends only what never arrives.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);
/// How long a count of the open requests is taken for true.
const COUNT_FRESH: Duration = Duration::from_secs(10);
/// The ages by which open requests are counted, in seconds. The longest wait is for
/// a choice about a failure, a day.
const AGES: [(&str, i64); 3] = [("0s", 0), ("1h", 60 * 60), ("25h", 25 * 60 * 60)];
/// How long Temporal gets to answer.
const PROBE: Duration = Duration::from_secs(1);

/// The most that the SDK's metrics may be, in bytes. They are some hundred thousand.
const SDK_METRICS_MAX: usize = 16 * 1024 * 1024;

/// Everything the probes look at.
#[derive(Clone)]
pub struct Health {
    pub slack: SlackApi,
    /// In Socket Mode, whether Slack can reach us.
    pub reach: Option<SocketHealth>,
    pub requests: Requests,
    pub metrics: Metrics,
    /// How many workers should poll, and how many do.
    pub workers: usize,
    pub live: PollingWorkers,
    pub sdk_metrics: SdkMetrics,
    token: Arc<Mutex<Option<Instant>>>,
    counted: Arc<Mutex<Option<Instant>>>,
    looked: Arc<Mutex<Option<Look>>>,
}

/// When the last look at everything began, and what was found.
type Look = (Instant, Vec<String>);

impl Health {
    pub fn new(
        slack: SlackApi,
        reach: Option<SocketHealth>,
        requests: Requests,
        metrics: Metrics,
        workers: usize,
        live: PollingWorkers,
        sdk_metrics: SdkMetrics,
    ) -> Self {
        Self {
            slack,
            reach,
            requests,
            metrics,
            workers,
            live,
            sdk_metrics,
            token: Arc::default(),
            counted: Arc::default(),
            looked: Arc::default(),
        }
    }

    /// Why the bot cannot serve now, one reason a line; empty: it can. Those who ask
    /// while somebody looks share the next look: a crowd of them waits for two at most.
    pub async fn problems(&self) -> Vec<String> {
        let asked = Instant::now();
        let mut looked = self.looked.lock().await;
        if let Some((_, problems)) = looked.as_ref().filter(|(began, _)| *began >= asked) {
            return problems.clone();
        }
        let began = Instant::now();
        let problems = self.look().await;
        *looked = Some((began, problems.clone()));
        problems
    }

    async fn look(&self) -> Vec<String> {
        let (slack, temporal) = tokio::join!(self.slack_problem(), self.temporal_problem());
        let socket = self.reach.as_ref().and_then(SocketHealth::problem);
        slack.into_iter().chain(socket).chain(temporal).collect()
    }

    /// Has the open requests counted, if that is a while ago. What cannot be
    /// counted stays as it was.
    async fn count_open(&self) {
        let mut counted = self.counted.lock().await;
        if counted.is_some_and(|since| since.elapsed() < COUNT_FRESH) {
            return;
        }
        *counted = Some(Instant::now());
        for (name, seconds) in AGES {
            if let Ok(count) = self.requests.open(seconds).await {
                self.metrics.open(name, count);
            }
        }
    }

    async fn slack_problem(&self) -> Option<String> {
        let mut accepted = self.token.lock().await;
        if accepted.is_some_and(|since| since.elapsed() < TOKEN_FRESH) {
            return None;
        }
        match self.slack.auth_test().await {
            Ok(_) => {
                *accepted = Some(Instant::now());
                None
            }
            Err(error) => Some(format!("slack: {error}")),
        }
    }

    async fn temporal_problem(&self) -> Option<String> {
        if self.requests.client().is_ok() {
            let live = self.live.load(Ordering::SeqCst);
            if live < self.workers {
                return Some(format!("workers: {live} of {} run", self.workers));
            }
        }
        self.requests.problem(PROBE).await.map(|why| format!("temporal: {why}"))
    }
}

/// The routes. Without handlers (workers alone, or Socket Mode) Slack's are not there, and
/// without clients those of the API.
pub fn router(health: Health, slack: Option<(Handlers, SecretString)>, api: Option<Api>) -> Router {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .layer(middleware::from_fn(gives_way))
        .with_state(health);
    let router = match slack {
        Some((handlers, secret)) => router.merge(doors::slack::http::routes(handlers, secret)),
        None => router,
    };
    let router = router.layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_WITHIN));
    // It answers in time of its own accord, or when it was asked to wait.
    match api {
        Some(api) => router.merge(http_api::routes(api)),
        None => router,
    }
}

/// A crowd that asks how we are keeps nobody out.
async fn gives_way(request: Request, next: Next) -> Response {
    request.extensions().get::<Seat>().inspect(|seat| seat.gives_way());
    next.run(request).await
}

async fn readyz(State(health): State<Health>) -> Response {
    match health.problems().await {
        problems if problems.is_empty() => "ready\n".into_response(),
        problems => (StatusCode::SERVICE_UNAVAILABLE, problems.join("\n") + "\n").into_response(),
    }
}

/// The bot's metrics, with the SDK's behind them.
async fn metrics(State(health): State<Health>) -> Response {
    health.count_open().await;
    let mut text = health.metrics.render();
    if let Some(sdk) = health.sdk_metrics.fetch().await {
        // The same format, and other names: they begin with "temporal_".
        text.push_str(&sdk);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// The metrics of Temporal's SDK, which serves them itself.
#[derive(Clone)]
pub struct SdkMetrics {
    http: Client,
    address: String,
}

impl SdkMetrics {
    /// Those that it serves there.
    pub fn at(address: SocketAddr, http: &Client) -> Self {
        Self { http: http.within(PROBE).at_most(SDK_METRICS_MAX), address: format!("http://{address}/metrics") }
    }

    /// As they are now, unless it does not say.
    async fn fetch(&self) -> Option<String> {
        let answer = self.http.get(&self.address).await.ok()?;
        String::from_utf8(answer.into_body().into()).ok()
    }
}
