//! A decision about a request: what kind it is, and one that counts.

use serde::{Deserialize, Serialize};

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    Approve,
    Reject,
}

/// A decision that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Authorization {
    Approve { region: String, profile: String, decided_by: String },
    Reject { decided_by: String, reason: Option<String> },
}

impl Authorization {
    pub fn decided_by(&self) -> &str {
        match self {
            Self::Approve { decided_by, .. } | Self::Reject { decided_by, .. } => decided_by,
        }
    }

    pub fn verdict(&self) -> DecisionKind {
        match self {
            Self::Approve { .. } => DecisionKind::Approve,
            Self::Reject { .. } => DecisionKind::Reject,
        }
    }
}
