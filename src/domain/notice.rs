//! Everything the bot can tell people about a request, without a word of Slack.
//! The workflow says a [`Notice`] at each transition; how it looks and where it
//! appears is decided by whoever brings it to people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lifecycle::{Failure, Status};
use super::policy::PreflightProblem;
use super::provisioning::Provisioned;
use super::refusal::NotCounted;
use super::request::{ProvisionRequest, RequestId};
use super::rules::{Authorization, Rules};

/// What happened to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Notice {
    /// The request did not pass the pre-flight checks. Ends it.
    Refused { problem: PreflightProblem },
    /// The request waits for its authorizer.
    Requested { expires_at: i64 },
    /// The authorizer has been asked a while ago and has not decided.
    Reminded { expires_at: i64 },
    /// An approval did not count, and the request waits on.
    NotCounted { why: NotCounted, expires_at: i64 },
    /// The authorizer approved; the provisioner is at work.
    Authorized { region: String, profile: String, decided_by: String },
    /// The authorizer rejected. Ends the request.
    Rejected { decided_by: String, reason: Option<String> },
    /// Nobody decided in time. Ends the request. `unconfirmed`: who approved it, where
    /// nobody could be asked in time whether that counts.
    Expired {
        #[serde(default)]
        unconfirmed: Option<String>,
    },
    /// Provisioning stopped, and a person must choose.
    NeedsAttention { failure: Failure, expires_at: i64 },
    /// A choice did not count, and the question stays open: who chose may not decide
    /// any more, or the request would not pass its checks.
    ChoiceNotCounted { attempt: u32, why: NotCounted },
    /// Somebody chose to retry; the provisioner is at work again.
    Retried { failure: Failure, decided_by: String },
    /// The request will end without success, and what was built cannot be removed for
    /// now; it is tried until it is. `what` it is, and why it is still there.
    Undoing { what: String, cause: String },
    /// The resources exist. Ends the request.
    Provisioned { result: Provisioned },
    /// The request was withdrawn. Ends it.
    Cancelled { cleanup: Cleanup },
    /// The request failed for good. Ends it.
    Failed { failure: Failure, given_up: GivenUp, cleanup: Cleanup },
}

/// Who gave up on a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum GivenUp {
    /// A person chose to.
    ByChoice { decided_by: String },
    /// Nobody chose in time.
    Unanswered,
    /// Nobody could be asked, for this reason.
    Unasked { why: String },
    /// There was nothing to choose: the request could not even be asked.
    AtOnce,
}

/// What became of resources that existed when a request ended without success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Cleanup {
    /// Nothing had been built.
    NothingBuilt,
    /// Everything built was removed.
    Removed,
    /// Removing did not succeed: somebody must look, for this reason.
    Remains { what: String, cause: String },
}

impl Notice {
    /// Where a request stands once this has happened.
    pub fn status(&self) -> Status {
        match self {
            Self::Requested { .. } | Self::Reminded { .. } | Self::NotCounted { .. } => Status::AwaitingAuthorization,
            Self::Authorized { .. } | Self::Retried { .. } | Self::Undoing { .. } => Status::Provisioning,
            Self::NeedsAttention { .. } | Self::ChoiceNotCounted { .. } => Status::NeedsAttention,
            Self::Rejected { .. } => Status::Rejected,
            Self::Expired { .. } => Status::Expired,
            Self::Provisioned { .. } => Status::Provisioned,
            Self::Cancelled { .. } => Status::Cancelled,
            Self::Refused { .. } | Self::Failed { .. } => Status::Failed,
        }
    }
}

/// The input of the activity `notify`: a notice, and all there is to say about
/// the request it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    pub request_id: RequestId,
    /// The round that the buttons are for.
    pub round: u32,
    pub request: ProvisionRequest,
    /// `None` when the request did not pass the pre-flight checks.
    pub rules: Option<Rules>,
    /// The decision that counted, once there is one.
    pub authorization: Option<Authorization>,
    pub notice: Notice,
    /// The ID of the activity that is at work now. Whoever tells that it is stays,
    /// shows its progress, and tells what came of it.
    pub at_work: Option<String>,
    /// What earlier notices of this request left behind.
    pub conversation: Conversation,
    /// Unix seconds. From then on a notice of this request was told of which it is not
    /// known what it posted: it failed, or was called off. Whoever tells
    /// this one looks first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_back: Option<i64>,
}

/// The result of the activity `notify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    pub conversation: Conversation,
    /// Why the authorizer could not be written to, in words for the requester.
    /// Without the question nobody can answer it.
    pub unreachable: Option<String>,
    /// Was told, too, what came of the work that was accompanied?
    #[serde(default)]
    pub outcome: bool,
}

/// Where the messages of a request are, by the part they play in its
/// conversation. The workflow carries it from notice to notice and never looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conversation(pub BTreeMap<String, MessageRef>);

/// The parts that others than whoever brings notices to people know of.
pub mod part {
    /// The message in the channel.
    pub const ROOT: &str = "root";
    /// The authorizer's card: with it somebody was asked.
    pub const CARD: &str = "card";

    /// The authorizer's card of a request that needs a hand.
    pub fn attention(attempt: u32) -> String {
        format!("{ATTENTION}-{attempt}")
    }

    pub const ATTENTION: &str = "attention";
}

/// One message, by the place it was posted in and its ID there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    pub channel: String,
    pub ts: String,
}
