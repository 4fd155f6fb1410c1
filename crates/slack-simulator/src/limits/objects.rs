//! The small parts of Block Kit: text objects, options, confirmations, strings.

use serde_json::{Map, Value};

use super::check::{Check, Text};

impl Check {
    /// A text object of at least one character.
    pub(super) fn text(&mut self, value: &Value, kind: Text, limit: usize, at: &str) {
        let Some(fields) = value.as_object() else { return self.fail("must be a text object", at) };
        match fields.get("type").and_then(Value::as_str) {
            Some("plain_text") => {
                self.only_known(fields, &["text", "emoji"], at);
                self.optional_bool(fields, "emoji", at);
            }
            Some("mrkdwn") if kind == Text::Any => {
                self.only_known(fields, &["text", "verbatim"], at);
                self.optional_bool(fields, "verbatim", at);
            }
            _ if kind == Text::Plain => return self.fail("must be a plain_text object", &format!("{at}/type")),
            _ => return self.fail("must be a plain_text or mrkdwn object", &format!("{at}/type")),
        }
        self.required_string(fields, "text", 1, limit, at);
    }

    pub(super) fn optional_text(&mut self, fields: &Map<String, Value>, name: &str, kind: Text, max: usize, at: &str) {
        if let Some(value) = fields.get(name) {
            self.text(value, kind, max, &format!("{at}/{name}"));
        }
    }

    pub(super) fn required_text(&mut self, fields: &Map<String, Value>, name: &str, kind: Text, max: usize, at: &str) {
        match fields.get(name) {
            Some(value) => self.text(value, kind, max, &format!("{at}/{name}")),
            None => self.fail(format!("missing required field: {name}"), at),
        }
    }

    pub(super) fn optional_string(
        &mut self,
        fields: &Map<String, Value>,
        name: &str,
        min: usize,
        max: usize,
        at: &str,
    ) {
        let Some(value) = fields.get(name) else { return };
        let at = format!("{at}/{name}");
        let Some(text) = value.as_str() else { return self.fail("must be a string", &at) };
        let length = text.chars().count();
        if length < min {
            self.fail(format!("must be more than {} characters", min - 1), &at);
        }
        if length > max {
            self.fail(format!("must be less than {} characters", max + 1), &at);
        }
    }

    pub(super) fn required_string(
        &mut self,
        fields: &Map<String, Value>,
        name: &str,
        min: usize,
        max: usize,
        at: &str,
    ) {
        if fields.contains_key(name) {
            self.optional_string(fields, name, min, max, at);
        } else {
            self.fail(format!("missing required field: {name}"), at);
        }
    }

    pub(super) fn optional_bool(&mut self, fields: &Map<String, Value>, name: &str, at: &str) {
        if fields.get(name).is_some_and(|value| !value.is_boolean()) {
            self.fail("must be a boolean", &format!("{at}/{name}"));
        }
    }

    pub(super) fn optional_number(&mut self, fields: &Map<String, Value>, name: &str, min: u64, max: u64, at: &str) {
        if let Some(value) = fields.get(name)
            && !value.as_u64().is_some_and(|number| (min..=max).contains(&number))
        {
            self.fail(format!("must be between {min} and {max}"), &format!("{at}/{name}"));
        }
    }

    pub(super) fn one_of(&mut self, fields: &Map<String, Value>, name: &str, allowed: &[&str], at: &str) {
        if let Some(value) = fields.get(name)
            && !value.as_str().is_some_and(|value| allowed.contains(&value))
        {
            self.fail(format!("must be one of: {}", allowed.join(", ")), &format!("{at}/{name}"));
        }
    }

    /// A list of `min` to `max` items; empty when it is none.
    pub(super) fn list(
        &mut self,
        fields: &Map<String, Value>,
        name: &str,
        min: usize,
        max: usize,
        at: &str,
    ) -> Vec<Value> {
        let here = format!("{at}/{name}");
        let Some(value) = fields.get(name) else {
            self.fail(format!("missing required field: {name}"), at);
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.fail("must be an array", &here);
            return Vec::new();
        };
        if items.len() < min {
            self.fail(format!("no fewer than {min} items allowed"), &here);
        }
        if items.len() > max {
            self.fail(format!("no more than {max} items allowed"), &here);
        }
        items.clone()
    }

    /// Only these fields, besides `type` and `block_id`.
    pub(super) fn only_known(&mut self, fields: &Map<String, Value>, known: &[&str], at: &str) {
        for name in fields.keys() {
            if !known.contains(&name.as_str()) && name != "type" && name != "block_id" {
                self.fail(format!("invalid additional property: {name}"), at);
            }
        }
    }

    pub(super) fn option(&mut self, value: &Value, kind: Text, at: &str) {
        let Some(fields) = value.as_object() else { return self.fail("must be an object", at) };
        self.only_known(fields, &["text", "value", "description", "url"], at);
        self.required_text(fields, "text", kind, 75, at);
        self.required_string(fields, "value", 1, 150, at);
        self.optional_text(fields, "description", kind, 75, at);
    }

    pub(super) fn confirm(&mut self, value: &Value, at: &str) {
        let Some(fields) = value.as_object() else { return self.fail("must be an object", at) };
        self.only_known(fields, &["title", "text", "confirm", "deny", "style"], at);
        self.required_text(fields, "title", Text::Plain, 100, at);
        self.required_text(fields, "text", Text::Any, 300, at);
        self.required_text(fields, "confirm", Text::Plain, 30, at);
        self.required_text(fields, "deny", Text::Plain, 30, at);
        self.one_of(fields, "style", &["primary", "danger"], at);
    }

    /// An image, as a block or as an element.
    pub(super) fn image(&mut self, fields: &Map<String, Value>, at: &str) {
        if !fields.contains_key("image_url") && !fields.contains_key("slack_file") {
            self.fail("missing required field: image_url", at);
        }
        self.optional_string(fields, "image_url", 1, 3000, at);
        self.required_string(fields, "alt_text", 1, 2000, at);
        self.optional_text(fields, "title", Text::Plain, 2000, at);
    }
}
