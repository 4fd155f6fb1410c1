//! What came of the work, and what becomes of what was built.

use serde::{Deserialize, Serialize};

use crate::domain::lifecycle::Failure;
use crate::domain::provisioning;

/// The request will end without success, and what was built cannot be removed for
/// now; it is tried until it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undoing {
    /// What is still there.
    pub what: String,
    /// Why it is.
    pub cause: String,
}

/// The resources exist. Ends the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provisioned {
    pub result: provisioning::Provisioned,
}

/// The request was withdrawn. Ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cancelled {
    pub cleanup: Cleanup,
}

/// The request failed for good. Ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    pub failure: Failure,
    pub given_up: GivenUp,
    pub cleanup: Cleanup,
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
