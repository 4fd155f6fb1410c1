//! Building began, and the plan does not hold any more: it is made anew.

use crate::domain::notice::{Notification, PlanStale};
use crate::slack::notices::plan::{Known, Plan, end_progress};
use crate::slack::notices::words::Words;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::application;
use crate::slack::views::progress::ProgressState;
use crate::slack::views::text::Markup;
use crate::slack::views::thread::Root;
use crate::slack::views::{Message, thread};

impl Words for PlanStale {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        Plan::default()
            .then(end_progress(n, None, ProgressState::Stopped))
            .then_reply(format!("plan-stale-{}", self.attempt), self.note(n))
    }

    fn root(&self, n: &Notification) -> Message {
        Root::open(format!("🔁 {} is planned anew before it is built.", application(n))).message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        Decided::new(n, format!("🔁 {} is planned anew before it is built.", application(n))).message(n)
    }

    fn note(&self, _n: &Notification) -> Option<Message> {
        let text = format!(
            "🔁 Try {}: the plan does not hold any more. Another one is being made. If it \
             does the same, building goes on, else somebody has to approve it again.",
            self.attempt
        );
        Some(thread::note(&Markup::ours(text), None))
    }
}
