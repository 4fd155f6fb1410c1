//! The requester withdrew the request.

use crate::domain::notice::{Cancelled, Notification};
use crate::slack::notices::plan::{Known, Plan, end_progress, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{application, cleaned, remains, requester};
use crate::slack::views::progress::ProgressState;
use crate::slack::views::thread::{Root, ThreadOutcome};
use crate::slack::views::{Message, attention};

impl Words for Cancelled {
    fn plan<'a>(&self, n: &'a Notification, known: &Known) -> Plan<'a> {
        Plan::default()
            .close_cards(self.decided(n), self.attended(n), known)
            .then(to_channel(self.root(n)))
            .then(end_progress(n, None, ProgressState::Stopped))
            .then_end(self.outcome(n))
    }

    fn root(&self, n: &Notification) -> Message {
        Root::closed(self.headline(n)).message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        Decided::new(n, self.headline(n)).message(n)
    }

    fn attended(&self, n: &Notification) -> Message {
        attention::attended(n, &self.headline(n), None)
    }

    fn outcome(&self, n: &Notification) -> Option<Message> {
        let headline = format!("↩️ {}, {} was cancelled. {}", requester(n), application(n), cleaned(&self.cleanup));
        let remains = remains(&self.cleanup);
        let more = remains.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
        Some(ThreadOutcome { remains, ..ThreadOutcome::new(&headline) }.message(&more))
    }
}

impl Cancelled {
    fn headline(&self, n: &Notification) -> String {
        format!("↩️ {} was cancelled. {}", application(n), cleaned(&self.cleanup))
    }
}
