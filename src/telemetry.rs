//! Metrics, each named once. Traces: [`crate::traces`]; logs: [`crate::logs`].

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

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
            "Time until a delivery of Slack or a call of the API was answered, in seconds.",
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

    /// Everything counted so far, in the text format of Prometheus, version 0.0.4.
    pub fn render(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut out, &self.registry);
        classic(&out)
    }
}

/// OpenMetrics, which the library writes, in the older format. There a counter is
/// described by the name of its samples, and nothing marks the end
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
fn classic(open: &str) -> String {
    let mut out = String::with_capacity(open.len());
    let mut help = None;
    for line in open.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            // The library ends the sentence, whether it has an end or not.
            (Some("#"), Some("HELP"), Some(_), text) => help = text.map(|text| text.trim_end_matches('.')),
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                let suffix = if kind == "counter" { "_total" } else { "" };
                let help = help.take().unwrap_or(name);
                out += &format!("# HELP {name}{suffix} {help}.\n# TYPE {name}{suffix} {kind}\n");
            }
            (Some("#"), ..) => {}
            _ => {
                out += line;
                out.push('\n');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_described_by_the_name_of_its_samples() {
        let metrics = Metrics::default();
        metrics.request("started");
        metrics.open("0s", 2);
        metrics.slack_call("chat.postMessage", "\"odd\\\n");
        metrics.decided("approve", Duration::from_secs(2));
        let told = metrics.render();
        for lines in [
            "# HELP provision_bot_requests_total Requests by what became of them: started, then each ending.\n\
             # TYPE provision_bot_requests_total counter\n\
             provision_bot_requests_total{outcome=\"started\"} 1\n",
            "# TYPE provision_bot_requests_open gauge\nprovision_bot_requests_open{older_than=\"0s\"} 2\n",
            "{method=\"chat.postMessage\",result=\"\\\"odd\\\\\\n\"} 1\n",
            "# TYPE provision_bot_decision_seconds histogram\nprovision_bot_decision_seconds_sum",
            "provision_bot_decision_seconds_bucket{le=\"+Inf\",verdict=\"approve\"} 1\n",
        ] {
            assert!(told.contains(lines), "{lines} is not in\n{told}");
        }
        assert!(!told.contains("# EOF") && !told.contains("..\n"), "{told}");
    }
}
