//! What the provisioners count, for whoever serves them.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Clones count together.
#[derive(Clone)]
pub struct Metrics {
    step_seconds: Family<StepLabels, Histogram, fn() -> Histogram>,
    failures: Family<FailureLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    step: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    step: String,
    kind: String,
}

impl Default for Metrics {
    fn default() -> Self {
        // From 10 ms to 80 s: a step is one call, or a bucket that has to be emptied.
        Self {
            step_seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.01, 2.0, 14))),
            failures: Family::default(),
        }
    }
}

impl Metrics {
    /// Names them in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "provision_step_seconds",
            "Time a step of the built-in provisioner took, in seconds.",
            self.step_seconds.clone(),
        );
        registry.register(
            "provision_failures",
            "Steps of the built-in provisioner that failed, by what kept them from being done.",
            self.failures.clone(),
        );
    }

    /// A step was done.
    pub fn done(&self, step: &'static str, took: Duration) {
        self.step_seconds.get_or_create(&StepLabels { step }).observe(took.as_secs_f64());
    }

    /// A step was not done; `kind` is the type of the failure in Temporal.
    pub fn failed(&self, step: &str, kind: &str) {
        let labels = FailureLabels { step: step.to_owned(), kind: kind.to_owned() };
        self.failures.get_or_create(&labels).inc();
    }
}
