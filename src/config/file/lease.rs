//! `[lease]`: how long what is built may live, and what happens at the end of that.

use std::time::Duration;

use toml::de::DeValue;

use super::reader::{Item, Reader, Section};
use crate::domain::lease::terms::{Lifetime, Terms};

pub(super) const KEYS: &[&str] =
    &["lifetime", "longest", "total", "warn", "read_only", "closed", "free_extensions", "undo", "heirs"];

/// Nothing is planned for longer.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
const EXPECTED: &str = r#"a duration in whole seconds of at most 100 years, such as "30days", "12h" or "0s""#;
const EXPECTED_LIFETIME: &str = r#"a duration in whole seconds, such as "30days", or "never""#;
/// Warnings before an end.
const WARNINGS: usize = 10;

/// Without the table nothing ends by itself.
pub(super) fn read(reader: &mut Reader, top: &Section) -> Option<Terms> {
    let Some(item) = top.get("lease") else { return Some(Terms::default()) };
    let section = reader.section(item, "a table [lease]")?;
    reader.refuse_unknown(&section, KEYS);
    let default = Terms::default();
    let lifetime = match section.get("lifetime") {
        Some(item) => lifetime(reader, &item),
        None => Some(Lifetime::Never),
    };
    let [longest, total] = ["longest", "total"].map(|key| match section.get(key) {
        Some(item) => span(reader, &item, 1).map(Some),
        None => Some(None),
    });
    let warn = warnings(reader, &section);
    let spans = [("read_only", 0), ("closed", 0), ("undo", default.undo), ("heirs", default.heirs)];
    let [read_only, closed, undo, heirs] = spans.map(|(key, default)| match section.get(key) {
        Some(item) => span(reader, &item, 0),
        None => Some(default),
    });
    let free_extensions = match section.get("free_extensions") {
        Some(item) => match item.value {
            DeValue::Integer(number) => match number.as_str().parse() {
                Ok(number) => Some(number),
                Err(_) => reader.mistake(&item, "a whole number from 0 on"),
            },
            _ => reader.mistake(&item, "a whole number from 0 on"),
        },
        None => Some(0),
    };
    let (lifetime, longest, total) = (lifetime?, longest?, total?);
    fits(reader, &section, lifetime, longest, "longest")?;
    fits(reader, &section, lifetime, total, "total")?;
    Some(Terms {
        ends: true,
        lifetime,
        longest,
        total,
        warn: warn?,
        read_only: read_only?,
        closed: closed?,
        free_extensions: free_extensions?,
        undo: undo?,
        heirs: heirs?,
    })
}

fn lifetime(reader: &mut Reader, item: &Item) -> Option<Lifetime> {
    if matches!(item.value, DeValue::String(text) if text == "never") {
        return Some(Lifetime::Never);
    }
    match seconds(item).filter(|seconds| *seconds > 0) {
        Some(seconds) => Some(Lifetime::For(seconds)),
        None => reader.mistake(item, EXPECTED_LIFETIME),
    }
}

/// What the form proposes may be asked for.
fn fits(reader: &mut Reader, section: &Section, lifetime: Lifetime, most: Option<u64>, key: &str) -> Option<()> {
    let (Lifetime::For(lifetime), Some(most)) = (lifetime, most) else { return Some(()) };
    if lifetime <= most {
        return Some(());
    }
    let item = section.get("lifetime")?;
    reader.mistake(&item, &format!("no more than `{key}`"))
}

fn warnings(reader: &mut Reader, section: &Section) -> Option<Vec<u64>> {
    let Some(item) = section.get("warn") else { return Some(Vec::new()) };
    let items = reader.list(&item, "a list of durations, such as [\"7days\", \"1day\"]")?;
    if items.len() > WARNINGS {
        return reader.found(&item, &format!("{} entries", items.len()), "10 at most");
    }
    let read: Vec<_> = items.iter().map(|item| span(reader, item, 1)).collect();
    let mut warnings: Vec<u64> = read.into_iter().collect::<Option<_>>()?;
    warnings.sort_unstable_by(|a, b| b.cmp(a));
    warnings.dedup();
    Some(warnings)
}

fn span(reader: &mut Reader, item: &Item, least: u64) -> Option<u64> {
    match seconds(item).filter(|seconds| *seconds >= least) {
        Some(seconds) => Some(seconds),
        None => reader.mistake(item, EXPECTED),
    }
}

fn seconds(item: &Item) -> Option<u64> {
    let DeValue::String(text) = item.value else { return None };
    let read = humantime::parse_duration(text).ok()?;
    (read <= LONGEST && read.subsec_nanos() == 0).then_some(read.as_secs())
}
