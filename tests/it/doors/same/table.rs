//! The table: who does what, when, what is answered, and how the request stands then.

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

const APPROVE: Deed = Deed::Approve { region: Some("us-east-1"), profile: Some("sandbox") };
const ELSEWHERE: Deed = Deed::Approve { region: Some("eu-west-1"), profile: Some("sandbox") };
const REJECT: Deed = Deed::Reject(Why::Said(REASON));

const NO_BUTTON: Column = Column::Cannot("no message of this request ever had the button");
const NO_COMMAND: Column = Column::Cannot("there is no such command");
const OWN_ROUND: Column = Column::Cannot("it looks for the round itself, and acts in the one of the moment");
/// A click is one of its own; who calls again with the same says the same.
const SAYS_SO: Column = Column::Hears(Heard::Time);
/// The server takes no signal for a workflow that has ended, whoever sends it.
const CLOSED: Column = Column::Hears(Heard::Time);

fn does(who: Seat, deed: Deed, heard: Heard) -> Row {
    Row { who, deed, in_round_one: false, is_nowhere: false, heard, columns: Vec::new(), then: None }
}

impl Row {
    fn round_one(self) -> Self {
        Self { in_round_one: true, ..self }
    }

    fn nowhere(self) -> Self {
        Self { is_nowhere: true, ..self }
    }

    fn then(self, status: &'static str, round: u32) -> Self {
        Self { then: Some((status, round)), ..self }
    }

    fn but(mut self, way: Way, column: Column) -> Self {
        self.columns.push((way, column));
        self
    }

    /// The same once more, after the end.
    fn once_more(self) -> Self {
        self.but(Way::Slack, SAYS_SO).but(Way::Signal, CLOSED)
    }
}

impl From<Row> for Beat {
    fn from(row: Row) -> Self {
        Self::Does(row)
    }
}

/// A list of rows and of what happens between them.
macro_rules! beats {
    ($($beat:expr),* $(,)?) => { vec![$(Beat::from($beat)),*] };
}

pub fn stories() -> Vec<Story> {
    vec![approved(), rejected(), cancelled(), retried(), given_up(), struck()]
}

/// What changes nothing while it waits, the yes, and what comes after it.
fn approved() -> Story {
    use {Heard::*, Seat::*, Way::*};
    let in_place = |region, profile| Deed::Approve { region, profile };
    let beats = beats![
        does(Stranger, APPROVE, Who),
        does(Stranger, REJECT, Who),
        does(Requester, APPROVE, Who),
        does(Requester, REJECT, Who),
        does(Stranger, Deed::Cancel, Who),
        does(Named, Deed::Cancel, Who),
        does(Named, in_place(Some("mars-1"), Some("sandbox")), Value),
        does(Named, in_place(Some("us-east-1"), Some("root")), Value),
        does(Named, in_place(None, Some("sandbox")), Value),
        does(Named, in_place(None, None), Value),
        does(Named, Deed::Reject(Why::TooLong), Value),
        does(Named, Deed::Retry, Time).but(Slack, NO_BUTTON).but(Line, NO_COMMAND),
        does(Named, Deed::GiveUp, Time).but(Slack, NO_BUTTON).but(Line, NO_COMMAND),
        does(Stranger, Deed::Retry, Who).but(Slack, NO_BUTTON).but(Line, NO_COMMAND),
        does(Named, APPROVE, Unknown).nowhere(),
        does(Named, REJECT, Unknown).nowhere(),
        does(Requester, Deed::Cancel, Unknown).nowhere(),
        Beat::Holds,
        does(Named, APPROVE, Counts).then("provisioning", 1),
        does(Named, APPROVE, Counts),
        does(Named, ELSEWHERE, Time),
        does(Named, REJECT, Time),
        does(Stranger, APPROVE, Who),
        Beat::Heals,
        Beat::Ends,
        does(Named, APPROVE, Counts).once_more(),
        does(Named, ELSEWHERE, Time),
        does(Named, REJECT, Time),
        does(Requester, Deed::Cancel, Time),
        does(Named, Deed::Retry, Time).but(Slack, NO_BUTTON).but(Line, NO_COMMAND),
        does(Stranger, APPROVE, Who).but(Signal, CLOSED),
        does(Stranger, Deed::Cancel, Who).but(Signal, CLOSED),
        // Nobody is to choose a region for what is over; a program hears of its values first.
        does(Named, in_place(Some("mars-1"), Some("sandbox")), Value).once_more(),
    ];
    let (status, round, decision) = ("provisioned", 1, Some("approve"));
    Story { name: "approved", beats, status, round, decision, struck: &[false], builds: 1, buckets: 1 }
}

fn rejected() -> Story {
    use {Heard::*, Seat::*, Way::*};
    let beats = beats![
        does(Named, REJECT, Counts).then("rejected", 1),
        Beat::Ends,
        does(Named, APPROVE, Time),
        does(Named, REJECT, Counts).once_more(),
        does(Named, Deed::Reject(Why::Said("Or not")), Time),
        does(Requester, Deed::Cancel, Time),
        does(Named, Deed::Retry, Time).but(Slack, NO_BUTTON).but(Line, NO_COMMAND),
        does(Stranger, REJECT, Who).but(Signal, CLOSED),
    ];
    let (status, round, decision) = ("rejected", 1, Some("reject"));
    Story { name: "rejected", beats, status, round, decision, struck: &[], builds: 0, buckets: 0 }
}

fn cancelled() -> Story {
    use {Heard::*, Seat::*, Way::*};
    let beats = beats![
        does(Requester, Deed::Cancel, Counts).then("cancelled", 1),
        Beat::Ends,
        does(Requester, Deed::Cancel, Counts).once_more(),
        does(Named, APPROVE, Time),
        does(Named, REJECT, Time),
        does(Named, Deed::GiveUp, Time).but(Slack, NO_BUTTON).but(Line, NO_COMMAND),
        does(Stranger, Deed::Cancel, Who).but(Signal, CLOSED),
    ];
    let (status, round, decision) = ("cancelled", 1, None);
    Story { name: "cancelled", beats, status, round, decision, struck: &[], builds: 0, buckets: 0 }
}

/// What failed is tried again, in the round in which that is asked.
fn retried() -> Story {
    use {Heard::*, Seat::*, Way::*};
    let beats = beats![
        Beat::Refuses,
        does(Named, APPROVE, Counts).then("needs_attention", 2),
        does(Named, APPROVE, Counts).round_one().but(Slack, SAYS_SO).but(Line, OWN_ROUND),
        does(Named, ELSEWHERE, Time).round_one().but(Line, OWN_ROUND),
        does(Named, REJECT, Time).round_one().but(Line, OWN_ROUND),
        does(Requester, Deed::Cancel, Time).round_one().but(Line, OWN_ROUND),
        does(Stranger, Deed::Retry, Who).but(Line, NO_COMMAND),
        does(Stranger, Deed::GiveUp, Who).but(Line, NO_COMMAND),
        does(Requester, Deed::Retry, Who).but(Line, NO_COMMAND),
        does(Named, Deed::Retry, Time).round_one().but(Line, NO_COMMAND),
        does(Named, Deed::GiveUp, Time).round_one().but(Line, NO_COMMAND),
        Beat::Heals,
        Beat::Holds,
        does(Named, Deed::Retry, Counts).then("provisioning", 2).but(Line, NO_COMMAND),
        does(Named, Deed::Retry, Counts).but(Line, NO_COMMAND),
        does(Named, Deed::GiveUp, Time).but(Line, NO_COMMAND),
        Beat::Heals,
        Beat::Ends,
        does(Named, Deed::Retry, Counts).once_more().but(Line, NO_COMMAND),
        does(Named, Deed::GiveUp, Time).but(Line, NO_COMMAND),
        does(Stranger, Deed::GiveUp, Who).but(Signal, CLOSED).but(Line, NO_COMMAND),
    ];
    let (status, round, decision) = ("provisioned", 2, Some("approve"));
    Story { name: "retried", beats, status, round, decision, struck: &[false], builds: 2, buckets: 1 }
}

fn given_up() -> Story {
    use {Heard::*, Seat::*, Way::*};
    let beats = beats![
        Beat::Refuses,
        does(Named, APPROVE, Counts).then("needs_attention", 2),
        Beat::Heals,
        does(Named, Deed::GiveUp, Counts).then("failed", 2).but(Line, NO_COMMAND),
        Beat::Ends,
        does(Named, Deed::GiveUp, Counts).once_more().but(Line, NO_COMMAND),
        does(Named, Deed::Retry, Time).but(Line, NO_COMMAND),
        does(Requester, Deed::Cancel, Time).round_one().but(Line, OWN_ROUND),
    ];
    let (status, round, decision) = ("failed", 2, Some("approve"));
    Story { name: "given-up", beats, status, round, decision, struck: &[false], builds: 1, buckets: 0 }
}

/// A yes that does not hold when it is to be obeyed, and the round that comes of it.
fn struck() -> Story {
    use {Heard::*, Seat::*, Way::*};
    let beats = beats![
        Beat::Leaves,
        does(Named, APPROVE, Time).then("awaiting_authorization", 2),
        Beat::Returns,
        does(Named, APPROVE, Time).round_one().but(Line, OWN_ROUND),
        does(Named, REJECT, Time).round_one().but(Line, OWN_ROUND),
        does(Requester, Deed::Cancel, Time).round_one().but(Line, OWN_ROUND),
        does(Stranger, APPROVE, Who),
        Beat::Holds,
        does(Named, APPROVE, Counts).then("provisioning", 2),
        does(Named, APPROVE, Counts),
        Beat::Heals,
        Beat::Ends,
        does(Named, APPROVE, Time).round_one().but(Line, OWN_ROUND),
        does(Named, APPROVE, Counts).once_more(),
    ];
    let (status, round, decision) = ("provisioned", 2, Some("approve"));
    Story { name: "struck", beats, status, round, decision, struck: &[true, false], builds: 1, buckets: 1 }
}
