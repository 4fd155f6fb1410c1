//! The interactive elements: buttons, selects, text inputs.

use serde_json::{Map, Value};

use super::check::{Check, MAX_ID, Problem, Surface, Text};
use crate::blocks;

/// Where an element stands; not every element fits everywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    Section,
    Actions,
    Input,
}

/// Elements of Slack that have no rules here beyond their name and ids.
const PICKERS: [&str; 9] = [
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_users_select",
    "multi_external_select",
    "multi_conversations_select",
    "multi_channels_select",
    "datepicker",
    "timepicker",
];
/// Typed inputs that only stand in input blocks.
const INPUT_ONLY: [&str; 6] =
    ["plain_text_input", "email_text_input", "url_text_input", "number_input", "file_input", "rich_text_input"];

impl Check {
    pub(super) fn element(&mut self, element: &Value, place: Place, at: &str) {
        let Some(fields) = element.as_object() else { return self.fail("must be an object", at) };
        let Some(kind) = fields.get("type").and_then(Value::as_str) else {
            return self.fail("missing required field: type", at);
        };
        let misplaced = match kind {
            "button" | "overflow" => place == Place::Input,
            "image" => place != Place::Section,
            _ if INPUT_ONLY.contains(&kind) => place != Place::Input,
            "workflow_button" | "static_select" | "external_select" | "users_select" => false,
            "radio_buttons" | "checkboxes" | "datetimepicker" => false,
            _ if PICKERS.contains(&kind) => false,
            _ => true,
        };
        if misplaced {
            return self.fail(format!("unsupported type: {kind}"), &format!("{at}/type"));
        }
        self.optional_string(fields, "action_id", 1, MAX_ID, at);
        self.optional_bool(fields, "focus_on_load", at);
        self.optional_text(fields, "placeholder", Text::Plain, 150, at);
        if let Some(confirm) = fields.get("confirm") {
            self.confirm(confirm, &format!("{at}/confirm"));
        }
        match kind {
            "button" => self.button(fields, at),
            "static_select" => self.static_select(fields, at),
            "external_select" => self.external_select(fields, at),
            "users_select" => self.users_select(fields, at),
            "plain_text_input" => self.plain_text_input(fields, at),
            "overflow" => self.choices(fields, 1, 5, Text::Plain, at),
            "radio_buttons" | "checkboxes" => self.choices(fields, 1, 10, Text::Any, at),
            "image" => self.image(fields, at),
            _ => {}
        }
    }

    fn button(&mut self, fields: &Map<String, Value>, at: &str) {
        let known = ["action_id", "text", "value", "url", "style", "confirm", "accessibility_label"];
        self.only_known(fields, &known, at);
        self.required_text(fields, "text", Text::Plain, 75, at);
        self.optional_string(fields, "value", 0, 2000, at);
        self.optional_string(fields, "url", 1, 3000, at);
        self.optional_string(fields, "accessibility_label", 1, 75, at);
        self.one_of(fields, "style", &["primary", "danger"], at);
    }

    fn static_select(&mut self, fields: &Map<String, Value>, at: &str) {
        let known =
            ["action_id", "placeholder", "options", "option_groups", "initial_option", "confirm", "focus_on_load"];
        self.only_known(fields, &known, at);
        match (fields.contains_key("options"), fields.contains_key("option_groups")) {
            (true, true) => self.fail("only one of options and option_groups is allowed", at),
            (false, false) => self.fail("missing required field: options", at),
            (true, false) => self.option_list(fields, 1, 100, Text::Plain, at),
            (false, true) => self.option_groups(fields, at),
        }
        if let Some(initial) = fields.get("initial_option") {
            self.option(initial, Text::Plain, &format!("{at}/initial_option"));
            let same = |option: &Value| {
                let part = |option: &Value, name: &str| blocks::string(option, name);
                ["/text/text", "/value", "/description/text"].iter().all(|p| part(option, p) == part(initial, p))
            };
            if !blocks::options(&Value::Object(fields.clone())).iter().any(same) {
                self.fail("must be one of the provided options", &format!("{at}/initial_option"));
            }
        }
    }

    fn external_select(&mut self, fields: &Map<String, Value>, at: &str) {
        let known = ["action_id", "placeholder", "initial_option", "min_query_length", "confirm", "focus_on_load"];
        self.only_known(fields, &known, at);
        if let Some(initial) = fields.get("initial_option") {
            self.option(initial, Text::Plain, &format!("{at}/initial_option"));
        }
        self.optional_number(fields, "min_query_length", 0, 3000, at);
    }

    fn users_select(&mut self, fields: &Map<String, Value>, at: &str) {
        self.only_known(fields, &["action_id", "placeholder", "initial_user", "confirm", "focus_on_load"], at);
        self.optional_string(fields, "initial_user", 1, MAX_ID, at);
    }

    fn plain_text_input(&mut self, fields: &Map<String, Value>, at: &str) {
        let known = [
            "action_id",
            "placeholder",
            "initial_value",
            "multiline",
            "min_length",
            "max_length",
            "dispatch_action_config",
            "focus_on_load",
        ];
        self.only_known(fields, &known, at);
        self.optional_bool(fields, "multiline", at);
        self.optional_number(fields, "min_length", 0, 3000, at);
        self.optional_number(fields, "max_length", 1, 3000, at);
        let max = fields.get("max_length").and_then(Value::as_u64).unwrap_or(3000);
        if fields.get("min_length").and_then(Value::as_u64).is_some_and(|min| min > max) {
            self.fail("must not be more than max_length", &format!("{at}/min_length"));
        }
        self.optional_string(fields, "initial_value", 0, max as usize, at);
    }

    fn choices(&mut self, fields: &Map<String, Value>, min: usize, max: usize, kind: Text, at: &str) {
        self.option_list(fields, min, max, kind, at);
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

/// Everything wrong with the answer to a `block_suggestion`.
pub fn check_suggestions(answer: &Value) -> Vec<Problem> {
    let mut check = Check { surface: Surface::Modal, problems: Vec::new() };
    check.suggestions(answer);
    check.problems
}
