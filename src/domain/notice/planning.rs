//! What a provisioner would do is asked for, shown before anybody says yes, and made anew
//! where it does not hold when building begins.

use serde::{Deserialize, Serialize};

use crate::domain::lifecycle::Status;

/// Somebody wants to see the plan; the provisioner is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Planning {
    /// The number of the plan.
    pub number: u32,
}

/// The plan is there, or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    /// Unix seconds.
    pub expires_at: i64,
}

/// Building began, and the plan does not hold any more: it is made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanStale {
    /// The attempt that found that.
    pub attempt: u32,
}

/// The new plan is the one that was approved; the provisioner is at work with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanHeld {
    /// The attempt that begins.
    pub attempt: u32,
}

/// The new plan is another one, and they are asked anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanChanged {
    /// The attempt that found that the plan before does not hold.
    pub attempt: u32,
    /// Unix seconds.
    pub expires_at: i64,
}

/// What a plan, or an attempt that was given up, left cannot be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotDiscarded {
    /// How often that was told of this request, with this.
    pub number: u32,
    /// Where the request stands, which this does not change.
    pub status: Status,
    /// What is still there.
    pub what: String,
    pub cause: String,
}
