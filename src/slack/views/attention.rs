//! The authorizer's card of a request that needs a hand.

use super::message::Message;
use super::parts::{Trouble, buttons, follow, plain_application, request_id, shown_id, told, trouble};
use super::template::template;
use super::text::{Markup, Text};
use super::thread::note;
use crate::domain::lifecycle::Failure;
use crate::domain::notice::Notification;

template! {
    /// The card of a request that needs a hand.
    Attention from "attention" {
        application: Text,
        headline: Markup,
        step: Option<Text>,
        cause: Option<Text>,
        advice: Option<Text>,
        buttons: String,
        request_id: String,
        shown_id: Text,
    }
}

/// The card that asks what to do about a failure.
pub(in crate::slack) fn attention(n: &Notification, headline: &str, failure: &Failure) -> Message {
    let text = Markup::ours(format!("{headline} {}", told(failure)));
    let Trouble { step, cause, advice } = trouble(failure);
    let view = Attention {
        application: plain_application(n),
        headline: Markup::ours(headline),
        step,
        cause: Some(cause),
        advice,
        buttons: buttons(n),
        request_id: request_id(n),
        shown_id: shown_id(n.subject.request_id.as_str()),
    };
    Message::new(&text, view.render())
}

/// The same card once there is nothing to choose any more.
pub(in crate::slack) fn attended(n: &Notification, headline: &str, failure: Option<&Failure>) -> Message {
    note(&Markup::ours(format!("{headline}{}", follow(n))), failure)
}
