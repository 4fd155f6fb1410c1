//! A request did not pass its first check, and nobody was asked.

use crate::domain::notice::{Notification, Refused};
use crate::slack::notices::plan::{Known, Plan, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::Message;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{QUOTE_MAX, application, requester};
use crate::slack::views::text::{Markup, Text};
use crate::slack::views::thread::{Root, ThreadOutcome};

impl Words for Refused {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        Plan::default().then(to_channel(self.root(n))).then_end(self.outcome(n))
    }

    fn root(&self, n: &Notification) -> Message {
        let headline = format!("❌ {} failed its first check, so nobody was asked.", application(n));
        let more = Markup::ours(format!(" {}", self.why()));
        Root { more, ..Root::closed(headline) }.message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        let headline = format!("❌ {} failed its first check. There is nothing to decide.", application(n));
        Decided::new(n, headline).message(n)
    }

    fn outcome(&self, n: &Notification) -> Option<Message> {
        let (name, you) = (application(n), requester(n));
        let headline = format!("❌ {you}, your request for {name} failed its first check, so nobody was asked.");
        let view = ThreadOutcome { reason: Some(self.why()), ..ThreadOutcome::new(&headline) };
        Some(view.message(&format!(" {}", self.why())))
    }

    fn was_asked(&self) -> bool {
        false
    }
}

impl Refused {
    /// The problem, which has names of people and teams in it.
    fn why(&self) -> Text {
        Text::line_or_dash(&self.problem.to_string(), QUOTE_MAX)
    }
}
