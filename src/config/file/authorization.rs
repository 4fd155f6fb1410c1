//! `[authorization]`: how long a request waits for its decision, and what is allowed
//! meanwhile.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

use super::reader::{Item, Reader, Section};

pub(super) const KEYS: &[&str] = &["timeout", "reminder", "allow_self", "open_max"];

/// How long a request waits for its authorizer, unless configured.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2 * 60);

/// Open requests of one person: each of them is looked at where the limit is reached.
const OPEN: RangeInclusive<u32> = 1..=1_000;
const EXPECTED_OPEN: &str = "a whole number from 1 to 1000; without the key there is no limit";

/// What the table says.
pub(super) struct Authorization {
    pub(super) timeout: Duration,
    pub(super) reminder: Option<Duration>,
    pub(super) allow_self: bool,
    pub(super) open_max: Option<u32>,
}

impl Default for Authorization {
    fn default() -> Self {
        Self { timeout: DEFAULT_TIMEOUT, reminder: None, allow_self: false, open_max: None }
    }
}

pub(super) fn read(reader: &mut Reader, top: &Section) -> Option<Authorization> {
    let Some(item) = top.get("authorization") else { return Some(Authorization::default()) };
    let section = reader.section(item, "a table [authorization]")?;
    reader.refuse_unknown(&section, KEYS);
    let timeout = match section.get("timeout") {
        Some(item) => reader.duration(&item),
        None => Some(DEFAULT_TIMEOUT),
    };
    let reminder = match section.get("reminder") {
        Some(item) => reminder(reader, &item, timeout).map(Some),
        None => Some(None),
    };
    let allow_self = reader.yes_or_no(&section, "allow_self", false);
    let open_max = match section.get("open_max") {
        Some(item) => open_max(reader, &item).map(Some),
        None => Some(None),
    };
    Some(Authorization { timeout: timeout?, reminder: reminder?, allow_self: allow_self?, open_max: open_max? })
}

fn reminder(reader: &mut Reader, item: &Item, timeout: Option<Duration>) -> Option<Duration> {
    let reminder = reader.duration(item)?;
    match timeout {
        Some(timeout) if reminder >= timeout => {
            let timeout = humantime::format_duration(timeout);
            reader.mistake(item, &format!("less than the timeout of {timeout}"))
        }
        _ => Some(reminder),
    }
}

fn open_max(reader: &mut Reader, item: &Item) -> Option<u32> {
    let number = match item.value {
        DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    match number.filter(|number| OPEN.contains(number)) {
        Some(number) => Some(number),
        None => reader.mistake(item, EXPECTED_OPEN),
    }
}
