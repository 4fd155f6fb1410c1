//! Reads an object key by key: every mistake is said, each with the field it is in, and a
//! key that nobody reads is one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::answer::Refused;
use crate::slack::views::text::Text;

/// Keys that follow from the token or the configuration, whoever writes them.
const NOT_YOURS: [&str; 6] = ["requesterId", "channelId", "authorizationTimeoutSeconds", "by", "decidedBy", "door"];

/// The fields of a body that are not read yet, and the mistakes so far.
pub(super) struct Fields {
    left: Map<String, Value>,
    mistakes: BTreeMap<String, String>,
}

impl Fields {
    pub(super) fn new(object: Map<String, Value>) -> Self {
        Self { left: object, mistakes: BTreeMap::new() }
    }

    /// What a key holds; `None` if it is absent or null.
    fn take(&mut self, key: &str) -> Option<Value> {
        self.left.remove(key).filter(|value| !value.is_null())
    }

    pub(super) fn wrong<T>(&mut self, key: &str, said: impl Into<String>) -> Option<T> {
        self.mistakes.entry(key.to_owned()).or_insert_with(|| said.into());
        None
    }

    /// A text that may be left out.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            _ => self.wrong(key, "Expected a text."),
        }
    }

    /// A text that has to be there.
    pub(super) fn required(&mut self, key: &str, missing: &str) -> Option<String> {
        let is_wrong = self.left.get(key).is_some_and(|value| !value.is_null() && !value.is_string());
        match self.text(key) {
            Some(text) => Some(text),
            None if is_wrong => None,
            None => self.wrong(key, missing),
        }
    }

    /// A text of at most `most` characters; of white space alone it is none.
    pub(super) fn paragraph(&mut self, key: &str, most: usize) -> Option<String> {
        let text = self.text(key)?;
        if text.trim().chars().count() > most {
            return self.wrong(key, format!("The text is too long: at most {most} characters."));
        }
        // Where nothing would be seen, nothing is said.
        Text::paragraph(&text, most).map(|_| text.trim().to_owned())
    }

    pub(super) fn object(&mut self, key: &str) -> Option<Map<String, Value>> {
        match self.take(key)? {
            Value::Object(object) => Some(object),
            _ => self.wrong(key, "Expected an object."),
        }
    }

    /// A whole number from 1 on.
    pub(super) fn number(&mut self, key: &str) -> Option<u32> {
        let value = self.take(key)?;
        match value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0) {
            Some(number) => Some(number),
            None => self.wrong(key, "Expected a whole number, 1 or more."),
        }
    }

    /// Seconds, or `"never"`.
    pub(super) fn lifetime(&mut self, key: &str) -> Option<Value> {
        let value = self.take(key)?;
        let is_one = value.as_u64().is_some_and(|seconds| seconds > 0) || value == "never";
        if is_one { Some(value) } else { self.wrong(key, "Expected a whole number of seconds, or \"never\".") }
    }

    /// Whether something was wrong with this key.
    pub(super) fn is_wrong(&self, key: &str) -> bool {
        self.mistakes.contains_key(key)
    }

    /// # Errors
    /// Everything that was wrong, and what nobody asked for.
    pub(super) fn finish(mut self) -> Result<(), Refused> {
        for key in std::mem::take(&mut self.left).keys() {
            let said = match NOT_YOURS.contains(&key.as_str()) {
                true => "This is not in the body: it follows from the token, or is configured.",
                false => "There is no such key.",
            };
            // A key is as long as its sender likes.
            self.wrong::<()>(&key.chars().take(100).collect::<String>(), said);
        }
        if self.mistakes.is_empty() { Ok(()) } else { Err(Refused::fields(self.mistakes)) }
    }
}
