//! What a plan left cannot be removed: somebody has to look after it.

use crate::domain::notice::{NotDiscarded, Notification};
use crate::slack::notices::plan::{Known, Place, Plan, Step};
use crate::slack::notices::words::Words;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{QUOTE_MAX, application, ended, shown_id};
use crate::slack::views::text::{Markup, Text};
use crate::slack::views::thread::Root;
use crate::slack::views::{Message, thread};

impl Words for NotDiscarded {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        let operations = Step::Write {
            part: format!("not-discarded-operations-{}", self.number),
            place: Place::Operations,
            message: to_operations(self, n),
        };
        Plan::default().then_reply(format!("not-discarded-{}", self.number), self.note(n)).then(operations)
    }

    fn root(&self, n: &Notification) -> Message {
        Root::open(format!("🧹 {}: something is left that cannot be removed.", application(n))).message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        Decided::new(n, format!("🧹 {}: something is left that cannot be removed.", application(n))).message(n)
    }

    fn note(&self, _n: &Notification) -> Option<Message> {
        Some(thread::note(&Markup::ours(self.said()), None))
    }
}

/// The same for those who operate the bot, who have not read what it is about.
pub fn to_operations(it: &NotDiscarded, n: &Notification) -> Message {
    let id = shown_id(n.subject.request_id.as_str());
    thread::note(&Markup::ours(format!("{} It is about the request {id}.", it.said())), None)
}

impl NotDiscarded {
    fn said(&self) -> String {
        let what = Text::line(&self.what, QUOTE_MAX).unwrap_or_else(|| Text::ours("something"));
        let why = Text::line(&self.cause, QUOTE_MAX).map(|cause| format!(" {}", ended(&cause))).unwrap_or_default();
        format!("🧹 Still there: {what}. It cannot be removed.{why} Please look after it.")
    }
}
