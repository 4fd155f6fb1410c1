//! Nobody decided in time, which ends the request.

use crate::domain::notice::part::CARD;
use crate::domain::notice::{Expired, Notification};
use crate::slack::ids::COMMAND;
use crate::slack::notices::plan::{Known, Plan, close_card, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::Message;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{application, authorizer, requester};
use crate::slack::views::text::mention;
use crate::slack::views::thread::{Root, ThreadOutcome};

impl Words for Expired {
    fn plan<'a>(&self, n: &'a Notification, known: &Known) -> Plan<'a> {
        // Whether somebody was asked is known now.
        let now = Notification { conversation: known.conversation.clone(), ..n.clone() };
        Plan::default().then(close_card(self.decided(n))).then(to_channel(self.root(&now))).then_end(self.outcome(&now))
    }

    fn root(&self, n: &Notification) -> Message {
        Root::closed(format!("⌛ {} expired: {}", application(n), self.why(n))).message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        let name = application(n);
        let headline = match &self.unconfirmed {
            None => format!("⌛ {name} expired before you decided. Nothing was built."),
            Some(by) => {
                let yes = if *by == n.subject.request.authorizer_id {
                    "your yes".to_owned()
                } else {
                    format!("the yes of {}", mention(by))
                };
                format!("⌛ {name} expired: Slack did not tell in time whether {yes} still counts. Nothing was built.")
            }
        };
        Decided::new(n, headline).message(n)
    }

    fn outcome(&self, n: &Notification) -> Option<Message> {
        let headline = format!(
            "⌛ {}, {} expired: {} Nothing was built. Ask again with `{COMMAND}` when somebody can decide.",
            requester(n),
            application(n),
            self.why(n)
        );
        Some(ThreadOutcome::new(&headline).message(""))
    }
}

impl Expired {
    /// Why nobody decided in time.
    fn why(&self, n: &Notification) -> String {
        match &self.unconfirmed {
            Some(by) => format!("{} said yes, but Slack did not tell in time whether that still counts.", mention(by)),
            None if n.conversation.at(CARD).is_some() => format!("{} did not decide in time.", authorizer(n)),
            None => format!("{} could not be asked in time.", authorizer(n)),
        }
    }
}
