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
//! - `values`: what a file may name.
//! - `declaration`: that, from a Rust struct.
//! - `file`: a file and what it may name, checked and filled.
//! - `parse`, `problem`: a file into a tree, or what is wrong with it.
//! - `absence`: what becomes of an object without one of its members.
//! - `render`: the tree and the values into Block Kit.

mod absence;
mod declaration;
mod file;
mod parse;
mod problem;
mod render;
#[cfg(test)]
mod tests;
mod values;

pub(super) use self::declaration::{fields, template};
pub use self::file::Template;
pub use self::problem::TemplateProblem;
pub use self::values::{Field, Fields, Filled, Kind, Slot};
