//! [`Malformed`]: why a delivery could not be read.

/// Why a signed delivery could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    #[error("the body is no form: {0}")]
    Form(String),
    #[error("the payload is not what Slack sends: {0}")]
    Payload(String),
}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        // Without the text around it: it may be anything.
        Self::Payload(format!("{:?} error at line {}, column {}", error.classify(), error.line(), error.column()))
    }
}
