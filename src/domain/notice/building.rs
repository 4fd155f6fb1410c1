//! A provisioner is at work, or has stopped, and a person must choose what to do about it.

use serde::{Deserialize, Serialize};

use crate::domain::lifecycle::Failure;
use crate::domain::refusal::NotCounted;

/// Provisioning stopped, and a person must choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NeedsAttention {
    pub failure: Failure,
    /// Unix seconds.
    pub expires_at: i64,
}

/// A choice did not count, and the question stays open: who chose may not decide
/// any more, or the request would not pass its checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChoiceNotCounted {
    pub attempt: u32,
    pub why: NotCounted,
}

/// Somebody chose to retry; the provisioner is at work again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retried {
    pub failure: Failure,
    pub decided_by: String,
}
