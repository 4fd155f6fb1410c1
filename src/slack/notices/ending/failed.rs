//! A request failed for good.

use crate::domain::notice::{Failed, GivenUp, Notification};
use crate::slack::notices::plan::{Known, Plan, end_progress, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{
    PHRASE_MAX, Trouble, application, authorizer, cleaned, ended, remains, requester, told, trouble, you,
};
use crate::slack::views::progress::ProgressState;
use crate::slack::views::text::{Markup, Text, mention};
use crate::slack::views::thread::{Root, ThreadOutcome};
use crate::slack::views::{Message, attention};

impl Words for Failed {
    fn plan<'a>(&self, n: &'a Notification, known: &Known) -> Plan<'a> {
        Plan::default()
            .close_cards(self.decided(n), self.attended(n), known)
            .then(to_channel(self.root(n)))
            .then(end_progress(n, None, ProgressState::Stopped))
            .then_end(self.outcome(n))
    }

    fn root(&self, n: &Notification) -> Message {
        let headline = format!("❌ {} failed.{} {}", application(n), self.given_up(n), cleaned(&self.cleanup));
        let more = Markup::ours(format!(" {}", told(&self.failure)));
        Root { more, ..Root::closed(headline) }.message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        let headline = format!("❌ {} failed. {}", application(n), cleaned(&self.cleanup));
        Decided::new(n, headline).message(n)
    }

    fn attended(&self, n: &Notification) -> Message {
        let why = match &self.given_up {
            GivenUp::ByChoice { decided_by } => format!(" {} gave up on it.", you(n, decided_by)),
            GivenUp::Unanswered => " Nobody chose in time what to do about it.".to_owned(),
            GivenUp::Unasked { .. } => " Nobody could be asked what to do about it.".to_owned(),
            GivenUp::AtOnce => String::new(),
        };
        let headline = format!("❌ {} failed.{why} {}", application(n), cleaned(&self.cleanup));
        attention::attended(n, &headline, Some(&self.failure))
    }

    fn outcome(&self, n: &Notification) -> Option<Message> {
        let (you, name) = (requester(n), application(n));
        let headline = format!("❌ {you}, {name} failed.{} {}", self.given_up(n), cleaned(&self.cleanup));
        let Trouble { step, cause, advice } = trouble(&self.failure);
        let remains = remains(&self.cleanup);
        let told_remains = remains.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
        let view = ThreadOutcome { step, cause: Some(cause), advice, remains, ..ThreadOutcome::new(&headline) };
        Some(view.message(&format!(" {}{told_remains}", told(&self.failure))))
    }
}

impl Failed {
    /// Who did not want to go on.
    fn given_up(&self, n: &Notification) -> Markup {
        Markup::ours(match &self.given_up {
            GivenUp::ByChoice { decided_by } => format!(" {} gave up on it.", mention(decided_by)),
            GivenUp::Unanswered => format!(" {} did not choose in time what to do about it.", authorizer(n)),
            GivenUp::Unasked { why } => {
                let why = Text::line(why, PHRASE_MAX).map(|why| format!(" {}", ended(&why))).unwrap_or_default();
                format!(" {} could not be asked what to do about it.{why}", authorizer(n))
            }
            GivenUp::AtOnce => String::new(),
        })
    }
}
