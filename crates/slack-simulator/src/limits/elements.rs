//! The interactive elements, and where they may stand: buttons, texts and numbers. What is
//! chosen from options is in `choices`.

use serde_json::{Map, Value};

use super::check::{Check, MAX_ID, Surface, Text};
use crate::numbers::Number;

/// Where an element stands; not every element fits everywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    Section,
    Actions,
    Input,
}

/// Elements of Slack that have no rules here beyond their name and ids.
const PICKERS: [&str; 7] = [
    "conversations_select",
    "channels_select",
    "multi_users_select",
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
            "file_input" => place != Place::Input || self.surface != Surface::Modal,
            _ if INPUT_ONLY.contains(&kind) => place != Place::Input,
            "workflow_button" | "static_select" | "external_select" | "users_select" => false,
            "multi_static_select" | "multi_external_select" => false,
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
            "multi_static_select" => self.multi_static_select(fields, at),
            "multi_external_select" => self.multi_external_select(fields, at),
            "users_select" => self.users_select(fields, at),
            "plain_text_input" => self.plain_text_input(fields, at),
            "number_input" => self.number_input(fields, at),
            "overflow" => self.overflow(fields, at),
            "radio_buttons" => self.radio_buttons(fields, at),
            "checkboxes" => self.checkboxes(fields, at),
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
        self.dispatch_action_config(fields, at);
    }

    fn number_input(&mut self, fields: &Map<String, Value>, at: &str) {
        let known = [
            "action_id",
            "is_decimal_allowed",
            "initial_value",
            "min_value",
            "max_value",
            "placeholder",
            "dispatch_action_config",
            "focus_on_load",
        ];
        self.only_known(fields, &known, at);
        if !fields.contains_key("is_decimal_allowed") {
            self.fail("missing required field: is_decimal_allowed", at);
        }
        self.optional_bool(fields, "is_decimal_allowed", at);
        let whole = fields.get("is_decimal_allowed").and_then(Value::as_bool) == Some(false);
        let [min, max, _] = ["min_value", "max_value", "initial_value"].map(|name| {
            let value = fields.get(name)?;
            let here = format!("{at}/{name}");
            let Some(text) = value.as_str() else {
                self.fail("must be a string", &here);
                return None;
            };
            let number = Number::read(text);
            match &number {
                None => self.fail("must be a number", &here),
                Some(number) if whole && !number.is_whole() => self.fail("must be an integer", &here),
                Some(_) => {}
            }
            number
        });
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            self.fail("must not be more than max_value", &format!("{at}/min_value"));
        }
        self.dispatch_action_config(fields, at);
    }

    fn dispatch_action_config(&mut self, fields: &Map<String, Value>, at: &str) {
        let Some(config) = fields.get("dispatch_action_config") else { return };
        let at = format!("{at}/dispatch_action_config");
        let Some(config) = config.as_object() else { return self.fail("must be an object", &at) };
        self.only_known(config, &["trigger_actions_on"], &at);
        if config.contains_key("trigger_actions_on") {
            for (index, on) in self.list(config, "trigger_actions_on", 1, 2, &at).iter().enumerate() {
                if on != "on_enter_pressed" && on != "on_character_entered" {
                    let here = format!("{at}/trigger_actions_on/{index}");
                    self.fail("must be one of: on_enter_pressed, on_character_entered", &here);
                }
            }
        }
    }
}
