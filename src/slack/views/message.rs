//! [`Message`]: what is posted, in blocks and in words.

use serde_json::Value;

use super::text::{Markup, cut_markup};

/// The longest `text` of a message: `chat.update` refuses more than 4000.
const MESSAGE_TEXT_MAX: usize = 3800;

/// A message, ready to post or to put in the place of an earlier one.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// All that matters, in words: notifications and screen readers read only
    /// this. With markup, already escaped.
    pub text: String,
    /// Block Kit: an array.
    pub blocks: Value,
}

impl Message {
    /// The message whose words are `text`, from a rendered file of `blocks/`.
    pub(super) fn new(text: &Markup, mut rendered: Value) -> Self {
        Self { text: cut_markup(text.as_str(), MESSAGE_TEXT_MAX), blocks: rendered["blocks"].take() }
    }
}
