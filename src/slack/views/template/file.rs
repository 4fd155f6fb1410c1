//! [`Template`]: a file of `blocks/` with what it may name, read once.

use std::sync::OnceLock;

use serde_json::Value;

use super::parse::Parser;
use super::problem::TemplateProblem;
use super::render::{Node, Scope};
use super::values::{Field, Filled};

/// One file of `blocks/`, embedded, and what it may name.
pub struct Template {
    file: &'static str,
    source: &'static str,
    fields: &'static [Field],
    parsed: OnceLock<Result<Node, TemplateProblem>>,
}

impl Template {
    pub const fn new(file: &'static str, source: &'static str, fields: &'static [Field]) -> Self {
        Self { file, source, fields, parsed: OnceLock::new() }
    }

    /// Does the file name all its values, no others, and each in its place?
    pub fn check(&self) -> Result<(), TemplateProblem> {
        self.parsed().as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// The file with `values` in it, which are in the order of the fields.
    /// `null` if the file does not pass [`check`](Self::check).
    pub fn render(&self, values: &[Filled]) -> Value {
        let Ok(node) = self.parsed() else { return Value::Null };
        node.render(&Scope { values, rows: &[] }).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn source(&self) -> (&'static str, &'static str) {
        (self.file, self.source)
    }

    fn parsed(&self) -> &Result<Node, TemplateProblem> {
        self.parsed.get_or_init(|| Parser::new(self.file, self.fields).parse(self.source))
    }
}
