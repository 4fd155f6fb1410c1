//! The authorizer rejected, which ends the request.

use crate::domain::notice::{Notification, Rejected};
use crate::slack::notices::plan::{Known, Plan, close_card, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::Message;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{QUOTE_MAX, REASON, application, because, named_quote, requester, you};
use crate::slack::views::text::{Text, mention};
use crate::slack::views::thread::{Root, ThreadOutcome};

impl Words for Rejected {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        Plan::default().then(close_card(self.decided(n))).then(to_channel(self.root(n))).then_end(self.outcome(n))
    }

    fn root(&self, n: &Notification) -> Message {
        let headline = format!("🚫 {} was rejected by {}.", application(n), mention(&self.decided_by));
        let more = because("Reason", self.reason.as_deref());
        Root { more, ..Root::closed(headline) }.message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        let headline = format!("🚫 {} rejected {}.", you(n, &self.decided_by), application(n));
        let decided = Decided {
            // The justification would be read as the reason.
            quote: (REASON, self.reason()),
            more: because("Reason", self.reason.as_deref()),
            ..Decided::new(n, headline)
        };
        decided.message(n)
    }

    fn outcome(&self, n: &Notification) -> Option<Message> {
        let (you, name, by) = (requester(n), application(n), mention(&self.decided_by));
        let reason = self.reason();
        let view = ThreadOutcome {
            reason_name: named_quote(REASON, reason.as_ref()),
            reason,
            ..ThreadOutcome::new(&format!("🚫 {you}, {name} was rejected by {by}."))
        };
        Some(view.message(because("Reason", self.reason.as_deref()).as_str()))
    }
}

impl Rejected {
    fn reason(&self) -> Option<Text> {
        self.reason.as_deref().and_then(|reason| Text::paragraph(reason, QUOTE_MAX))
    }
}
