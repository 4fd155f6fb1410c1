//! [`SlackError`]: why a call had no success, told without anything of a body.

use std::time::Duration;

use serde::Deserialize;
use slack_morphism::errors::SlackClientError;

use crate::slack::rate_limits;
use crate::slack::refusal::Refusal;

/// Why a call had no success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// Slack answered with an error code; `detail` is what it said beside it.
    #[error("{method}: {code}{detail}")]
    Refused { method: &'static str, code: String, detail: String },
    #[error("{method}: rate limited, again in {} s", retry_after.as_secs())]
    RateLimited { method: &'static str, retry_after: Duration },
    /// No answer, or none that can be read. The call may have been carried out.
    #[error("{method}: {why}")]
    Unavailable { method: &'static str, why: String },
}

impl SlackError {
    /// Slack's error code, if it answered with one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::RateLimited { .. } | Self::Unavailable { .. } => None,
        }
    }

    /// How long Slack asks us to wait, if it does.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => Some(*retry_after),
            Self::Refused { .. } | Self::Unavailable { .. } => None,
        }
    }

    /// What Slack means by its code, if it answered with one.
    pub fn refusal(&self) -> Option<Refusal> {
        self.code().map(Refusal::of)
    }

    /// Is it this error code?
    pub fn is(&self, wanted: &str) -> bool {
        self.code() == Some(wanted)
    }
}

pub(super) fn read_error(method: &'static str, error: SlackClientError) -> SlackError {
    match error {
        SlackClientError::RateLimitError(limit) => {
            SlackError::RateLimited { method, retry_after: rate_limits::obeyed(limit.retry_after) }
        }
        SlackClientError::ApiError(api) if api.code == "ratelimited" || api.code == "rate_limited" => {
            SlackError::RateLimited { method, retry_after: rate_limits::obeyed(None) }
        }
        SlackClientError::ApiError(api) => {
            let detail = api.http_response_body.as_deref().map(detail).unwrap_or_default();
            SlackError::Refused { method, code: api.code, detail }
        }
        SlackClientError::HttpError(http) => unreadable(method, &format!("HTTP {}", http.status_code)),
        // The text of the others may carry a body: only their kind is told.
        SlackClientError::ProtocolError(_) => unreadable(method, "an answer that cannot be read"),
        SlackClientError::HttpProtocolError(http) => {
            let cause = http.cause.as_deref().map(|cause| cause as &dyn std::error::Error);
            let mut causes = std::iter::successors(cause, |cause| cause.source());
            // A proxy's no has nothing of a body in it, and is of use.
            let refused = causes.find_map(|cause| Some(cause.to_string().strip_prefix("tunnel error: ")?.to_owned()));
            match refused {
                Some(why) => unreadable(method, &format!("the proxy opens no way: {why}")),
                None => unreadable(method, "the connection broke"),
            }
        }
        _ => unreadable(method, "the call failed"),
    }
}

/// What Slack says beside an error code: which scope, or which part of a view.
fn detail(body: &str) -> String {
    #[derive(Default, Deserialize)]
    struct Body {
        needed: Option<String>,
        provided: Option<String>,
        #[serde(default)]
        response_metadata: Notes,
    }
    #[derive(Default, Deserialize)]
    struct Notes {
        #[serde(default)]
        messages: Vec<String>,
    }
    let body: Body = serde_json::from_str(body).unwrap_or_default();
    match (body.needed, body.response_metadata.messages) {
        (Some(needed), _) => format!(" (needs {needed}, has {})", body.provided.unwrap_or_default()),
        (None, messages) if !messages.is_empty() => format!(" ({})", messages.join("; ")),
        _ => String::new(),
    }
}

pub(in crate::slack) fn unreadable(method: &'static str, why: &str) -> SlackError {
    SlackError::Unavailable { method, why: why.to_owned() }
}
