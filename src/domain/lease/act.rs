//! What people do with something that was built: the payload of the signal `act` of a lease.

use serde::{Deserialize, Serialize};

use crate::domain::act::Door;
use crate::domain::moment::Moment;

/// Somebody does something with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseAct {
    pub act: LeaseKind,
    /// The round it is meant for; `None`: the one of the moment.
    #[serde(default)]
    pub round: Option<u32>,
    /// Who does it: by whom a signed delivery or a client's token says that it comes.
    pub by: String,
    /// For how long; `None`: the term it was approved for.
    #[serde(default)]
    pub seconds: Option<u64>,
    /// To whom it is given.
    #[serde(default)]
    pub to: Option<String>,
    #[serde(default)]
    pub door: Door,
    /// Under which the door that sent it asks what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseKind {
    Extend,
    Keep,
    Remove,
    Give,
    Take,
    Approve,
    Reject,
    Retry,
    GiveUp,
}

impl LeaseAct {
    /// An act without any values, as it comes through `door`.
    pub fn new(act: LeaseKind, by: &str, door: Door) -> Self {
        Self { act, round: None, by: by.to_owned(), seconds: None, to: None, door, key: None }
    }
}

/// What an act that counts does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseAccepted {
    Extended {
        until: Moment,
    },
    /// What somebody was done with is as it was.
    Reopened,
    Discarded,
    Given {
        to: String,
    },
    Retried,
    LeftAlone,
    /// The same was done before by the same person: nothing changes.
    Again,
}
