//! What the simulator remembers of the traffic, and the faults a test may order.

use std::time::Duration;

use serde_json::Value;

/// One Web API call of the bot, with its answer.
#[derive(Debug, Clone)]
pub struct Call {
    /// Such as `chat.postMessage`.
    pub method: String,
    /// The arguments, tokens left out.
    pub args: Value,
    /// HTTP status; 0 when the connection was dropped or the call hangs.
    pub status: u16,
    /// The body of the answer.
    pub answer: Value,
    /// When it came.
    pub at: jiff::Timestamp,
    /// How long the answer took.
    pub latency: Duration,
}

impl Call {
    /// Did Slack say `"ok": true`?
    pub fn ok(&self) -> bool {
        self.answer["ok"] == true
    }
}

/// One delivery to the bot, with its answer.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// The route, such as `/slack/commands`.
    pub path: String,
    /// The body exactly as sent.
    pub body: String,
    /// The headers exactly as sent.
    pub headers: Vec<(String, String)>,
    /// What the bot answered; none when it did not answer in time.
    pub status: Option<u16>,
    /// The body of the answer.
    pub answer: String,
    /// The kind of that body.
    pub content_type: String,
    /// In Socket Mode, the number of the connection that acknowledged it.
    pub connection: Option<u64>,
    /// Why there is no answer: `operation_timeout`, or a connection error.
    pub error: Option<String>,
    /// When it was sent.
    pub at: jiff::Timestamp,
    /// How long the answer took.
    pub latency: Duration,
}

impl Delivery {
    /// The `payload` of an interaction, the fields of a command, or the event.
    pub fn payload(&self) -> Value {
        if let Ok(json) = serde_json::from_str(&self.body) {
            return json;
        }
        let fields: Vec<(String, String)> =
            url::form_urlencoded::parse(self.body.as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        match fields.iter().find(|(name, _)| name == "payload") {
            Some((_, payload)) => serde_json::from_str(payload).unwrap_or(Value::Null),
            None => fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect(),
        }
    }
}

/// What can go wrong with one Web API call.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Nothing goes wrong: the fault ordered next is for a later call.
    None,
    /// 429 with this `Retry-After`, in seconds.
    RateLimited { retry_after: u64 },
    /// 429 with whatever this says as `Retry-After`.
    Limited(String),
    /// An HTTP error status with a body that is no JSON.
    ServerError(u16),
    /// No answer for a minute.
    Hang,
    /// The call takes effect, and is answered when the workspace is healed, or
    /// after a minute.
    HangAfterApply,
    /// The call takes effect, then the connection breaks.
    DropAfterApply,
    /// A page for people, with this HTTP status.
    Html(u16),
    /// Slack's own error: HTTP 200, `"ok": false`.
    Error(String),
    /// This instead of an answer, with HTTP 200. Nothing is done.
    Answer(Value),
}

/// The clock of the simulated Slack.
#[expect(clippy::disallowed_methods, reason = "the simulated Slack has a clock, as the real one has")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
