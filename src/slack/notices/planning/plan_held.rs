//! The new plan does what the approved one did, and the provisioner is at work with it.

use crate::domain::notice::{Notification, PlanHeld};
use crate::slack::notices::plan::{Known, Plan, begin_progress, close_question, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::Message;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::application;
use crate::slack::views::thread::Root;

impl Words for PlanHeld {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        Plan::default()
            .then(begin_progress(n, self.attempt))
            .then(to_channel(self.root(n)))
            .then(close_question(self.attended(n)))
    }

    fn root(&self, n: &Notification) -> Message {
        let headline = format!("🔨 {} is being built. It was planned anew, and the plan is the same.", application(n));
        Root::open(headline).message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        let headline = format!("🔨 You approved {}. The plan was made anew, and is the same.", application(n));
        Decided::new(n, headline).message(n)
    }
}
