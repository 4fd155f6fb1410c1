//! The new plan is not the approved one: whoever approved it is asked anew.

use crate::domain::notice::part::CARD;
use crate::domain::notice::{Notification, PlanChanged};
use crate::slack::notices::asking::requested::{ask, undecided, waits};
use crate::slack::notices::plan::{Known, Place, Plan, Step, close_question, to_authorizer, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::parts::{application, authorizer, requester};
use crate::slack::views::plan::changed;
use crate::slack::views::text::Markup;
use crate::slack::views::{Message, thread};

impl Words for PlanChanged {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        // One that somebody deleted meanwhile is written anew: it asks again.
        let card = || ask(n, Some(self.expires_at));
        Plan::default()
            .then(Step::Restore { part: CARD.to_owned(), place: Place::Authorizer, message: card() })
            .then(Step::Write { part: CARD.to_owned(), place: Place::Authorizer, message: card() })
            .then(to_channel(self.root(n)))
            .then(close_question(self.attended(n)))
            .then(to_authorizer(format!("plan-changed-card-{}", self.attempt), told(n)))
            .then_reply(format!("plan-changed-{}", self.attempt), self.note(n))
    }

    fn root(&self, n: &Notification) -> Message {
        waits(n, self.expires_at)
    }

    fn decided(&self, n: &Notification) -> Message {
        undecided(n)
    }

    fn note(&self, n: &Notification) -> Option<Message> {
        let text = format!(
            "🔁 The plan made anew is another one than was approved, so {} is asked again.{}",
            authorizer(n),
            changed(n)
        );
        Some(thread::note(&Markup::ours(text), None))
    }
}

/// What the authorizer reads: a card that is edited tells nobody.
pub fn told(n: &Notification) -> Message {
    let text = format!(
        "🔁 The plan of {} that you approved does not hold any more, and the new one is another. {} waits for you to \
         decide again, on the card above.{}",
        application(n),
        requester(n),
        changed(n)
    );
    thread::note(&Markup::ours(text), None)
}
