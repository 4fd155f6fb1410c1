//! [`Reply`]: what Slack is answered, and how that is written.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What Slack is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Acknowledged; a form closes.
    Nothing,
    Challenge(String),
    /// Text for the person who ran the command, alone.
    Private(String),
    /// The same with what can be pressed.
    Shown {
        text: String,
        blocks: Value,
    },
    /// Text under the fields of a form, which stays open with what was typed.
    Errors(BTreeMap<String, String>),
    /// The options of a select.
    Options(Value),
}

impl Reply {
    /// Text under one field.
    pub fn error(field: &str, text: impl Into<String>) -> Self {
        Self::Errors(BTreeMap::from([(field.to_owned(), text.into())]))
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Challenge(_) => "challenge",
            Self::Private(_) | Self::Shown { .. } => "private",
            Self::Errors(_) => "errors",
            Self::Options(_) => "options",
        }
    }

    /// What Slack is sent, where there is something to say.
    pub fn json(self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Challenge(challenge) => Some(challenge.into()),
            Self::Private(text) => Some(json!({ "response_type": "ephemeral", "text": text })),
            Self::Shown { text, blocks } => {
                Some(json!({ "response_type": "ephemeral", "text": text, "blocks": blocks }))
            }
            Self::Errors(errors) => Some(json!({ "response_action": "errors", "errors": errors })),
            Self::Options(options) => Some(options),
        }
    }
}
