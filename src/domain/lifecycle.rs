//! The states of a request, and what may follow what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::approval::{Offer, Step, WaitingFor};
use super::decision::{Authorization, DecisionKind};
use super::moment::Moment;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    PreFlight,
    AwaitingAuthorization,
    Provisioning,
    /// Something failed, and a person must choose to retry or to give up.
    NeedsAttention,
    Provisioned,
    Rejected,
    Expired,
    Cancelled,
    Failed,
}

impl Status {
    /// The word people and programs read.
    pub fn word(self) -> &'static str {
        match self {
            Self::PreFlight => "pre_flight",
            Self::AwaitingAuthorization => "awaiting_authorization",
            Self::Provisioning => "provisioning",
            Self::NeedsAttention => "needs_attention",
            Self::Provisioned => "provisioned",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Is the request over?
    pub fn is_final(self) -> bool {
        matches!(self, Self::Provisioned | Self::Rejected | Self::Expired | Self::Cancelled | Self::Failed)
    }

    /// May `next` follow? The steps of the workflow, as a table.
    pub fn may_become(self, next: Self) -> bool {
        use Status::*;
        match self {
            PreFlight => matches!(next, AwaitingAuthorization | Cancelled | Failed),
            AwaitingAuthorization => matches!(next, Provisioning | Rejected | Expired | Cancelled | Failed),
            // The plan of what was approved does not hold, and another one is asked about.
            Provisioning => matches!(next, AwaitingAuthorization | NeedsAttention | Provisioned | Cancelled | Failed),
            NeedsAttention => matches!(next, Provisioning | Cancelled | Failed),
            Provisioned | Rejected | Expired | Cancelled | Failed => false,
        }
    }
}

/// The answer of the query `state`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestState {
    pub request_id: String,
    pub status: Status,
    pub round: u32,
    /// `None` unless it waits for its authorization.
    pub waiting_for: Option<WaitingFor>,
    /// The end of that wait; `None`, too, while the clock is stopped.
    pub deadline: Option<Moment>,
    pub offer: Offer,
    pub steps: Vec<Step>,
    /// A question that was asked, and not answered yet.
    pub question: Option<Value>,
    /// A counter-offer that waits.
    pub counter: Option<Value>,
    /// The decision that counted.
    pub authorization: Option<Authorized>,
    /// What was provisioned: the outputs of the provisioner.
    pub resources: Option<BTreeMap<String, Value>>,
    /// What went wrong, last.
    pub failure: Option<FailureShown>,
}

impl RequestState {
    /// Does a provisioner build, or plan?
    pub fn is_worked_on(&self) -> bool {
        self.status == Status::Provisioning || self.waiting_for == Some(WaitingFor::Plan)
    }
}

/// The decision that counted, as programs read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorized {
    pub decision: DecisionKind,
    pub region: Option<String>,
    pub profile: Option<String>,
    pub decided_by: String,
    pub reason: Option<String>,
    pub at: Moment,
}

impl Authorized {
    pub fn new(authorization: &Authorization, at: Moment) -> Self {
        let (decision, decided_by) = (authorization.verdict(), authorization.decided_by().to_owned());
        let (region, profile, reason) = match authorization.clone() {
            Authorization::Approve { region, profile, .. } => (Some(region), Some(profile), None),
            Authorization::Reject { reason, .. } => (None, None, reason),
        };
        Self { decision, region, profile, decided_by, reason, at }
    }
}

/// What went wrong, as programs read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureShown {
    /// The step that failed, in the provisioner's words, if it told.
    pub step: Option<String>,
    pub cause: String,
    pub advice: String,
}

impl From<Failure> for FailureShown {
    fn from(Failure { step, cause, advice, .. }: Failure) -> Self {
        Self { step, cause, advice }
    }
}

/// By what a request's workflow was ended before its end: its state stands where it
/// stood then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Somebody ended it from outside.
    Terminated,
    /// Its time was over, which whoever started it had set.
    TimedOut,
    /// It returned an error.
    Failed,
    /// Anything else.
    Other,
}

/// Something that went wrong, said to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The step that failed, in the provisioner's words, if it told.
    pub step: Option<String>,
    /// What went wrong.
    pub cause: String,
    /// What somebody can do about it.
    pub advice: String,
    /// How often it has been tried, by people: 1 before the first retry.
    pub attempt: u32,
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    Retry,
    GiveUp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_state_stays() {
        use Status::*;
        let all = [
            PreFlight,
            AwaitingAuthorization,
            Provisioning,
            NeedsAttention,
            Provisioned,
            Rejected,
            Expired,
            Cancelled,
            Failed,
        ];
        for from in all {
            let anything = all.into_iter().any(|to| from.may_become(to));
            assert_eq!(anything, !from.is_final(), "{from:?}");
            assert_eq!(serde_json::to_value(from).unwrap(), from.word());
        }
    }
}
