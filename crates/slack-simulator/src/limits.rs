//! What Slack refuses in blocks and views: sizes, surfaces, uniqueness, types.
//! Stricter than Slack's own SDK validators, as the real server is.

mod blocks;
mod check;
mod choices;
mod elements;
mod objects;
mod views;

use serde_json::Value;

pub use blocks::check_blocks;
pub use check::{Problem, Surface, block_errors};
pub use choices::check_suggestions;
pub use views::{MAX_VIEW_BYTES, check_view};

/// An undocumented limit over all blocks of a message: refused at 11 341 by one
/// report, so about 12 000 with everything counted.
pub const MAX_BLOCK_CHARACTERS: usize = 12_000;

/// All characters of all texts in blocks.
pub fn total_characters(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(total_characters).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, inner)| match inner {
                Value::String(text) if ["text", "value", "title", "description"].contains(&name.as_str()) => {
                    text.chars().count()
                }
                inner => total_characters(inner),
            })
            .sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
