//! Somebody chose to try again, and the provisioner is at work once more.

use crate::domain::notice::part::{ATTENTION, of_attempt};
use crate::domain::notice::{Notification, Retried};
use crate::slack::notices::plan::{Known, Plan, Step, begin_progress, end_progress, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{application, you};
use crate::slack::views::progress::ProgressState;
use crate::slack::views::text::mention;
use crate::slack::views::thread::Root;
use crate::slack::views::{Message, attention};

impl Words for Retried {
    fn plan<'a>(&self, n: &'a Notification, known: &Known) -> Plan<'a> {
        let attempt = self.failure.attempt;
        let question = Step::Change { part: of_attempt(ATTENTION, attempt), message: self.attended(n) };
        Plan::default()
            .then(question)
            .then_maybe(known.mends.then(|| end_progress(n, None, ProgressState::Stopped)))
            .then(begin_progress(n, attempt.saturating_add(1)))
            .then(to_channel(self.root(n)))
    }

    fn root(&self, n: &Notification) -> Message {
        let (name, by) = (application(n), mention(&self.decided_by));
        let headline = format!("🔨 {name} is being built again. {by} chose to try once more.");
        Root::open(headline).message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        let headline = format!("🔨 You approved {}. It is being built.", application(n));
        Decided::new(n, headline).message(n)
    }

    fn attended(&self, n: &Notification) -> Message {
        let (name, you) = (application(n), you(n, &self.decided_by));
        let headline = format!("🔁 {you} chose to try again. {name} is being built again.");
        attention::attended(n, &headline, Some(&self.failure))
    }
}
