//! A choice what to do about a failure did not count, and the question stays open.

use super::needs_attention::approved;
use crate::domain::notice::part::of_attempt;
use crate::domain::notice::{ChoiceNotCounted, Notification};
use crate::slack::notices::deciding::approval_not_counted::because;
use crate::slack::notices::plan::{Known, Plan};
use crate::slack::notices::words::Words;
use crate::slack::views::parts::{application, authorizer, requester};
use crate::slack::views::text::Markup;
use crate::slack::views::thread::Root;
use crate::slack::views::{Message, thread};

impl Words for ChoiceNotCounted {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        let part = of_attempt("choice-not-counted", self.attempt);
        Plan::default().then_reply(part, self.note(n))
    }

    fn root(&self, n: &Notification) -> Message {
        let headline = format!("⚠️ {} needs a hand: {} has to choose what to do.", application(n), authorizer(n));
        Root::open(headline).message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        approved(n)
    }

    fn note(&self, n: &Notification) -> Option<Message> {
        let (who, you) = (authorizer(n), requester(n));
        // Codes of Slack's are for the log.
        let why = because(&self.why, &you, "The checks before it could not be made.");
        let text = format!("🚧 A choice by {who} did not count, so the request still needs a hand. {why}");
        Some(thread::note(&Markup::ours(text), None))
    }
}
