//! Something that can be chosen, as an option of a select.

use super::template::fields;
use super::text::Text;

/// The longest text and description of an option.
const OPTION_TEXT_MAX: usize = 75;
/// The longest value of an option. A longer one could not be chosen.
const OPTION_VALUE_MAX: usize = 150;
/// Something that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub text: String,
    pub description: Option<String>,
}

impl Choice {
    pub fn new(value: &str, text: &str) -> Self {
        Self { value: value.to_owned(), text: text.to_owned(), description: None }
    }

    pub fn with_description(self, description: &str) -> Self {
        Self { description: Some(description.to_owned()), ..self }
    }

    /// A choice that is called by its value.
    pub fn of(value: &str) -> Self {
        Self { value: value.to_owned(), text: value.to_owned(), description: None }
    }
}

fields! {
    /// An option of a select.
    Entry { text: Text, value: String, description: Option<Text> }
}

/// A choice as an option; `None` if Slack would not take its value.
pub(super) fn entry(choice: &Choice) -> Option<Entry> {
    let value = &choice.value;
    if value.is_empty() || value.encode_utf16().count() > OPTION_VALUE_MAX {
        return None;
    }
    let text = Text::line(&choice.text, OPTION_TEXT_MAX).unwrap_or_else(|| Text::line_or_dash(value, OPTION_TEXT_MAX));
    let description = choice.description.as_deref().and_then(|text| Text::line(text, OPTION_TEXT_MAX));
    Some(Entry { text, value: value.clone(), description })
}
