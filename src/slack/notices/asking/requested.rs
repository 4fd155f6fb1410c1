//! A request waits for its authorizer, who is asked.

use crate::domain::notice::part::CARD;
use crate::domain::notice::{Notification, Requested};
use crate::domain::provisioning::Progress;
use crate::slack::notices::plan::{Known, Plan, close_question, to_authorizer, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{application, authorizer, because, blueprint, requester, team};
use crate::slack::views::text::{Markup, moment};
use crate::slack::views::thread::Root;
use crate::slack::views::{Message, decision, plan};

impl Words for Requested {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        Plan::default()
            .then(to_channel(self.root(n)))
            .then(to_authorizer(CARD, ask(n, Some(self.expires_at))))
            // A question of a run before this one, if the request was reset.
            .then(close_question(self.attended(n)))
    }

    fn root(&self, n: &Notification) -> Message {
        waits(n, self.expires_at)
    }

    fn decided(&self, n: &Notification) -> Message {
        undecided(n)
    }
}

/// The card that asks the authorizer. `until`: how long the request is open.
pub fn ask(n: &Notification, until: Option<i64>) -> Message {
    asks(n, until, None)
}

/// The same; `progress`: how far the plan is, while it is being made.
pub(in crate::slack::notices) fn asks(n: &Notification, until: Option<i64>, progress: Option<&Progress>) -> Message {
    let until = until.map(|at| format!(" The request is open until {}.", moment(at))).unwrap_or_default();
    let (name, who) = (application(n), requester(n));
    let what = match &n.subject.plan {
        Some(plan) => plan::told(plan),
        None => Markup::ours(" Choose a region and an AWS profile, then approve or reject."),
    };
    let text = format!(
        "{who} asks you to approve {name}: {} for {}.{}{what}{until}",
        blueprint(n),
        team(n),
        because("Why", n.subject.request.justification.as_deref()),
    );
    decision::ask(n, &Markup::ours(text), &Markup::ours(format!("{who} asks you to decide.{until}")), progress)
}

/// The request's message in the channel while it waits.
pub(in crate::slack::notices) fn waits(n: &Notification, expires_at: i64) -> Message {
    let headline =
        format!("⏳ {} waits for {} to decide, until {}.", application(n), authorizer(n), moment(expires_at));
    let more = because("Why", n.subject.request.justification.as_deref());
    Root { more, ..Root::open(headline) }.message(n)
}

/// The card without anything to decide, while nothing is decided.
pub(in crate::slack::notices) fn undecided(n: &Notification) -> Message {
    let headline = format!("⏳ {} waits for your decision.", application(n));
    Decided::new(n, headline).message(n)
}
