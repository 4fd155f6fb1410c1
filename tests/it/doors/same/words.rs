//! The words of the table: who does what, when, and what is answered.

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// Is named to decide.
    Named,
    Requester,
    /// Neither; as a program one that may decide, where it is named.
    Stranger,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Approve { region: Option<&'static str>, profile: Option<&'static str> },
    Reject(Why),
    Cancel,
    Retry,
    GiveUp,
}

/// The reason of a rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Said(&'static str),
    /// More than an act may say.
    TooLong,
}

/// What the door answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It counts, or it did already: the same once more is no news.
    Counts,
    /// Refused: others do this.
    Who,
    /// Refused: a value that is not to be had.
    Value,
    /// Refused: not now, not in this round, not any more.
    Time,
    /// There is no such request.
    Unknown,
}

/// A door; Slack's two carry the same deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Slack,
    Http,
    Line,
    Signal,
}

/// What differs at some doors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Hears(Heard),
    /// It cannot be said there, and why. Where the story depends on it, it is done by
    /// another door.
    Cannot(&'static str),
}

/// An act of a story.
#[derive(Clone, Debug)]
pub struct Row {
    pub who: Seat,
    pub deed: Deed,
    /// For round 1, whichever it is now; else for the round of the moment.
    pub in_round_one: bool,
    /// On a request that does not exist.
    pub is_nowhere: bool,
    pub heard: Heard,
    pub columns: Vec<(Way, Column)>,
    /// Status and round it brings about; `None`: nothing changes.
    pub then: Option<(&'static str, u32)>,
}

/// What comes next in a story.
#[derive(Clone, Debug)]
pub enum Beat {
    Does(Row),
    /// S3 refuses, holds the last call of the building, or does as it is asked again.
    Refuses,
    Holds,
    Heals,
    /// The requester (of a program: its owner) leaves the organisation, or is back.
    Leaves,
    Returns,
    /// The workflow comes to its end.
    Ends,
}

/// A request, from when it waits for its decision to its end.
pub struct Story {
    pub name: &'static str,
    pub beats: Vec<Beat>,
    pub status: &'static str,
    pub round: u32,
    /// The decision that counts at the end.
    pub decision: Option<&'static str>,
    /// Whether each signature was struck.
    pub struck: &'static [bool],
    /// How often a provisioner was called.
    pub builds: usize,
    pub buckets: usize,
}

/// Why it is rejected, where it is.
pub const REASON: &str = "Use the shared bucket";

/// A click is one of its own; who calls again with the same says the same.
pub const SAYS_SO: Column = Column::Hears(Heard::Time);
/// The server takes no signal for a workflow that has ended, whoever sends it.
pub const CLOSED: Column = Column::Hears(Heard::Time);

pub fn does(who: Seat, deed: Deed, heard: Heard) -> Row {
    Row { who, deed, in_round_one: false, is_nowhere: false, heard, columns: Vec::new(), then: None }
}

impl Row {
    pub fn round_one(self) -> Self {
        Self { in_round_one: true, ..self }
    }

    pub fn nowhere(self) -> Self {
        Self { is_nowhere: true, ..self }
    }

    pub fn then(self, status: &'static str, round: u32) -> Self {
        Self { then: Some((status, round)), ..self }
    }

    pub fn but(mut self, way: Way, column: Column) -> Self {
        self.columns.push((way, column));
        self
    }

    /// The same once more, after the end.
    pub fn once_more(self) -> Self {
        self.but(Way::Slack, SAYS_SO).but(Way::Signal, CLOSED)
    }
}

impl From<Row> for Beat {
    fn from(row: Row) -> Self {
        Self::Does(row)
    }
}
