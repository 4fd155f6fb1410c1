//! What is served over HTTP: health, metrics, and the routes Slack calls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use secrecy::SecretString;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeTaskQueueRequest;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::provisioner;
use crate::slack;
use crate::slack::api::SlackApi;
use crate::slack::handlers::Handlers;
use crate::slack::socket::Reach;
use crate::telemetry::Metrics;
use crate::temporal::{RequestError, Requests};
use crate::workers::Live;
use crate::workflow::TASK_QUEUE;

/// How long Slack's word on the token is taken for true.
const TOKEN_FRESH: Duration = Duration::from_secs(30);
/// How long Temporal gets to answer.
const PROBE: Duration = Duration::from_secs(1);

/// Everything the probes look at.
#[derive(Clone)]
pub struct Health {
    pub slack: SlackApi,
    /// In Socket Mode, whether Slack can reach us.
    pub reach: Option<Reach>,
    pub requests: Requests,
    pub metrics: Metrics,
    /// How many workers should poll, and how many do.
    pub workers: usize,
    pub live: Live,
    /// Where the SDK serves its own metrics.
    pub sdk_metrics: Option<SocketAddr>,
    token: Arc<Mutex<Option<Instant>>>,
}

impl Health {
    pub fn new(
        slack: SlackApi,
        reach: Option<Reach>,
        requests: Requests,
        metrics: Metrics,
        workers: usize,
        live: Live,
        sdk_metrics: Option<SocketAddr>,
    ) -> Self {
        Self { slack, reach, requests, metrics, workers, live, sdk_metrics, token: Arc::default() }
    }

    /// Why the bot cannot serve now, one reason a line; empty: it can.
    pub async fn problems(&self) -> Vec<String> {
        let (slack, temporal) = tokio::join!(self.slack_problem(), self.temporal_problem());
        let socket = self.reach.as_ref().and_then(Reach::problem);
        slack.into_iter().chain(socket).chain(temporal).collect()
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
        let client = match self.requests.client() {
            Ok(client) => client,
            Err(RequestError::NoAnswer(why)) => return Some(format!("temporal: {why}")),
            Err(error) => return Some(format!("temporal: {error}")),
        };
        let queues: &[(&str, TaskQueueType)] = match self.workers {
            // Without workers of our own it is enough that the server answers.
            0 => &[(TASK_QUEUE, TaskQueueType::Workflow)],
            _ => &[
                (TASK_QUEUE, TaskQueueType::Workflow),
                (TASK_QUEUE, TaskQueueType::Activity),
                (provisioner::QUEUE, TaskQueueType::Activity),
            ],
        };
        let live = self.live.load(Ordering::SeqCst);
        if live < self.workers {
            return Some(format!("workers: {live} of {} run", self.workers));
        }
        let identity = client.connection().identity().to_owned();
        for (queue, kind) in queues {
            let mut call = DescribeTaskQueueRequest {
                namespace: client.options().namespace.clone(),
                task_queue: Some(TaskQueue { name: (*queue).to_owned(), ..Default::default() }),
                task_queue_type: *kind as i32,
                ..Default::default()
            }
            .into_request();
            call.set_timeout(PROBE);
            let mut service = client.connection().workflow_service();
            match tokio::time::timeout(PROBE, service.describe_task_queue(call)).await {
                Ok(Ok(answer)) => {
                    let ours = answer.into_inner().pollers.iter().any(|poller| poller.identity == identity);
                    if self.workers > 0 && !ours {
                        return Some(format!("workers: nobody of this process polls {queue} yet"));
                    }
                }
                Ok(Err(status)) => return Some(format!("temporal: {}", status.message())),
                Err(_) => return Some("temporal: no answer within a second".to_owned()),
            }
        }
        None
    }
}

/// The routes. Without handlers (workers alone, or Socket Mode) Slack's are not there.
pub fn router(health: Health, slack: Option<(Handlers, SecretString)>) -> Router {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(health);
    match slack {
        Some((handlers, secret)) => router.merge(slack::http::routes(handlers, secret)),
        None => router,
    }
}

async fn readyz(State(health): State<Health>) -> Response {
    match health.problems().await {
        problems if problems.is_empty() => "ready\n".into_response(),
        problems => (StatusCode::SERVICE_UNAVAILABLE, problems.join("\n") + "\n").into_response(),
    }
}

/// The bot's metrics, with the SDK's behind them.
async fn metrics(State(health): State<Health>) -> Response {
    let mut text = health.metrics.render();
    if let Some(address) = health.sdk_metrics
        && let Some(sdk) = fetch(address).await
    {
        // Both end in the marker of OpenMetrics, which may stand only once.
        text.truncate(text.trim_end_matches("# EOF\n").len());
        text.push_str(&sdk);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn fetch(address: SocketAddr) -> Option<String> {
    let client = HttpClient::builder(TokioExecutor::new()).build_http::<Empty<axum::body::Bytes>>();
    let answer = client.get(format!("http://{address}/metrics").parse().ok()?).await.ok()?;
    let body = tokio::time::timeout(PROBE, answer.into_body().collect()).await.ok()?.ok()?;
    String::from_utf8(body.to_bytes().to_vec()).ok()
}
