//! By what one request is judged, and what counted.

use serde::{Deserialize, Serialize};

use super::policy::Blueprint;
use super::refusal::Refusal;

/// The part of the policy one request is judged by, recorded when it passed the
/// pre-flight checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    pub team_name: String,
    pub regions: Vec<String>,
    pub profiles: Vec<String>,
    /// When the authorizer is reminded, in seconds after being asked.
    pub reminder_seconds: Option<u64>,
    pub blueprint: Blueprint,
    /// Who owns what a client asks for, and may withdraw it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Does the namespace have the search attributes of requests?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub indexed: bool,
}

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

impl Rules {
    /// Are these among what may be chosen?
    pub fn offer(&self, region: &str, profile: &str) -> Result<(), Refusal> {
        if !self.regions.iter().any(|offered| offered == region) {
            return Err(Refusal::UnknownRegion { region: region.to_owned() });
        }
        if !self.profiles.iter().any(|offered| offered == profile) {
            return Err(Refusal::UnknownProfile { profile: profile.to_owned() });
        }
        Ok(())
    }
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
