//! What came of the question whether a request may be built.

use serde::{Deserialize, Serialize};

use crate::domain::refusal::NotCounted;

/// An approval did not count, and the request waits on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalNotCounted {
    pub why: NotCounted,
    /// Unix seconds.
    pub expires_at: i64,
}

/// The authorizer approved; the provisioner is at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorized {
    pub region: String,
    pub profile: String,
    pub decided_by: String,
    /// Which attempt begins: not the first where the plan of one before did not hold.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub attempt: u32,
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_first(attempt: &u32) -> bool {
    *attempt == 1
}

/// The authorizer rejected. Ends the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    pub decided_by: String,
    pub reason: Option<String>,
}

/// Nobody decided in time. Ends the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expired {
    /// Who approved it, where nobody could be asked in time whether that counts.
    #[serde(default)]
    pub unconfirmed: Option<String>,
}
