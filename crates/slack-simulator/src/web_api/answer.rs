//! What a method answers: something, or a refusal in Slack's words.

use serde_json::{Map, Value, json};

/// What a method answers: fields to put beside `"ok": true`, or an error.
pub(super) type Answer = Result<Value, Refusal>;

/// An error of Slack, with what it says besides the code.
#[derive(Debug)]
pub(super) struct Refusal {
    error: String,
    more: Map<String, Value>,
}

impl Refusal {
    pub(super) fn new(error: &str) -> Self {
        Refusal { error: error.into(), more: Map::new() }
    }

    pub(super) fn with(error: &str, more: Value) -> Self {
        Refusal { error: error.into(), more: more.as_object().cloned().unwrap_or_default() }
    }

    /// `invalid_arguments` with one message.
    pub(super) fn argument(message: &str) -> Self {
        Refusal::with(
            "invalid_arguments",
            json!({ "response_metadata": { "messages": [format!("[ERROR] {message}")] } }),
        )
    }

    pub(super) fn json(self) -> Value {
        let mut body = json!({ "ok": false, "error": self.error });
        self.more.into_iter().for_each(|(name, value)| body[name.as_str()] = value);
        body
    }
}

pub(super) fn refuse<T>(error: &str) -> Result<T, Refusal> {
    Err(Refusal::new(error))
}
