//! [`Reader`]: walks the values of a TOML document, and notes every mistake with its
//! line, column and key, what was found and what was expected. It knows no key of
//! the file.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::problem::{ConfigError, Problem};

/// Collects mistakes while walking. A value that is wrong has been reported
/// when its reader gives `None`.
pub(super) struct Reader<'t> {
    path: &'t Path,
    text: &'t str,
    problems: Vec<(usize, Problem)>,
}

/// A value and where it is.
pub(super) struct Item<'d, 'i> {
    pub(super) key: String,
    pub(super) span: Range<usize>,
    pub(super) value: &'d DeValue<'i>,
}

/// A table and where it is.
pub(super) struct Section<'d, 'i> {
    pub(super) key: String,
    pub(super) at: usize,
    pub(super) table: &'d DeTable<'i>,
}

impl<'d, 'i> Section<'d, 'i> {
    /// The whole document.
    pub(super) fn top(document: &'d Spanned<DeTable<'i>>) -> Self {
        Self { key: String::new(), at: 0, table: document.get_ref() }
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) }
    }

    pub(super) fn get(&self, key: &str) -> Option<Item<'d, 'i>> {
        let value: &Spanned<DeValue> = self.table.get(key)?;
        Some(Item { key: self.path_of(key), span: value.span(), value: value.get_ref() })
    }
}

impl<'t> Reader<'t> {
    pub(super) fn new(path: &'t Path, text: &'t str) -> Self {
        Self { path, text, problems: Vec::new() }
    }

    /// Was there a mistake so far?
    pub(super) fn found_mistakes(&self) -> bool {
        !self.problems.is_empty()
    }

    pub(super) fn required(
        &mut self,
        section: &Section,
        key: &str,
        expected: &str,
        accepts: impl Fn(&str) -> bool,
    ) -> Option<String> {
        match section.get(key) {
            Some(item) => self.text(&item, expected, accepts),
            None => self.say(section.at, &section.path_of(key), format!("is missing, expected {expected}.")),
        }
    }

    /// The outer `None`: a mistake.
    pub(super) fn optional(
        &mut self,
        section: &Section,
        key: &str,
        expected: &str,
        accepts: impl Fn(&str) -> bool,
    ) -> Option<Option<String>> {
        match section.get(key) {
            Some(item) => self.text(&item, expected, accepts).map(Some),
            None => Some(None),
        }
    }

    pub(super) fn text(&mut self, item: &Item, expected: &str, accepts: impl Fn(&str) -> bool) -> Option<String> {
        match item.value {
            DeValue::String(text) if accepts(text) => Some(text.to_string()),
            _ => self.mistake(item, expected),
        }
    }

    pub(super) fn once(&mut self, item: &Item, text: String, seen: &mut BTreeSet<String>) -> Option<String> {
        if seen.insert(text.clone()) {
            return Some(text);
        }
        self.found(item, &format!("{} a second time", shown(item.value)), "each one once")
    }

    pub(super) fn list<'d, 'i>(&mut self, item: &Item<'d, 'i>, expected: &str) -> Option<Vec<Item<'d, 'i>>> {
        if !matches!(item.value, DeValue::Array(_)) {
            return self.mistake(item, expected);
        }
        Some(Self::items(item))
    }

    /// The values of a list; none of what is no list.
    pub(super) fn items<'d, 'i>(item: &Item<'d, 'i>) -> Vec<Item<'d, 'i>> {
        let DeValue::Array(values) = item.value else { return Vec::new() };
        let name = |(index, value): (usize, &'d Spanned<DeValue<'i>>)| Item {
            key: format!("{}[{index}]", item.key),
            span: value.span(),
            value: value.get_ref(),
        };
        values.iter().enumerate().map(name).collect()
    }

    /// The tables of a list, as far as they are any; what is wrong was said by whoever
    /// read them.
    pub(super) fn quietly<'d, 'i>(top: &Section<'d, 'i>, key: &str) -> Vec<Section<'d, 'i>> {
        let items = top.get(key).map(|item| Self::items(&item)).unwrap_or_default();
        let tables = items.into_iter().filter_map(|Item { key, span, value }| match value {
            DeValue::Table(table) => Some(Section { key, at: span.start, table }),
            _ => None,
        });
        tables.collect()
    }

    pub(super) fn section<'d, 'i>(&mut self, item: Item<'d, 'i>, expected: &str) -> Option<Section<'d, 'i>> {
        let DeValue::Table(table) = item.value else { return self.mistake(&item, expected) };
        Some(Section { key: item.key, at: item.span.start, table })
    }

    pub(super) fn sections<'d, 'i>(&mut self, item: Item<'d, 'i>, expected: &str) -> Option<Vec<Section<'d, 'i>>> {
        let items = self.list(&item, &format!("{expected}, in double brackets"))?;
        let read: Vec<_> = items.into_iter().map(|item| self.section(item, expected)).collect();
        read.into_iter().collect()
    }

    pub(super) fn mistake<T>(&mut self, item: &Item, expected: &str) -> Option<T> {
        self.found(item, &shown(item.value), expected)
    }

    pub(super) fn found<T>(&mut self, item: &Item, found: &str, expected: &str) -> Option<T> {
        self.say(item.span.start, &item.key, format!("found {found}, expected {expected}."))
    }

    pub(super) fn say<T>(&mut self, at: usize, key: &str, message: String) -> Option<T> {
        self.note(at, key, message);
        None
    }

    pub(super) fn note(&mut self, at: usize, key: &str, message: String) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let problem = Problem::Key { path: PathBuf::from(self.path), line, column, key: key.to_owned(), message };
        self.add(at, problem);
    }

    /// Notes a mistake in what stands here.
    pub(super) fn add(&mut self, at: usize, problem: Problem) {
        self.problems.push((at, problem));
    }

    /// A path of the file, from the folder that the file is in: only templates have one.
    #[cfg(feature = "cloudformation")]
    pub(super) fn beside(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    /// The mistakes in the order of the file.
    pub(super) fn finish(mut self) -> ConfigError {
        self.problems.sort_by_key(|(at, _)| *at);
        ConfigError { problems: self.problems.into_iter().map(|(_, problem)| problem).collect() }
    }
}

/// A value as the reader of a message recognises it.
fn shown(value: &DeValue) -> String {
    /// Enough to recognise a text.
    const LONGEST: usize = 60;
    match value {
        DeValue::String(text) if text.chars().count() > LONGEST => {
            format!("{:?} ({} characters)", text.chars().take(LONGEST).collect::<String>() + "…", text.chars().count())
        }
        DeValue::String(text) => format!("{:?}", text.as_ref()),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(when) => format!("the date {when}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
