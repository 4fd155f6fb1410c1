//! What is told of a lease to programs: the input of its workflow, and the answer of `state`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::terms::Lifetime;
use crate::domain::lifecycle::FailureShown;
use crate::domain::moment::Moment;

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseStatus {
    Active,
    ReadOnly,
    Closed,
    Removing,
    NeedsAttention,
    Missing,
    Removed,
}

impl LeaseStatus {
    /// Its name, as programs read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::ReadOnly => "read_only",
            Self::Closed => "closed",
            Self::Removing => "removing",
            Self::NeedsAttention => "needs_attention",
            Self::Missing => "missing",
            Self::Removed => "removed",
        }
    }
}

/// What was built, and for whom: the input of `ResourceLease`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leased {
    pub request_id: String,
    pub application_name: String,
    pub team_id: String,
    pub blueprint: String,
    /// Who decides about it: a person, or a client.
    pub owner: String,
    pub requester_id: String,
    /// Who approved it, the last one last.
    #[serde(default)]
    pub signers: Vec<String>,
    /// Where its thread is.
    #[serde(default)]
    pub channel_id: String,
    #[serde(default)]
    pub thread_ts: Option<String>,
    pub region: String,
    pub profile: String,
    #[serde(default)]
    pub resource_name: String,
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// What its provisioner answered; of parts, by their IDs.
    #[serde(default)]
    pub outputs: Map<String, Value>,
    /// When it was approved; absent: when the lease begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<Moment>,
    /// How long it is wanted from then on; absent: what the file says.
    #[serde(default)]
    pub lifetime_seconds: Option<Lifetime>,
}

/// The answer of the query `state`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseState {
    pub request_id: String,
    pub status: LeaseStatus,
    pub round: u32,
    pub owner: String,
    /// Since when it stands so.
    pub since: Moment,
    pub ends_at: Option<Moment>,
    /// Of the next change of level.
    pub next_step_at: Option<Moment>,
    /// How many were granted.
    pub extensions: u32,
    /// An extension that waits for its approval.
    pub pending: Option<Pending>,
    pub region: String,
    pub profile: String,
    pub resources: Map<String, Value>,
    pub failure: Option<FailureShown>,
}

/// Something that was built, and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub leased: Leased,
    pub state: LeaseState,
}

/// An act that waits for others to agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub act: super::act::LeaseKind,
    pub seconds: Option<u64>,
    pub by: String,
    pub asked: Vec<String>,
    pub deadline: Moment,
}
