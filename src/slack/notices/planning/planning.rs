//! Somebody wants to see the plan, and the provisioner is asked.

use crate::domain::notice::part::CARD;
use crate::domain::notice::{Notification, Planning};
use crate::domain::provisioning::Progress;
use crate::slack::notices::asking::requested::{asks, undecided};
use crate::slack::notices::plan::{Known, Plan, Step};
use crate::slack::notices::words::Words;
use crate::slack::views::Message;
use crate::slack::views::parts::{application, authorizer};
use crate::slack::views::thread::Root;

impl Words for Planning {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        // Only who pressed has to know.
        Plan::default().then(Step::Change { part: CARD.to_owned(), message: underway(n, None) })
    }

    fn root(&self, n: &Notification) -> Message {
        let headline = format!("⏳ {} waits for {} to decide.", application(n), authorizer(n));
        Root::open(headline).message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        undecided(n)
    }
}

/// The card while the plan is being made.
pub fn underway(n: &Notification, progress: Option<&Progress>) -> Message {
    asks(n, None, progress)
}
