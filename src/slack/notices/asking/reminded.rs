//! The authorizer was asked a while ago, and is reminded.

use super::requested::{ask, undecided, waits};
use crate::domain::notice::part::CARD;
use crate::domain::notice::{Notification, Reminded};
use crate::slack::notices::plan::{Known, Place, Plan, Step, to_authorizer};
use crate::slack::notices::words::Words;
use crate::slack::views::parts::{application, authorizer, requester};
use crate::slack::views::text::{Markup, moment};
use crate::slack::views::{Message, thread};

impl Words for Reminded {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        // A card that somebody deleted while it asks is written anew: nothing else can be
        // answered.
        let card = ask(n, Some(self.expires_at));
        Plan::default()
            .then(Step::Restore { part: CARD.to_owned(), place: Place::Authorizer, message: card })
            .then(to_authorizer("reminder", reminder(n, Some(self.expires_at))))
            .then_reply("reminded", self.note(n))
    }

    fn root(&self, n: &Notification) -> Message {
        waits(n, self.expires_at)
    }

    fn decided(&self, n: &Notification) -> Message {
        undecided(n)
    }

    fn note(&self, n: &Notification) -> Option<Message> {
        let until = moment(self.expires_at);
        let text = format!("⏰ {} was reminded. The request stays open until {until}.", authorizer(n));
        Some(thread::note(&Markup::ours(text), None))
    }
}

/// The message that reminds the authorizer of the card above it.
pub fn reminder(n: &Notification, until: Option<i64>) -> Message {
    let until = until.map(|at| format!(", until {}", moment(at))).unwrap_or_default();
    let (who, name) = (requester(n), application(n));
    let text =
        format!("⏰ {who} still waits for you to decide about {name}{until}. Approve or reject it on the card above.");
    thread::note(&Markup::ours(text), None)
}
