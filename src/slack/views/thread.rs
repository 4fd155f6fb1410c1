//! The request's message in the channel and the replies in its thread, as a notice fills
//! them.

use super::message::Message;
use super::parts::{
    Fact, Trouble, WHY, blueprint, buttons, facts, justification, named_quote, request_id, requester, shown_id, team,
    told, trouble,
};
use super::template::template;
use super::text::{Markup, Text};
use crate::domain::lifecycle::Failure;
use crate::domain::notice::Notification;

template! {
    /// The request's message in the channel.
    ThreadRoot from "thread_root" {
        headline: Markup,
        facts: Vec<Fact>,
        why: Option<Text>,
        justification: Option<Text>,
        buttons: String,
        cancel: Option<String>,
        request_id: Text,
    }
}

template! {
    /// A reply in the thread, or a short direct message.
    ThreadNote from "thread_note" {
        headline: Markup,
        step: Option<Text>,
        cause: Option<Text>,
        advice: Option<Text>,
    }
}

template! {
    /// The reply that ends a request.
    ThreadOutcome from "thread_outcome" {
        headline: Markup,
        results: Vec<Fact>,
        links: Option<Markup>,
        reason_name: Option<Text>,
        reason: Option<Text>,
        step: Option<Text>,
        cause: Option<Text>,
        advice: Option<Text>,
        remains: Option<Text>,
        buttons: Option<String>,
        remove: Option<String>,
    }
}

/// What the message in the channel says, besides what is asked for.
pub(in crate::slack) struct Root {
    /// Where the request stands, in a sentence.
    pub headline: String,
    /// Where it is built, once that is known.
    pub place: Vec<Fact>,
    /// What only the text tells: ` …`.
    pub more: Markup,
    /// Can it be withdrawn?
    pub is_open: bool,
}

impl Root {
    /// Of a request that can be withdrawn.
    pub fn open(headline: String) -> Self {
        Self { headline, place: Vec::new(), more: Markup::ours(""), is_open: true }
    }

    /// Of a request that cannot be withdrawn any more.
    pub fn closed(headline: String) -> Self {
        Self { is_open: false, ..Self::open(headline) }
    }

    /// The message.
    pub fn message(self, n: &Notification) -> Message {
        let Self { headline, place, more, is_open } = self;
        let mut facts = facts(n);
        facts.extend(place);
        let who = requester(n);
        let text = Markup::ours(format!("{headline} {who} asked for {} for {}.{more}", blueprint(n), team(n)));
        let view = ThreadRoot {
            headline: Markup::ours(format!("{headline}\n{who} asked for it.")),
            facts,
            why: named_quote(WHY, justification(n).as_ref()),
            justification: justification(n),
            buttons: buttons(n),
            cancel: is_open.then(|| request_id(n)),
            request_id: shown_id(n.subject.request_id.as_str()),
        };
        Message::new(&text, view.render())
    }
}

/// A short message: a sentence, and a failure if there is one.
pub(in crate::slack) fn note(headline: &Markup, failure: Option<&Failure>) -> Message {
    let (step, cause, advice) =
        failure.map(trouble).map_or((None, None, None), |Trouble { step, cause, advice }| (step, Some(cause), advice));
    let view = ThreadNote { headline: headline.clone(), step, cause, advice };
    let told = failure.map(|failure| format!(" {}", told(failure))).unwrap_or_default();
    Message::new(&Markup::ours(format!("{headline}{told}")), view.render())
}

impl ThreadOutcome {
    /// With nothing but a sentence.
    pub(in crate::slack) fn new(headline: &str) -> Self {
        Self {
            headline: Markup::ours(headline),
            results: Vec::new(),
            links: None,
            reason_name: None,
            reason: None,
            step: None,
            cause: None,
            advice: None,
            remains: None,
            buttons: None,
            remove: None,
        }
    }

    /// With the button by which whoever may says that they are done with what was built.
    pub(in crate::slack) fn removable(self, request_id: String, buttons: String) -> Self {
        Self { remove: Some(request_id), buttons: Some(buttons), ..self }
    }

    /// The message; `more` is what its text tells of the rest: ` …`.
    pub(in crate::slack) fn message(self, more: &str) -> Message {
        Message::new(&Markup::ours(format!("{}{more}", self.headline)), self.render())
    }
}
