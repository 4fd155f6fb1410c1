//! What people read of each notice, and where: a file for each, in the folder of its
//! phase, with its words and the messages that it posts and changes.
//!
//! A new notice is a type and a variant in [`domain::notice`](crate::domain::notice), a file
//! here that has `Words` for it, and a line in the match below.
//!
//! - [`plan`](mod@plan): what a notice can do with messages.
//! - [`audience`](mod@audience): whose messages they are, and where they go.
//! - [`broken`]: what becomes of them when the request is ended from outside.
//!
//! All of it is pure. Who brings it to Slack is the activity `notify`.

pub mod asking;
pub mod audience;
pub mod broken;
pub mod building;
pub mod deciding;
pub mod ending;
pub mod plan;
pub mod planning;
mod words;

#[cfg(test)]
mod tests;

use self::audience::Audience;
use self::plan::{Known, Plan};
use self::words::Words;
use crate::domain::notice::{Notice, Notification};
use crate::slack::views::Message;

/// The words of a notice.
fn words(notice: &Notice) -> &dyn Words {
    match notice {
        Notice::Refused(it) => it,
        Notice::Requested(it) => it,
        Notice::Reminded(it) => it,
        Notice::ApprovalNotCounted(it) => it,
        Notice::Planning(it) => it,
        Notice::Planned(it) => it,
        Notice::PlanStale(it) => it,
        Notice::PlanHeld(it) => it,
        Notice::PlanChanged(it) => it,
        Notice::NotDiscarded(it) => it,
        Notice::Authorized(it) => it,
        Notice::Rejected(it) => it,
        Notice::Expired(it) => it,
        Notice::NeedsAttention(it) => it,
        Notice::ChoiceNotCounted(it) => it,
        Notice::Retried(it) => it,
        Notice::Undoing(it) => it,
        Notice::Provisioned(it) => it,
        Notice::Cancelled(it) => it,
        Notice::Failed(it) => it,
    }
}

/// Which messages a notice posts and changes, in the order people see them.
pub fn plan<'a>(n: &'a Notification, known: &Known) -> Plan<'a> {
    words(&n.notice).plan(n, known)
}

/// The request's message in the channel, in the state that `n` tells.
pub fn root(n: &Notification) -> Message {
    words(&n.notice).root(n)
}

/// The card of the decision, once there is nothing to decide any more.
pub fn decided(n: &Notification) -> Message {
    words(&n.notice).decided(n)
}

/// The card of a request that needs a hand, once there is nothing to choose any more.
pub fn attended(n: &Notification) -> Message {
    words(&n.notice).attended(n)
}

/// What the thread says of `n` on the way to the end; `None` when it says nothing, or
/// when [`outcome`] says it.
pub fn note(n: &Notification) -> Option<Message> {
    words(&n.notice).note(n)
}

/// The reply that ends a request; `None` for notices that end nothing.
pub fn outcome(n: &Notification) -> Option<Message> {
    words(&n.notice).outcome(n)
}

/// Whose messages they are, and where they go.
pub fn audience(n: &Notification) -> Audience<'_> {
    let words = words(&n.notice);
    Audience::of(n, words.was_asked(), || words.root(n))
}
