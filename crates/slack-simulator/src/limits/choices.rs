//! Elements with options to choose from: selects, checkboxes, radio buttons, menus.

use serde_json::{Map, Value};

use super::check::{Check, MAX_ID, Problem, Surface, Text};
use crate::blocks;

impl Check {
    pub(super) fn static_select(&mut self, fields: &Map<String, Value>, at: &str) {
        let known =
            ["action_id", "placeholder", "options", "option_groups", "initial_option", "confirm", "focus_on_load"];
        self.only_known(fields, &known, at);
        self.options_or_groups(fields, at);
        self.initial_option(fields, Text::Plain, at);
    }

    pub(super) fn multi_static_select(&mut self, fields: &Map<String, Value>, at: &str) {
        let known = [
            "action_id",
            "placeholder",
            "options",
            "option_groups",
            "initial_options",
            "confirm",
            "max_selected_items",
            "focus_on_load",
        ];
        self.only_known(fields, &known, at);
        self.options_or_groups(fields, at);
        self.initial_options(fields, Text::Plain, at);
        self.optional_number(fields, "max_selected_items", 1, u64::MAX, at);
    }

    pub(super) fn external_select(&mut self, fields: &Map<String, Value>, at: &str) {
        let known = ["action_id", "placeholder", "initial_option", "min_query_length", "confirm", "focus_on_load"];
        self.only_known(fields, &known, at);
        if let Some(initial) = fields.get("initial_option") {
            self.option(initial, Text::Plain, &format!("{at}/initial_option"));
        }
        self.optional_number(fields, "min_query_length", 0, 3000, at);
    }

    pub(super) fn multi_external_select(&mut self, fields: &Map<String, Value>, at: &str) {
        let known = [
            "action_id",
            "placeholder",
            "initial_options",
            "min_query_length",
            "confirm",
            "max_selected_items",
            "focus_on_load",
        ];
        self.only_known(fields, &known, at);
        if fields.contains_key("initial_options") {
            for (index, option) in self.list(fields, "initial_options", 1, usize::MAX, at).iter().enumerate() {
                self.option(option, Text::Plain, &format!("{at}/initial_options/{index}"));
            }
        }
        self.optional_number(fields, "min_query_length", 0, 3000, at);
        self.optional_number(fields, "max_selected_items", 1, u64::MAX, at);
    }

    pub(super) fn users_select(&mut self, fields: &Map<String, Value>, at: &str) {
        self.only_known(fields, &["action_id", "placeholder", "initial_user", "confirm", "focus_on_load"], at);
        self.optional_string(fields, "initial_user", 1, MAX_ID, at);
    }

    pub(super) fn overflow(&mut self, fields: &Map<String, Value>, at: &str) {
        self.only_known(fields, &["action_id", "options", "confirm"], at);
        self.option_list(fields, 1, 5, Text::Plain, at);
    }

    pub(super) fn radio_buttons(&mut self, fields: &Map<String, Value>, at: &str) {
        self.only_known(fields, &["action_id", "options", "initial_option", "confirm", "focus_on_load"], at);
        self.option_list(fields, 1, 10, Text::Any, at);
        self.initial_option(fields, Text::Any, at);
    }

    pub(super) fn checkboxes(&mut self, fields: &Map<String, Value>, at: &str) {
        self.only_known(fields, &["action_id", "options", "initial_options", "confirm", "focus_on_load"], at);
        self.option_list(fields, 1, 10, Text::Any, at);
        self.initial_options(fields, Text::Any, at);
    }

    fn initial_option(&mut self, fields: &Map<String, Value>, kind: Text, at: &str) {
        if let Some(initial) = fields.get("initial_option") {
            let here = format!("{at}/initial_option");
            self.option(initial, kind, &here);
            if !is_offered(fields, initial) {
                self.fail("must be one of the provided options", &here);
            }
        }
    }

    /// Slack takes no empty list here: who has nothing to choose leaves it out.
    fn initial_options(&mut self, fields: &Map<String, Value>, kind: Text, at: &str) {
        let Some(initial) = fields.get("initial_options") else { return };
        let here = format!("{at}/initial_options");
        let Some(all) = initial.as_array() else { return self.fail("must be an array", &here) };
        for (index, option) in all.iter().enumerate() {
            self.option(option, kind, &format!("{here}/{index}"));
        }
        if all.is_empty() || !all.iter().all(|option| is_offered(fields, option)) {
            self.fail("must be one of the provided options", &here);
        }
    }

    fn options_or_groups(&mut self, fields: &Map<String, Value>, at: &str) {
        match (fields.contains_key("options"), fields.contains_key("option_groups")) {
            (true, true) => self.fail("only one of options and option_groups is allowed", at),
            (false, false) => self.fail("missing required field: options", at),
            (true, false) => self.option_list(fields, 1, 100, Text::Plain, at),
            (false, true) => self.option_groups(fields, at),
        }
    }

    fn option_list(&mut self, fields: &Map<String, Value>, min: usize, max: usize, kind: Text, at: &str) {
        for (index, option) in self.list(fields, "options", min, max, at).iter().enumerate() {
            self.option(option, kind, &format!("{at}/options/{index}"));
        }
    }

    fn option_groups(&mut self, fields: &Map<String, Value>, at: &str) {
        for (index, group) in self.list(fields, "option_groups", 1, 100, at).iter().enumerate() {
            let at = format!("{at}/option_groups/{index}");
            let Some(group) = group.as_object() else {
                self.fail("must be an object", &at);
                continue;
            };
            self.required_text(group, "label", Text::Plain, 75, &at);
            self.option_list(group, 1, 100, Text::Plain, &at);
        }
    }

    /// The answer to a `block_suggestion`.
    fn suggestions(&mut self, answer: &Value) {
        let Some(fields) = answer.as_object() else { return self.fail("must be an object", "") };
        if fields.contains_key("option_groups") {
            self.option_groups(fields, "");
        } else {
            self.option_list(fields, 0, 100, Text::Plain, "");
        }
    }
}

/// Is it one of the options, in all that people see and the app gets?
fn is_offered(fields: &Map<String, Value>, initial: &Value) -> bool {
    let part = |option: &Value, name: &str| blocks::string(option, name);
    let same = |option: &Value| {
        ["/text/text", "/value", "/description/text"].iter().all(|name| part(option, name) == part(initial, name))
    };
    blocks::options(&Value::Object(fields.clone())).iter().any(same)
}

/// Everything wrong with the answer to a `block_suggestion`.
pub fn check_suggestions(answer: &Value) -> Vec<Problem> {
    let mut check = Check { surface: Surface::Modal, problems: Vec::new() };
    check.suggestions(answer);
    check.problems
}
