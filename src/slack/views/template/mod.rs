//! The renderer of `blocks/*.json`: Block Kit as it is, with holes.
//!
//! - `"{{name}}"`, and nothing else in the string, becomes the value of that
//!   name, whatever its JSON type. Inside a longer string it becomes text.
//! - In the `text` of a `mrkdwn` object, where Slack reads markup, a [`Text`](super::text::Text) is
//!   escaped. Everywhere else (`plain_text`, rich text, IDs) Slack shows what it
//!   gets, and nothing is escaped.
//! - A value that is not there takes along what cannot be without it: a text
//!   takes its text object, the object its block. That ends at the nearest
//!   element of an array, or at a member that Block Kit lets one leave out. An array
//!   nothing is left of is not there either. Which member is of which kind is listed
//!   (`absence`); where one is in no list, no value may be missing.
//! - `{{list.name}}` is a value of one item of a list. The smallest element of an
//!   array that holds every mention of the list stands there once for each item.
//!
//! What a file may name is the fields of a Rust struct (`template!`), so a
//! forgotten value does not compile. That a file names all of them and no others, and
//! that something is left of it whatever is missing, is checked when the program starts
//! ([`Template::check`]); after that, rendering cannot fail. Values are never searched for names.
//!
//! - `values`: what a file may name, from a Rust struct.
//! - `parse`: a file into a tree, or what is wrong with it.
//! - `absence`: what becomes of an object without one of its members.
//! - `render`: the tree and the values into Block Kit.

mod absence;
mod parse;
mod render;
#[cfg(test)]
mod tests;
mod values;

use std::sync::OnceLock;

use serde_json::Value;

use self::parse::Parser;
use self::render::{Node, Scope};
pub use self::values::{Field, Fields, Filled, Kind, Slot};
pub(super) use self::values::{fields, template};

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
    pub(super) fn source(&self) -> (&'static str, &'static str) {
        (self.file, self.source)
    }

    fn parsed(&self) -> &Result<Node, TemplateProblem> {
        self.parsed.get_or_init(|| Parser::new(self.file, self.fields).parse(self.source))
    }
}

/// What is wrong with a template, for whoever edits it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    #[error("blocks/{file}.json is not JSON: {cause}")]
    NotJson { file: String, cause: String },
    #[error("blocks/{file}.json: \"{text}\" opens a name and does not close it, or has an odd name")]
    Malformed { file: String, text: String },
    #[error("blocks/{file}.json names {{{{{name}}}}}, which has no value")]
    NoValue { file: String, name: String },
    #[error("blocks/{file}.json does not name {{{{{name}}}}}, which has a value")]
    NoName { file: String, name: String },
    #[error("blocks/{file}.json: {{{{{name}}}}} cannot be in \"{text}\": {why}")]
    Misplaced { file: String, name: String, text: String, why: &'static str },
    #[error("blocks/{file}.json: no single element of an array holds every mention of {{{{{list}.…}}}}")]
    Scattered { file: String, list: String },
    #[error(
        "blocks/{file}.json: {{{{{name}}}}} may have no value, and whether its object can then do without \"{member}\" \
         is not said in template/absence.rs"
    )]
    Unsettled { file: String, name: String, member: String },
    #[error("blocks/{file}.json: without {{{{{name}}}}} nothing is left of the file")]
    Nothing { file: String, name: String },
}
