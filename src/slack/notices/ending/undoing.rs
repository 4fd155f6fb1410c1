//! A request ends without success, and what was built cannot be removed for now.

use crate::domain::notice::{Notification, Undoing};
use crate::slack::notices::plan::{Known, Plan, end_progress, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{QUOTE_MAX, application, ended};
use crate::slack::views::progress::ProgressState;
use crate::slack::views::text::{Markup, Text};
use crate::slack::views::thread::Root;
use crate::slack::views::{Message, attention, thread};

impl Words for Undoing {
    fn plan<'a>(&self, n: &'a Notification, known: &Known) -> Plan<'a> {
        Plan::default()
            .close_cards(self.decided(n), self.attended(n), known)
            .then(to_channel(self.root(n)))
            .then(end_progress(n, None, ProgressState::Stopped))
            .then_reply("undoing", self.note(n))
    }

    /// It cannot be withdrawn any more: that would change nothing.
    fn root(&self, n: &Notification) -> Message {
        Root::closed(ends_here(n)).message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        Decided::new(n, ends_here(n)).message(n)
    }

    fn attended(&self, n: &Notification) -> Message {
        attention::attended(n, &ends_here(n), None)
    }

    /// Why nothing more is said for a while.
    fn note(&self, _n: &Notification) -> Option<Message> {
        let what = Text::line(&self.what, QUOTE_MAX).unwrap_or_else(|| Text::ours("something that was built"));
        let why = Text::line(&self.cause, QUOTE_MAX).map(|cause| format!(" {}", ended(&cause))).unwrap_or_default();
        let text = format!(
            "🧹 Still there, as far as is known: {what}.{why} Removing it is tried again until it is done, and then \
             this thread says so."
        );
        Some(thread::note(&Markup::ours(text), None))
    }
}

fn ends_here(n: &Notification) -> String {
    format!("🧹 {} ends here. What has been built is not removed yet.", application(n))
}
