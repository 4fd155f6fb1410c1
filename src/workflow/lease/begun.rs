//! The input of the workflow: what was built, and, where a run before this one went on to it,
//! all that is known by then.

use serde::{Deserialize, Serialize};

use crate::domain::lease::Lease;
use crate::domain::lease::act::LeaseAct;
use crate::domain::lease::judge::LeaseVerdict;
use crate::domain::lease::notice::LeaseNotice;
use crate::domain::lease::state::Leased;
use crate::domain::notice::Conversation;

/// The input of `ResourceLease`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    #[serde(flatten)]
    pub leased: Leased,
    /// From the run before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Box<Carried>>,
}

/// What a run hands to the next one: nothing that came to the one is lost to the other, nor done
/// twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carried {
    pub lease: Option<Lease>,
    pub inbox: Vec<LeaseAct>,
    pub verdicts: Vec<(String, LeaseVerdict)>,
    pub conversation: Conversation,
    pub unsettled: Option<i64>,
    /// How many notices were told.
    pub told: u32,
    /// The notice whose messages may have buttons still, and its number.
    pub offering: Option<(u32, LeaseNotice)>,
}

impl Begun {
    /// Of something that was just built.
    pub fn new(leased: Leased) -> Self {
        Self { leased, carried: None }
    }
}

/// The ID of the workflow of what a request built.
pub fn workflow_id(request_id: &str) -> String {
    format!("{request_id}.lease")
}
