//! Logs and metrics, each named once. Traces: [`crate::traces`].
//!
//! Logs name things alike everywhere: `request.id`, `slack.channel`,
//! `s3.bucket`. Never a token, a body or a signature.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::LogFormat;
use crate::otlp::Exporter;

/// What no filter changes. The AWS SDK logs key IDs as it finds them; a watcher of
/// progress that outlives what it watched is no news.
const ALWAYS: &str = "aws_config=warn,aws_sigv4=warn,aws_smithy_runtime::client::orchestrator=warn,\
                      temporalio_sdk_core::worker::activities=error,provision_bot::spans=off";

/// Sends the logs to standard error, in the given form, and spans to the collector
/// if there is one. `filter` is `RUST_LOG`.
pub fn start_logging(format: LogFormat, filter: &str, traces: Option<&Exporter>) {
    let filter = EnvFilter::try_new(format!("{filter},{ALWAYS}")).unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = fmt::layer().with_writer(std::io::stderr);
    let logs = match format {
        LogFormat::Text => logs.boxed(),
        LogFormat::Json => logs.json().flatten_event(true).boxed(),
    };
    let layers = tracing_subscriber::registry().with(logs.with_filter(filter)).with(traces.map(Exporter::layer));
    // A second start is a second logger in one process, as in tests: the first stays.
    let _ = layers.try_init();
}

/// What the bot counts. The SDK's own metrics come beside it, see [`crate::web`].
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<OutcomeLabels, Counter>,
    slack_calls: Family<SlackCallLabels, Counter>,
    handler_seconds: Family<HandlerLabels, Histogram, fn() -> Histogram>,
    decision_seconds: Family<VerdictLabels, Histogram, fn() -> Histogram>,
    open: Family<AgeLabels, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabels {
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AgeLabels {
    older_than: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SlackCallLabels {
    method: String,
    result: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HandlerLabels {
    handler: String,
    result: String,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::with(|_| {})
    }
}

impl Metrics {
    /// Beside the bot's own, those that `register` adds.
    pub fn with(register: impl FnOnce(&mut Registry)) -> Self {
        let mut registry = Registry::with_prefix("provision_bot");
        let requests = Family::default();
        let slack_calls = Family::default();
        let handler_seconds: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 13)));
        registry.register("requests", "Requests by what became of them: started, then each ending.", requests.clone());
        registry.register("slack_calls", "Calls of Slack's Web API, by method and result.", slack_calls.clone());
        registry.register(
            "handler_seconds",
            "Time until a delivery of Slack was answered, in seconds.",
            handler_seconds.clone(),
        );
        // From a second to three days, in steps of three.
        let decision_seconds: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(1.0, 3.0, 12)));
        let open = Family::default();
        registry.register(
            "decision_seconds",
            "Time from the question to the decision, in seconds.",
            decision_seconds.clone(),
        );
        registry.register("requests_open", "Requests that have not ended, by age; every copy tells all.", open.clone());
        register(&mut registry);
        Self { registry: Arc::new(registry), requests, slack_calls, handler_seconds, decision_seconds, open }
    }

    /// How many requests older than this have not ended.
    pub fn open(&self, older_than: &'static str, count: i64) {
        self.open.get_or_create(&AgeLabels { older_than }).set(count);
    }

    /// A request was decided so long after its authorizer had been asked.
    pub fn decided(&self, verdict: &'static str, after: Duration) {
        self.decision_seconds.get_or_create(&VerdictLabels { verdict }).observe(after.as_secs_f64());
    }

    /// A request was `started`, or ended in one of the final states.
    pub fn request(&self, outcome: &str) {
        self.requests.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// A call of Slack's Web API came back: `ok`, Slack's error code, or `unavailable`.
    pub fn slack_call(&self, method: &str, result: &str) {
        let labels = SlackCallLabels { method: method.to_owned(), result: result.to_owned() };
        self.slack_calls.get_or_create(&labels).inc();
    }

    /// A delivery of Slack was answered after `took`.
    pub fn handled(&self, handler: &str, result: &str, took: Duration) {
        let labels = HandlerLabels { handler: handler.to_owned(), result: result.to_owned() };
        self.handler_seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Everything counted so far, in the text format of Prometheus.
    pub fn render(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
