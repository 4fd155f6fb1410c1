//! Why what somebody does changes nothing. What is said about it, and where, is decided
//! by the door it came through.

use serde::{Deserialize, Serialize};

use super::act::Kind;
use super::decision::DecisionKind;
use super::lifecycle::Status;

/// Why an act changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "refused", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Refusal {
    /// Others decide this.
    NotAsked {
        act: Kind,
        asked: Vec<String>,
    },
    /// Only who asked for it withdraws it.
    NotRequester {
        requester: String,
    },
    /// This cannot be done with this request.
    NotOffered {
        act: Kind,
    },
    /// It is meant for another round; what is asked has changed since.
    OtherRound {
        round: u32,
    },
    /// Somebody has decided already.
    Decided {
        verdict: DecisionKind,
        by: String,
    },
    /// Somebody has chosen already what to do about the failure, or nothing is asked.
    NothingToChoose,
    /// The time for it is over.
    TooLate,
    /// The request is past this, or over.
    Past {
        status: Status,
    },
    NoRegion,
    NoProfile,
    NoRegionAndProfile,
    UnknownRegion {
        region: String,
    },
    UnknownProfile {
        profile: String,
    },
    /// There is no plan to say yes to.
    NoPlan,
    /// It is being made.
    PlanUnderway,
    PlanFailed,
    /// A finding forbids it.
    PlanBlocked,
    /// Which plan is meant is not said.
    NoPlanId,
    /// Another plan is meant than the one there is.
    OtherPlan,
    /// The plan is one of other values.
    PlanOfOtherValues,
    /// What would be built is made otherwise now than when it was asked for.
    Reconfigured,
    /// A value that this request does not have.
    UnknownValue {
        name: String,
    },
    /// What is wrong with the value of a field.
    Parameter {
        name: String,
        label: String,
        what: String,
    },
    TextTooLong {
        most: usize,
    },
}

/// Why a decision that was accepted did not count when it was to be obeyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "why", rename_all = "snake_case")]
pub enum NotCounted {
    /// The decision itself was no good any more; another one may be.
    Decision(Refusal),
    /// The request would not pass its checks any more, for what its requester would
    /// read.
    Request(String),
    /// The checks could not be made.
    Unchecked(String),
}
