//! Building stopped, and a person must choose what to do about it.

use crate::domain::notice::part::{ATTENTION, of_attempt};
use crate::domain::notice::{NeedsAttention, Notification};
use crate::slack::notices::plan::{Known, Plan, Step, end_progress, to_authorizer, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{application, authorizer, requester, told};
use crate::slack::views::progress::ProgressState;
use crate::slack::views::text::{Markup, moment};
use crate::slack::views::thread::Root;
use crate::slack::views::{Message, attention, thread};

impl Words for NeedsAttention {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        let attempt = self.failure.attempt;
        let before =
            (attempt > 1).then(|| Step::Change { part: of_attempt(ATTENTION, attempt - 1), message: self.attended(n) });
        Plan::default()
            .then(to_authorizer(of_attempt(ATTENTION, attempt), ask(n, self)))
            .then_maybe(before)
            .then(to_channel(self.root(n)))
            .then(end_progress(n, None, ProgressState::Stopped))
            .then_reply(of_attempt("needs-attention", attempt), self.note(n))
    }

    fn root(&self, n: &Notification) -> Message {
        let (name, who, until) = (application(n), authorizer(n), moment(self.expires_at));
        let headline = format!("⚠️ {name} needs a hand: {who} has to choose what to do, until {until}.");
        let more = Markup::ours(format!(" {}", told(&self.failure)));
        Root { more, ..Root::open(headline) }.message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        approved(n)
    }

    /// Of an attempt before: the new one has a card of its own.
    fn attended(&self, n: &Notification) -> Message {
        let headline = format!("🔁 {} was tried again, and stopped again: see the newer message.", application(n));
        attention::attended(n, &headline, Some(&self.failure))
    }

    fn note(&self, n: &Notification) -> Option<Message> {
        // Tells one attempt from the next, from the second on.
        let again = match self.failure.attempt {
            0 | 1 => String::new(),
            attempt => format!(" (try {attempt})"),
        };
        let text = format!(
            "⚠️ Building stopped{again}. {}, please choose in our direct messages whether to try again or to give up, \
             until {}.",
            authorizer(n),
            moment(self.expires_at)
        );
        Some(thread::note(&Markup::ours(text), Some(&self.failure)))
    }
}

/// The card that asks the authorizer what to do about the failure.
pub fn ask(n: &Notification, stopped: &NeedsAttention) -> Message {
    let headline = format!(
        "⚠️ Building {} for {} stopped. Please choose until {}: try again from where it stopped, or give up. \
         Without a choice it is given up, and what has been built is removed.",
        application(n),
        requester(n),
        moment(stopped.expires_at)
    );
    attention::attention(n, &headline, &stopped.failure)
}

/// The card of the decision, while the request needs a hand.
pub(super) fn approved(n: &Notification) -> Message {
    let headline = format!("⚠️ You approved {}. It needs a hand now: see the newer message.", application(n));
    Decided::new(n, headline).message(n)
}
