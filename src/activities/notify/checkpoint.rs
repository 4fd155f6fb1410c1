//! How far a notice has been told: the heartbeat of `notify`, and so what the next
//! attempt begins with.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::tries::Tries;
use crate::domain::notice::Conversation;

/// What was done, and what was tried. What is done is not done again, or Slack's limit of
/// a message a second would be used up by repetitions before the last message is reached.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) conversation: Conversation,
    /// The parts that this notice has posted or changed.
    pub(super) done: BTreeSet<String>,
    #[serde(default)]
    pub(super) stage: Stage,
    /// The parts that Slack did not take yet.
    #[serde(default)]
    pub(super) tries: BTreeMap<String, Tries>,
    /// Something about the beginning of the work could not be told.
    #[serde(default)]
    pub(super) left: bool,
    /// Why the authorizer could not be written to.
    #[serde(default)]
    pub(super) unreachable: Option<String>,
}

/// Of the work that a notice says has begun. What is no such notice has one stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    #[default]
    Begins,
    Goes,
    IsOver,
}
