//! What the messages of a request become once its workflow was ended from outside,
//! by an operator or by Temporal: it will never say anything itself again.

use super::Message;
use super::decision::{self, DecisionMade};
use super::parts::{
    WHY, application, blueprint, buttons, facts, justification, named_quote, requester, shown_id, team,
};
use super::text::Markup;
use super::thread::{self, ThreadRoot};
use crate::domain::lifecycle::{Break, Status};
use crate::domain::notice::Notification;

/// By what a request was ended.
pub(super) fn by(how: Break) -> &'static str {
    match how {
        Break::Terminated => "was ended by an operator",
        Break::TimedOut => "ran out of the time that Temporal gave it",
        Break::Failed => "ended with an error of this app",
        Break::Other => "was ended from outside of this app",
    }
}

/// What is left of a request; `cut_off`: it was being built.
pub(super) fn left(cut_off: bool) -> &'static str {
    if cut_off {
        "What had been built by then was not removed: please look after it, or ask an admin."
    } else {
        "Nothing was built."
    }
}

/// Was the request being built when this was told of it?
pub fn cut_off(n: &Notification) -> bool {
    matches!(n.notice.status(), Status::Provisioning | Status::NeedsAttention)
}

fn headline(n: &Notification, how: Break) -> String {
    format!("🛑 {} {}. {}", application(n), by(how), left(cut_off(n)))
}

/// The request's message in the channel; `n` is what was told last.
pub fn root(n: &Notification, how: Break) -> Message {
    if n.notice.status().is_final() {
        return thread::root(n);
    }
    let headline = headline(n, how);
    let text = format!("{headline} {} asked for {} for {}.", requester(n), blueprint(n), team(n));
    let view = ThreadRoot {
        headline: Markup::ours(format!("{headline}\n{} asked for it.", requester(n))),
        facts: facts(n),
        why: named_quote(WHY, justification(n).as_ref()),
        justification: justification(n),
        buttons: buttons(n),
        cancel: None,
        request_id: shown_id(n.request_id.as_str()),
    };
    Message::new(&Markup::ours(text), view.render())
}

/// The card of the authorizer, whatever it asked; `n` is what was told last.
pub fn card(n: &Notification, how: Break) -> Message {
    if n.notice.status().is_final() {
        return decision::decided(n);
    }
    let headline = headline(n, how);
    let text = format!("{headline} {} asked for {} for {}.", requester(n), blueprint(n), team(n));
    let view = DecisionMade {
        headline: Markup::ours(format!("{headline} {} asked for it.", requester(n))),
        facts: facts(n),
        quote_name: named_quote(WHY, justification(n).as_ref()),
        quote: justification(n),
        request_id: shown_id(n.request_id.as_str()),
    };
    Message::new(&Markup::ours(text), view.render())
}
