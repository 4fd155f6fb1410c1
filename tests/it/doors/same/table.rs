//! The table: what is done with each of six requests, what is answered, and how it stands
//! then.

use super::words::{Beat, CLOSED, Column, Deed, Heard, REASON, SAYS_SO, Seat, Story, Way, Why, does};

const APPROVE: Deed = Deed::Approve { region: Some("us-east-1"), profile: Some("sandbox") };
const ELSEWHERE: Deed = Deed::Approve { region: Some("eu-west-1"), profile: Some("sandbox") };
const REJECT: Deed = Deed::Reject(Why::Said(REASON));

const NO_BUTTON: Column = Column::Cannot("no message of this request ever had the button");
const NO_COMMAND: Column = Column::Cannot("there is no such command");
const OWN_ROUND: Column = Column::Cannot("it looks for the round itself, and acts in the one of the moment");

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
        does(Named, in_place(Some("mars-1"), Some("sandbox")), Value).but(Slack, SAYS_SO).but(Signal, CLOSED),
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
