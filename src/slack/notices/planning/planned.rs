//! The plan is there, or failed: the card shows it.

use crate::domain::notice::part::CARD;
use crate::domain::notice::{Notification, Planned};
use crate::slack::notices::asking::requested::{ask, undecided, waits};
use crate::slack::notices::plan::{Known, Plan, Step, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::Message;

impl Words for Planned {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        let card = Step::Change { part: CARD.to_owned(), message: ask(n, Some(self.expires_at)) };
        // The clock stood meanwhile: the request is open longer than the channel reads.
        Plan::default().then(card).then(to_channel(self.root(n)))
    }

    fn root(&self, n: &Notification) -> Message {
        waits(n, self.expires_at)
    }

    fn decided(&self, n: &Notification) -> Message {
        undecided(n)
    }
}
