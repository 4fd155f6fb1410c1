//! The kinds of value that several tables have: an id, a text to read, a duration,
//! yes or no.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

use super::reader::{Item, Reader, Section};

/// What Slack shows of one option of a select.
pub(super) const OPTION_TEXT: usize = 75;

/// Less cannot be answered; more is a request nobody remembers.
const DURATIONS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30 * 24 * 60 * 60);
const EXPECTED_DURATION: &str = r#"a duration from "1s" to "30days" in whole seconds, such as "90s", "2m" or "1h 30m""#;

impl Reader<'_> {
    pub(super) fn id(&mut self, section: &Section, seen: &mut BTreeSet<String>) -> Option<String> {
        let expected = r#"an id of 1 to 75 letters, digits, "_", "." and "-""#;
        let id = self.required(section, "id", expected, |text| {
            (1..=OPTION_TEXT).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        })?;
        self.once(&section.get("id")?, id, seen)
    }

    pub(super) fn yes_or_no(&mut self, section: &Section, key: &str, default: bool) -> Option<bool> {
        match section.get(key) {
            Some(Item { value: DeValue::Boolean(value), .. }) => Some(*value),
            Some(item) => self.mistake(&item, "true or false"),
            None => Some(default),
        }
    }

    pub(super) fn duration(&mut self, item: &Item) -> Option<Duration> {
        let DeValue::String(text) = item.value else { return self.mistake(item, EXPECTED_DURATION) };
        match humantime::parse_duration(text) {
            Ok(duration) if DURATIONS.contains(&duration) && duration.subsec_nanos() == 0 => Some(duration),
            _ => self.mistake(item, EXPECTED_DURATION),
        }
    }
}

pub(super) fn option_text(what: &str) -> String {
    format!("{what} of 1 to {OPTION_TEXT} characters on one line")
}

pub(super) fn is_option_text(text: &str) -> bool {
    is_line(text, OPTION_TEXT)
}

/// The ID of a channel, as "Copy channel ID" in Slack gives it.
pub(super) fn is_channel(text: &str) -> bool {
    let rest = text.strip_prefix(['C', 'G']).unwrap_or_default();
    !rest.is_empty() && rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// Something to read on one line, of at most `longest` characters.
pub(super) fn is_line(text: &str, longest: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control)
}
