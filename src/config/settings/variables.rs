//! [`Variables`]: the environment as it is read, and what was found wrong with it.

use crate::config::problem::{ConfigError, Problem};

/// The environment, and what was found wrong with it so far. A reader that gives
/// `None` for a required variable has reported it.
pub(super) struct Variables<'l> {
    lookup: &'l dyn Fn(&str) -> Option<String>,
    pub(super) problems: Vec<Problem>,
}

impl<'l> Variables<'l> {
    pub(super) fn new(lookup: &'l dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// Blank counts as not set, as in an `.env` file with nothing behind the `=`; and
    /// quotes around a value are such a file's, where a container takes them literally.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?;
        let value = unquoted(value.trim());
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The first of these that is set.
    pub(super) fn first(&self, names: [&'static str; 2]) -> Option<(&'static str, String)> {
        names.into_iter().find_map(|name| Some((name, self.get(name)?)))
    }

    pub(super) fn refuse<T>(&mut self, name: &'static str, message: impl Into<String>) -> Option<T> {
        self.problems.push(Problem::Variable { name, message: message.into() });
        None
    }

    pub(super) fn into_error(self) -> ConfigError {
        ConfigError { problems: self.problems }
    }
}

/// Without one pair of quotes around it, and without white space within these.
pub(super) fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value).trim()
}
