//! What is said of something that was built, with the buttons for what can be done with it.

use serde_json::Value;

use super::message::Message;
use super::parts::{NAME_MAX, Trouble, shown_id, told, trouble};
use super::template::template;
use super::text::{Markup, Text};
use crate::domain::lifecycle::Failure;
use crate::slack::ids;

template! {
    /// A message about something that was built.
    LeaseMessage from "lease" {
        headline: Markup,
        application: Text,
        step: Option<Text>,
        cause: Option<Text>,
        advice: Option<Text>,
        buttons: String,
        extend: Option<String>,
        keep: Option<String>,
        retry: Option<String>,
        give: Option<String>,
        remove: Option<String>,
        give_up: Option<String>,
        shown_id: Text,
    }
}

template! {
    /// The form that asks to whom something is given.
    GiveResource from "give_resource" { private_metadata: String, application: Text, request_id: Text }
}

/// What can be done with it, as buttons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    pub extend: bool,
    pub keep: bool,
    pub remove: bool,
    pub give: bool,
    pub retry: bool,
    pub give_up: bool,
}

/// What a message is about.
pub struct About<'a> {
    pub request_id: &'a str,
    pub application: &'a str,
    pub round: u32,
}

impl About<'_> {
    /// The `block_id` of its buttons.
    pub fn buttons(&self) -> String {
        ids::buttons(&ids::lease(self.request_id), self.round)
    }
}

/// A message that says this, with these buttons.
pub fn message(about: &About<'_>, headline: &str, failure: Option<&Failure>, offers: Offers) -> Message {
    let (step, cause, advice) =
        failure.map(trouble).map_or((None, None, None), |Trouble { step, cause, advice }| (step, Some(cause), advice));
    let value = |offered: bool| offered.then(|| about.request_id.to_owned());
    let view = LeaseMessage {
        headline: Markup::ours(headline),
        application: Text::line_or_dash(about.application, NAME_MAX),
        step,
        cause,
        advice,
        buttons: about.buttons(),
        extend: value(offers.extend),
        keep: value(offers.keep),
        retry: value(offers.retry),
        give: value(offers.give),
        remove: value(offers.remove),
        give_up: value(offers.give_up),
        shown_id: shown_id(about.request_id),
    };
    let said = failure.map(|failure| format!(" {}", told(failure))).unwrap_or_default();
    Message::new(&Markup::ours(format!("{headline}{said}")), view.render())
}

/// The form that asks to whom it is given.
pub fn give_modal(application: &str, request_id: &str, private_metadata: &str) -> Value {
    GiveResource {
        private_metadata: private_metadata.to_owned(),
        application: Text::line_or_dash(application, NAME_MAX),
        request_id: shown_id(request_id),
    }
    .render()
}
