//! An approval did not count, and the request waits on.

use crate::domain::notice::part::CARD;
use crate::domain::notice::{ApprovalNotCounted, Notification};
use crate::domain::refusal::NotCounted;
use crate::slack::notices::asking::requested::{ask, undecided};
use crate::slack::notices::plan::{Known, Plan, Step, to_authorizer, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::parts::{QUOTE_MAX, application, authorizer, requester};
use crate::slack::views::refusal::refusal;
use crate::slack::views::text::{Markup, Text};
use crate::slack::views::thread::Root;
use crate::slack::views::{Message, thread};

impl Words for ApprovalNotCounted {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        // What is asked now is another round: buttons of the one before do nothing.
        let card = Step::Change { part: CARD.to_owned(), message: ask(n, Some(self.expires_at)) };
        Plan::default()
            .then_together([to_channel(self.root(n)), card])
            .then_reply("not-counted", self.note(n))
            .then(to_authorizer("not-counted-card", told(n, &self.why)))
    }

    fn root(&self, n: &Notification) -> Message {
        let headline = format!("⏳ {} waits for {} to decide.", application(n), authorizer(n));
        Root::open(headline).message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        undecided(n)
    }

    fn note(&self, n: &Notification) -> Option<Message> {
        let (who, you) = (authorizer(n), requester(n));
        // Codes of Slack's are for the log.
        let why = because(&self.why, &you, "The checks before it could not be made.");
        let text = format!("🚧 An approval by {who} did not count, so the request waits on. {why}");
        Some(thread::note(&Markup::ours(text), None))
    }
}

/// What the authorizer reads whose approval did not count, perhaps long after the click.
pub fn told(n: &Notification, why: &NotCounted) -> Message {
    let (who, name) = (requester(n), application(n));
    let why = because(why, &who, "The checks before it could not be made. Please approve again.");
    let text = format!("🚧 Your approval of {name} did not count, so the request waits on. {why}");
    thread::note(&Markup::ours(text), None)
}

/// Why it did not count, with what `who` would read.
pub(in crate::slack::notices) fn because(why: &NotCounted, who: &Markup, unchecked: &str) -> String {
    match why {
        NotCounted::Decision(why) => Text::line_or_dash(&refusal(why), QUOTE_MAX).to_string(),
        NotCounted::Request(why) => format!("Asking now, {who} would read: {}", Text::line_or_dash(why, QUOTE_MAX)),
        NotCounted::Unchecked(_) => unchecked.to_owned(),
    }
}
