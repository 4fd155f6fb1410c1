//! By what one request is judged, and the judgement. Both the click and the
//! signal come before [`Rules::accept`], so they cannot disagree.

use serde::{Deserialize, Serialize};

use super::policy::Blueprint;
use super::request::ProvisionRequest;

/// The longest reason that is kept, in characters.
pub const REASON_MAX: usize = 1000;

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
    /// Does the namespace have the search attributes of requests?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub indexed: bool,
}

/// What somebody wants to happen with a request: the payload of the signal
/// `authorize`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    pub decision: Verdict,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default)]
    pub profile: Option<String>,
    pub decided_by: String,
    #[serde(default)]
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
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

/// Why a decision does not count. The sentence is for the person who clicked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("Only <@{authorizer}> can decide this request.")]
    NotTheAuthorizer { authorizer: String },
    #[error("Choose a region first, then approve again.")]
    NoRegion,
    #[error("Choose a profile first, then approve again.")]
    NoProfile,
    #[error("Choose a region and a profile first, then approve again.")]
    NoRegionAndProfile,
    #[error("The region \"{0}\" is not one of the configured ones. Choose another one.")]
    UnknownRegion(String),
    #[error("The profile \"{0}\" is not one of the configured ones. Choose another one.")]
    UnknownProfile(String),
}

/// Why a decision that was sent did not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "why", rename_all = "snake_case")]
pub enum NotCounted {
    /// The decision itself was no good; another one may be.
    Decision(String),
    /// The request would not pass its checks any more, for what its requester would
    /// read.
    Request(String),
    /// The checks could not be made.
    Unchecked(String),
}

impl NotCounted {
    /// The reason by itself.
    pub fn reason(&self) -> &str {
        match self {
            Self::Decision(why) | Self::Request(why) | Self::Unchecked(why) => why,
        }
    }
}

impl Rules {
    /// Judges a decision on `request`.
    pub fn accept(&self, request: &ProvisionRequest, decision: &Decision) -> Result<Authorization, Refusal> {
        request.may_be_decided_by(&decision.decided_by)?;
        let decided_by = decision.decided_by.clone();
        if decision.decision == Verdict::Reject {
            return Ok(Authorization::Reject { decided_by, reason: decision.reason.as_deref().and_then(reason) });
        }
        let chosen = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
        match (chosen(&decision.region), chosen(&decision.profile)) {
            (None, None) => Err(Refusal::NoRegionAndProfile),
            (None, _) => Err(Refusal::NoRegion),
            (_, None) => Err(Refusal::NoProfile),
            (Some(region), Some(profile)) => {
                self.offer(&region, &profile)?;
                Ok(Authorization::Approve { region, profile, decided_by })
            }
        }
    }

    /// Are these among what may be chosen?
    pub fn offer(&self, region: &str, profile: &str) -> Result<(), Refusal> {
        if !self.regions.iter().any(|offered| offered == region) {
            return Err(Refusal::UnknownRegion(region.to_owned()));
        }
        if !self.profiles.iter().any(|offered| offered == profile) {
            return Err(Refusal::UnknownProfile(profile.to_owned()));
        }
        Ok(())
    }
}

impl ProvisionRequest {
    /// Only the person who was asked decides.
    pub fn may_be_decided_by(&self, user: &str) -> Result<(), Refusal> {
        if user == self.authorizer_id {
            return Ok(());
        }
        Err(Refusal::NotTheAuthorizer { authorizer: self.authorizer_id.clone() })
    }
}

/// A reason as it is kept: trimmed, bounded, or none. The form takes no longer
/// one; what another client sent too long says that it was cut.
fn reason(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let kept = match typed.char_indices().nth(REASON_MAX) {
        Some((end, _)) => format!("{}… (cut)", &typed[..end]),
        None => typed.to_owned(),
    };
    (!kept.is_empty()).then_some(kept)
}

impl Authorization {
    pub fn decided_by(&self) -> &str {
        match self {
            Self::Approve { decided_by, .. } | Self::Reject { decided_by, .. } => decided_by,
        }
    }

    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Approve { .. } => Verdict::Approve,
            Self::Reject { .. } => Verdict::Reject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::request::ApplicationName;

    fn accept(
        by: &str,
        decision: Verdict,
        region: Option<&str>,
        profile: Option<&str>,
    ) -> Result<Authorization, Refusal> {
        let rules = Rules {
            team_name: "Payments".into(),
            regions: vec!["us-east-1".into(), "eu-west-1".into()],
            profiles: vec!["sandbox".into()],
            reminder_seconds: None,
            blueprint: Blueprint {
                id: "bucket".into(),
                name: "Bucket".into(),
                description: String::new(),
                task_queue: "q".into(),
                provision_activity: "provision".into(),
                destroy_activity: "destroy".into(),
                encrypt: true,
            },
            indexed: false,
        };
        let request = ProvisionRequest {
            application_name: ApplicationName::parse("checkout").unwrap(),
            team_id: "payments".into(),
            requester_id: "U1".into(),
            authorizer_id: "U2".into(),
            blueprint: "bucket".into(),
            justification: None,
            channel_id: "C1".into(),
            authorization_timeout_seconds: 120,
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        rules.accept(
            &request,
            &Decision {
                decision,
                region: owned(region),
                profile: owned(profile),
                decided_by: by.into(),
                reason: Some("  because  ".into()),
            },
        )
    }

    #[test]
    fn only_the_authorizer_with_configured_choices_counts() {
        use Refusal::*;
        use Verdict::*;
        let approved =
            Authorization::Approve { region: "eu-west-1".into(), profile: "sandbox".into(), decided_by: "U2".into() };
        let rejected = Authorization::Reject { decided_by: "U2".into(), reason: Some("because".into()) };
        let stranger = Err(NotTheAuthorizer { authorizer: "U2".into() });
        for (by, verdict, region, profile, expected) in [
            ("U2", Approve, Some("eu-west-1"), Some("sandbox"), Ok(approved)),
            ("U2", Reject, None, None, Ok(rejected)),
            ("U1", Approve, Some("eu-west-1"), Some("sandbox"), stranger.clone()),
            ("U1", Reject, None, None, stranger),
            ("U2", Approve, None, None, Err(NoRegionAndProfile)),
            ("U2", Approve, Some(""), Some("sandbox"), Err(NoRegion)),
            ("U2", Approve, Some("eu-west-1"), None, Err(NoProfile)),
            ("U2", Approve, Some("mars-1"), Some("sandbox"), Err(UnknownRegion("mars-1".into()))),
            ("U2", Approve, Some("eu-west-1"), Some("root"), Err(UnknownProfile("root".into()))),
        ] {
            assert_eq!(accept(by, verdict, region, profile), expected);
        }
    }
}
