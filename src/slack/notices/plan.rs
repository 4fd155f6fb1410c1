//! Which messages a notice posts and changes: data, in the order people see them. What is
//! there already is found, and what is missing is written, elsewhere.

use crate::domain::notice::part::{ATTENTION, CARD, OUTCOME, PROGRESS, ROOT, of_attempt};
use crate::domain::notice::{Conversation, Notification};
use crate::domain::provisioning::{Progress, Underway};
use crate::slack::views::Message;
use crate::slack::views::progress::{ProgressState, progress};

/// Steps, of which each turn is taken when the one before it is over. None is left out
/// because another one failed.
#[derive(Default)]
pub struct Plan<'a> {
    pub turns: Vec<Vec<Step<'a>>>,
}

/// What is done with one message.
pub enum Step<'a> {
    /// It stands afterwards: posted if it never was, else changed.
    Write { part: String, place: Place, message: Message },
    /// Posted if it never was, else left as it is.
    WriteMissing { part: String, place: Place, message: Message },
    /// Changed. One that never was posted stays unposted.
    Change { part: String, message: Message },
    /// The same, unless there is a message of this kind, which has one for each attempt.
    ChangeUnless { kind: &'static str, part: String, message: Message },
    /// The latest message of a kind that has one for each attempt is changed.
    ChangeLatest { kind: &'static str, message: Box<dyn Fn(u32) -> Message + Send + Sync + 'a> },
    /// Written anew if somebody deleted it.
    Restore { part: String, place: Place, message: Message },
}

/// Where a new message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The channel the command was run in, or a DM with the requester.
    Channel,
    /// The thread of the root.
    Thread,
    /// The direct conversation with the authorizer.
    Authorizer,
    /// Where those who operate the bot are told, if they want to be.
    Operations,
}

/// What is known when a plan is made.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub conversation: Conversation,
    /// May messages be as an earlier notice would not have left them?
    pub mends: bool,
}

impl<'a> Plan<'a> {
    /// Then this.
    pub(in crate::slack) fn then(self, step: Step<'a>) -> Self {
        self.then_together([step])
    }

    /// Then these, side by side: a person waits for each of them.
    pub(in crate::slack) fn then_together(mut self, steps: impl IntoIterator<Item = Step<'a>>) -> Self {
        self.turns.push(steps.into_iter().collect());
        self
    }

    /// Then this, if there is any.
    pub(in crate::slack) fn then_maybe(self, step: Option<Step<'a>>) -> Self {
        match step {
            Some(step) => self.then(step),
            None => self,
        }
    }

    /// Then a reply in the thread, if there is anything to say.
    pub(super) fn then_reply(self, part: impl Into<String>, message: Option<Message>) -> Self {
        self.then_maybe(message.map(|message| reply(part, message)))
    }

    /// Then the reply that ends the request.
    pub(super) fn then_end(self, message: Option<Message>) -> Self {
        self.then_reply(OUTCOME, message)
    }

    /// No card keeps a button that does nothing, nor says what is no longer so: `decided`
    /// is the card of the decision, `attended` that of a request that needs a hand.
    pub(super) fn close_cards(self, decided: Message, attended: Message, known: &Known) -> Self {
        let card = if known.mends {
            close_card(decided)
        } else {
            // With a newer one, the card of the decision was closed when the decision was made.
            Step::ChangeUnless { kind: ATTENTION, part: CARD.to_owned(), message: decided }
        };
        self.then(close_question(attended)).then(card)
    }
}

/// The request's message in the channel.
pub(super) fn to_channel<'a>(message: Message) -> Step<'a> {
    Step::Write { part: ROOT.to_owned(), place: Place::Channel, message }
}

/// A reply in the thread.
fn reply<'a>(part: impl Into<String>, message: Message) -> Step<'a> {
    Step::Write { part: part.into(), place: Place::Thread, message }
}

/// A direct message to the authorizer.
pub(super) fn to_authorizer<'a>(part: impl Into<String>, message: Message) -> Step<'a> {
    Step::Write { part: part.into(), place: Place::Authorizer, message }
}

/// The card of the decision, with nothing to decide any more.
pub(super) fn close_card<'a>(message: Message) -> Step<'a> {
    Step::Change { part: CARD.to_owned(), message }
}

/// The latest card of a request that needs a hand, with nothing to choose any more.
pub(super) fn close_question<'a>(message: Message) -> Step<'a> {
    Step::ChangeLatest { kind: ATTENTION, message: Box::new(move |_| message.clone()) }
}

/// The message that shows the progress of an attempt, and who wanted it.
pub(super) fn begin_progress<'a>(n: &Notification, attempt: u32) -> Step<'a> {
    reply(of_attempt(PROGRESS, attempt), progress(n, attempt, &Underway::default(), ProgressState::Running))
}

/// The same once the work is over, or stopped.
pub(super) fn end_progress(n: &Notification, last: Option<Progress>, state: ProgressState) -> Step<'_> {
    let seen = last.map(Underway::one).unwrap_or_default();
    let message = move |attempt| progress(n, attempt, &seen, state);
    Step::ChangeLatest { kind: PROGRESS, message: Box::new(message) }
}
