//! Views: modals and Home tabs.

use serde_json::{Map, Value};

use super::check::{Check, MAX_ID, Problem, Surface, Text};

/// A view may have 250 KB.
pub const MAX_VIEW_BYTES: usize = 250 * 1024;

const KNOWN: [&str; 11] = [
    "title",
    "blocks",
    "submit",
    "close",
    "private_metadata",
    "callback_id",
    "clear_on_close",
    "notify_on_close",
    "external_id",
    "submit_disabled",
    "type",
];

/// Everything wrong with a view; pointers start with `/view`.
pub fn check_view(view: &Value, surface: Surface) -> Vec<Problem> {
    let mut check = Check { surface, problems: Vec::new() };
    match view.as_object() {
        Some(fields) => check.view(fields, "/view"),
        None => check.fail("must be an object", "/view"),
    }
    check.problems
}

impl Check {
    fn view(&mut self, fields: &Map<String, Value>, at: &str) {
        let kind = if self.surface == Surface::Home { "home" } else { "modal" };
        if fields.get("type").and_then(Value::as_str) != Some(kind) {
            self.fail(format!("must be {kind}"), &format!("{at}/type"));
        }
        self.only_known(fields, &KNOWN, at);
        if self.surface == Surface::Modal {
            self.required_text(fields, "title", Text::Plain, 24, at);
            self.optional_text(fields, "submit", Text::Plain, 24, at);
            self.optional_text(fields, "close", Text::Plain, 24, at);
        }
        self.optional_string(fields, "private_metadata", 0, 3000, at);
        self.optional_string(fields, "callback_id", 0, MAX_ID, at);
        self.optional_string(fields, "external_id", 0, MAX_ID, at);
        for name in ["clear_on_close", "notify_on_close", "submit_disabled"] {
            self.optional_bool(fields, name, at);
        }
        let blocks = self.list(fields, "blocks", 0, usize::MAX, at);
        self.blocks(&blocks, &format!("{at}/blocks"));
        let has_input = blocks.iter().any(|block| block["type"] == "input");
        if self.surface == Surface::Modal && has_input && !fields.contains_key("submit") {
            self.fail("submit is required when an input block is within the blocks array", at);
        }
    }
}
