//! What people are told of something that was built, without a word of Slack.

use serde::{Deserialize, Serialize};

use super::state::{LeaseStatus, Leased};
use crate::domain::lifecycle::Failure;
use crate::domain::moment::Moment;
use crate::domain::notice::{Conversation, Subject, part};

/// What happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum LeaseNotice {
    /// Its end is near.
    Ends {
        at: Moment,
        /// So many seconds before.
        before: u64,
        /// What it becomes then.
        becomes: LeaseStatus,
        /// From when on it may be removed.
        removed_from: Moment,
    },
    /// Writes are refused from now on.
    ReadOnly {
        closed_at: Option<Moment>,
        removed_from: Moment,
    },
    /// Everything is refused from now on, since its time is over.
    Closed {
        removed_from: Moment,
    },
    /// Somebody is done with it: it is removed then, unless somebody keeps it.
    Discarded {
        by: String,
        removed_at: Moment,
    },
    /// Somebody keeps it, until then if that is known.
    Kept {
        by: String,
        until: Option<Moment>,
    },
    Given {
        by: String,
        to: String,
    },
    /// It is being removed, which somebody decided or its time did.
    Removing {
        by: Option<String>,
    },
    /// Removing it takes longer: so much is left.
    StillRemoving {
        left: String,
    },
    Removed,
    /// Something does not work, and a person must choose.
    Stuck {
        failure: Failure,
    },
    /// Somebody leaves it as it is.
    LeftAlone {
        by: String,
        failure: Failure,
    },
}

/// Something that was built, as far as people are told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseSubject {
    /// The ID of its workflow.
    pub id: String,
    pub leased: Leased,
    pub status: LeaseStatus,
    /// The round that the buttons are for.
    pub round: u32,
    /// How many notices there were, with this.
    pub number: u32,
    pub owner: String,
    /// Who approved it last.
    pub last_signer: Option<String>,
    /// What its team and its blueprint are called.
    pub team_name: String,
    pub blueprint_name: String,
    /// Is it made of parts?
    pub in_parts: bool,
    /// Can it be extended?
    pub ends: bool,
    /// The notice whose messages may have buttons still, and its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<(u32, LeaseNotice)>,
}

impl Subject for LeaseSubject {
    type Notice = LeaseNotice;
}

/// The kinds of its messages, of which each notice has one: in the thread, and to the owner.
pub const THREAD: &str = "lease-thread";
pub const OWNER: &str = "lease-owner";

/// Was the notice of this number posted anywhere?
pub fn was_told(conversation: &Conversation, number: u32) -> bool {
    [THREAD, OWNER].iter().any(|kind| conversation.at(&part::of_attempt(kind, number)).is_some())
}

impl LeaseNotice {
    /// Does something come next that takes something away?
    pub fn is_a_warning(&self) -> bool {
        matches!(self, Self::Ends { .. } | Self::ReadOnly { .. } | Self::Closed { .. } | Self::Discarded { .. })
    }

    /// Its name, for whoever reads a history.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ends { .. } => "ends",
            Self::ReadOnly { .. } => "read_only",
            Self::Closed { .. } => "closed",
            Self::Discarded { .. } => "discarded",
            Self::Kept { .. } => "kept",
            Self::Given { .. } => "given",
            Self::Removing { .. } => "removing",
            Self::StillRemoving { .. } => "still_removing",
            Self::Removed => "removed",
            Self::Stuck { .. } => "needs_attention",
            Self::LeftAlone { .. } => "left_alone",
        }
    }
}
