//! [`Api`]: where the API is, what its calls work with, and how long they may take.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::tokens::Tokens;
use crate::bodies::Bodies;
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
    pub(super) policy: Arc<Policy>,
    pub(super) directory: Directory,
    pub(super) requests: Requests,
    pub(super) open: Open,
    pub(super) metrics: Metrics,
    pub(super) tokens: Arc<Tokens>,
    pub(super) bodies: Bodies,
    pub(super) waiting: Arc<Waiting>,
    pub(super) stopping: watch::Receiver<bool>,
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
    pub(super) fn in_time(&self, arrived: Instant) -> (Requests, Open) {
        let due = arrived + ANSWER_WITHIN;
        (self.requests.until(due), self.open.until(due))
    }

    pub(super) fn asking<'a>(&'a self, requests: &'a Requests, open: &'a Open) -> Asking<'a> {
        Asking { policy: &self.policy, directory: &self.directory, requests, open, metrics: &self.metrics }
    }
}
