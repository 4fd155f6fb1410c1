//! A request is checked, and somebody is asked whether it may be built.

use serde::{Deserialize, Serialize};

use crate::domain::policy::PreflightProblem;

/// The request did not pass the pre-flight checks. Ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    pub problem: PreflightProblem,
}

/// The request waits for its authorizer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requested {
    /// Unix seconds.
    pub expires_at: i64,
}

/// The authorizer has been asked a while ago and has not decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reminded {
    /// Unix seconds.
    pub expires_at: i64,
}
