//! What is answered when nothing was done: a sentence, and what it is about.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::domain::lifecycle::RequestState;
use crate::requests::RequestError;

/// When to come back after a 503, in seconds.
const COME_BACK: u64 = 2;

/// Why nothing was done.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    body: Map<String, Value>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, said: impl Into<String>) -> Self {
        Self { status, body: Map::from_iter([("error".to_owned(), Value::from(said.into()))]) }
    }

    /// There is no such thing for this client.
    pub(super) fn unknown(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}."))
    }

    /// A sentence for each field.
    pub(super) fn fields(fields: BTreeMap<String, String>) -> Self {
        let said: Vec<_> = fields.iter().map(|(field, said)| format!("{field}: {said}")).collect();
        let mut refused = Self::new(StatusCode::UNPROCESSABLE_ENTITY, said.join(" "));
        refused.body.insert("fields".to_owned(), json!(fields));
        refused
    }

    pub(super) fn field(field: &str, said: impl Into<String>) -> Self {
        Self::fields(BTreeMap::from([(field.to_owned(), said.into())]))
    }

    /// It does not fit what is so by now.
    pub(super) fn stands(said: impl Into<String>, state: &RequestState) -> Self {
        Self::new(StatusCode::CONFLICT, said).with("state", json!(state))
    }

    pub(super) fn with(mut self, key: &str, value: Value) -> Self {
        self.body.insert(key.to_owned(), value);
        self
    }

    /// Somebody who is asked does not answer; it may be tried again.
    pub(super) fn away(who: &str) -> Self {
        let said = format!("{who} does not answer right now. Please try again in a moment: nothing is done twice.");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, said)
    }

    pub(super) fn why(&self) -> &str {
        self.body.get("error").and_then(Value::as_str).unwrap_or_default()
    }
}

impl From<RequestError> for Refused {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NotFound | RequestError::Ended => Self::unknown("request"),
            RequestError::NoAnswer(why) => {
                tracing::warn!(why, "a call of the API could not be answered");
                Self::away("The service that keeps the requests")
            }
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut answer = (self.status, Json(self.body)).into_response();
        let headers = answer.headers_mut();
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, COME_BACK.into());
            }
            _ => {}
        }
        answer
    }
}
