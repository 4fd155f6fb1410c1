//! Everything the bot can tell people, without a word of Slack.
//! The workflow says a [`Notice`] at each transition; how it looks and where it
//! appears is decided by whoever brings it to people.
//!
//! A notice is about a [`Subject`]. Today that is a request, and what can be told of it
//! is found by its phase:
//!
//! - [`asking`]: it is checked, and somebody is asked.
//! - [`deciding`]: what came of that.
//! - [`planning`]: what the work would do.
//! - [`building`]: the work goes on, or stops and needs a hand.
//! - [`ending`]: what came of the work.
//!
//! Another subject brings its own notices, and shares what is in [`notification`] and
//! [`conversation`].

pub mod asking;
pub mod building;
pub mod conversation;
pub mod deciding;
pub mod ending;
pub mod notification;
pub mod planning;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::asking::{Refused, Reminded, Requested};
pub use self::building::{ChoiceNotCounted, NeedsAttention, Retried};
pub use self::conversation::{Conversation, MessageRef, part};
pub use self::deciding::{ApprovalNotCounted, Authorized, Expired, Rejected};
pub use self::ending::{Cancelled, Cleanup, Failed, GivenUp, Provisioned, Undoing};
pub use self::notification::{Notification, Told};
pub use self::planning::{NotDiscarded, PlanChanged, PlanHeld, PlanStale, Planned, Planning};
use super::decision::{Authorization, DecisionKind};
use super::lifecycle::Status;
use super::plan::PlanOnCard;
use super::provisioning::PartState;
use super::request::{ProvisionRequest, RequestId};
use super::rules::Rules;

/// What happened to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    Refused(Refused),
    Requested(Requested),
    Reminded(Reminded),
    #[serde(rename = "not_counted")]
    ApprovalNotCounted(ApprovalNotCounted),
    Planning(Planning),
    Planned(Planned),
    PlanStale(PlanStale),
    PlanHeld(PlanHeld),
    PlanChanged(PlanChanged),
    NotDiscarded(NotDiscarded),
    Authorized(Authorized),
    Rejected(Rejected),
    Expired(Expired),
    NeedsAttention(NeedsAttention),
    ChoiceNotCounted(ChoiceNotCounted),
    Retried(Retried),
    Undoing(Undoing),
    Provisioned(Provisioned),
    Cancelled(Cancelled),
    Failed(Failed),
}

impl Notice {
    /// Where a request stands once this has happened.
    pub fn status(&self) -> Status {
        match self {
            Self::Requested(_)
            | Self::Reminded(_)
            | Self::ApprovalNotCounted(_)
            | Self::Planning(_)
            | Self::Planned(_)
            | Self::PlanChanged(_) => Status::AwaitingAuthorization,
            Self::Authorized(_) | Self::Retried(_) | Self::Undoing(_) | Self::PlanStale(_) | Self::PlanHeld(_) => {
                Status::Provisioning
            }
            Self::NotDiscarded(it) => it.status,
            Self::NeedsAttention(_) | Self::ChoiceNotCounted(_) => Status::NeedsAttention,
            Self::Rejected(_) => Status::Rejected,
            Self::Expired(_) => Status::Expired,
            Self::Provisioned(_) => Status::Provisioned,
            Self::Cancelled(_) => Status::Cancelled,
            Self::Refused(_) | Self::Failed(_) => Status::Failed,
        }
    }

    /// The end of what it says is waited for, in Unix seconds.
    pub fn expires_at(&self) -> Option<i64> {
        match self {
            Self::Requested(it) => Some(it.expires_at),
            Self::Reminded(it) => Some(it.expires_at),
            Self::ApprovalNotCounted(it) => Some(it.expires_at),
            Self::Planned(it) => Some(it.expires_at),
            Self::PlanChanged(it) => Some(it.expires_at),
            _ => None,
        }
    }

    /// The decision that it tells, if it tells one.
    pub fn decision(&self) -> Option<DecisionKind> {
        match self {
            Self::Authorized(_) => Some(DecisionKind::Approve),
            Self::Rejected(_) => Some(DecisionKind::Reject),
            _ => None,
        }
    }
}

/// What notices are about. Each subject has notices of its own, so that nothing can be
/// told of one that only happens to another.
pub trait Subject {
    /// What can be told of it.
    type Notice;
}

/// A request, as far as people are told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestSubject {
    pub request_id: RequestId,
    /// The round that the buttons are for.
    pub round: u32,
    pub request: ProvisionRequest,
    /// `None` when the request did not pass the pre-flight checks.
    pub rules: Option<Rules>,
    /// The decision that counted, once there is one.
    pub authorization: Option<Authorization>,
    /// The values of what is asked for beyond the name, as far as they are known.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// The plan that the card is about, where there is one before a yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanOnCard>,
    /// How each part stands, where it is made of parts and building began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartState>,
}

impl Subject for RequestSubject {
    type Notice = Notice;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_notification_is_recorded_flat_and_reads_back() {
        let request = json!({
            "applicationName": "checkout",
            "teamId": "payments",
            "requesterId": "U0ALICE",
            "authorizerId": "U0BOB",
            "blueprint": "bucket",
            "justification": null,
            "channelId": "C0PLATFORM",
            "authorizationTimeoutSeconds": 120,
        });
        let recorded = json!({
            "requestId": "checkout-7f3a9c0011",
            "round": 2,
            "request": request,
            "rules": null,
            "authorization": null,
            "notice": { "notice": "not_counted", "why": { "kind": "request", "why": "no team" }, "expiresAt": 7 },
            "atWork": null,
            "conversation": { "root": { "channel": "C0PLATFORM", "ts": "1.2" } },
            "lookBack": 3,
        });
        let read: Notification = serde_json::from_value(recorded.clone()).unwrap();
        assert!(matches!(read.notice, Notice::ApprovalNotCounted(_)));
        assert_eq!(serde_json::to_value(&read).unwrap(), recorded);
    }
}
