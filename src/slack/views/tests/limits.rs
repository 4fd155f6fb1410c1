//! What Slack accepts, as far as our views use it: `docs.slack.dev`, the pages on
//! blocks, elements and composition objects, and what was observed where they
//! are silent.

use std::collections::HashSet;

use serde_json::Value;

/// Where blocks stand.
#[derive(Clone, Copy, PartialEq)]
pub enum Surface {
    Message,
    Modal,
}

/// All blocks of a message together, as JSON: `msg_blocks_too_long` comes from
/// somewhere between 9,600 and 11,300.
const BLOCKS_MAX: usize = 9000;

/// What Slack would refuse in a message (`{"blocks": …}`) or in a modal.
pub fn check_limits(surface: Surface, value: &Value) -> Vec<String> {
    let mut check = Check { problems: Vec::new() };
    let blocks = value["blocks"].as_array().cloned().unwrap_or_default();
    let most = if surface == Surface::Message { 50 } else { 100 };
    check.that(!blocks.is_empty() && blocks.len() <= most, "number of blocks");
    if surface == Surface::Message {
        let size = value["blocks"].to_string().encode_utf16().count();
        check.that(size <= BLOCKS_MAX, &format!("all blocks together: {size}"));
    } else {
        check.that(value["type"] == "modal", "type of the view");
        for part in ["title", "submit", "close"] {
            check.plain(&value[part], 24, part, part == "title");
        }
        let inputs = blocks.iter().any(|block| block["type"] == "input");
        check.that(!inputs || value["submit"].is_object(), "submit");
        check.string(&value["private_metadata"], 3000, "private_metadata");
        check.that(value.to_string().len() <= 250_000, "size of the view");
    }
    let mut seen = HashSet::new();
    for block in &blocks {
        if let Some(id) = block["block_id"].as_str() {
            check.that(seen.insert(id) && !id.is_empty() && id.len() <= 255, "block_id");
        }
        check.block(block);
    }
    check.problems
}

/// All strings of a view that somebody reads, and whether Slack reads markup in
/// them.
pub fn strings(value: &Value) -> Vec<(String, bool)> {
    match value {
        Value::Array(elements) => elements.iter().flat_map(strings).collect(),
        Value::Object(members) => {
            let markup = members.get("type").is_some_and(|kind| kind == "mrkdwn");
            let shown = members.iter().filter(|(key, _)| !matches!(key.as_str(), "value" | "private_metadata"));
            shown
                .flat_map(|(key, member)| match member {
                    Value::String(text) => vec![(text.clone(), markup && key == "text")],
                    other => strings(other),
                })
                .collect()
        }
        Value::String(text) => vec![(text.clone(), false)],
        _ => Vec::new(),
    }
}

struct Check {
    problems: Vec<String>,
}

impl Check {
    fn that(&mut self, ok: bool, what: &str) {
        if !ok {
            self.problems.push(what.to_owned());
        }
    }

    /// A string of 1 to `max` characters, if there is one.
    fn string(&mut self, value: &Value, max: usize, what: &str) {
        if let Some(text) = value.as_str() {
            let length = text.encode_utf16().count();
            self.that(length <= max, &format!("{what}: {length} characters"));
        } else {
            self.that(value.is_null(), &format!("{what}: no string"));
        }
    }

    fn text(&mut self, value: &Value, max: usize, what: &str) {
        self.string(&value["text"], max, what);
        self.that(value["text"].as_str().is_some_and(|text| !text.trim().is_empty()), &format!("{what}: empty"));
        self.that(value["type"] == "plain_text" || value["type"] == "mrkdwn", &format!("{what}: type"));
    }

    fn plain(&mut self, value: &Value, max: usize, what: &str, required: bool) {
        if value.is_null() && !required {
            return;
        }
        self.that(value["type"] == "plain_text", &format!("{what}: not plain_text"));
        self.text(value, max, what);
    }

    fn block(&mut self, block: &Value) {
        let elements = block["elements"].as_array().cloned().unwrap_or_default();
        match block["type"].as_str().unwrap_or_default() {
            "section" => self.text(&block["text"], 3000, "section"),
            "header" => self.plain(&block["text"], 150, "header", true),
            "context" => {
                self.that((1..=10).contains(&elements.len()), "context elements");
                elements.iter().for_each(|element| self.text(element, 3000, "context"));
            }
            "actions" => {
                self.that((1..=25).contains(&elements.len()), "actions elements");
                let ids: HashSet<_> = elements.iter().map(|element| element["action_id"].to_string()).collect();
                self.that(ids.len() == elements.len(), "action_id");
                elements.iter().for_each(|element| self.element(element));
            }
            "input" => {
                self.plain(&block["label"], 2000, "label", true);
                self.plain(&block["hint"], 2000, "hint", false);
                self.that(block["block_id"] == block["element"]["action_id"], "block_id is not action_id");
                self.element(&block["element"]);
            }
            "rich_text" => {
                self.that(!elements.is_empty(), "rich_text elements");
                elements.iter().for_each(|element| self.rich(element));
            }
            other => self.that(false, &format!("block {other}")),
        }
    }

    fn rich(&mut self, element: &Value) {
        let inside = element["elements"].as_array().cloned().unwrap_or_default();
        match element["type"].as_str().unwrap_or_default() {
            "rich_text_section" | "rich_text_quote" | "rich_text_list" => {
                self.that(!inside.is_empty(), "rich text: empty");
                inside.iter().for_each(|element| self.rich(element));
            }
            "text" => {
                let filled = element["text"].as_str().is_some_and(|text| !text.is_empty());
                self.that(filled, "rich text: empty text");
                self.string(&element["text"], 3000, "rich text");
            }
            other => self.that(false, &format!("rich text {other}")),
        }
    }

    fn element(&mut self, element: &Value) {
        let id = element["action_id"].as_str().unwrap_or_default();
        self.that((1..=255).contains(&id.len()), "action_id");
        self.plain(&element["placeholder"], 150, "placeholder", false);
        match element["type"].as_str().unwrap_or_default() {
            "button" => {
                self.plain(&element["text"], 75, "button", true);
                self.string(&element["value"], 2000, "button value");
                let confirm = &element["confirm"];
                if !confirm.is_null() {
                    self.plain(&confirm["title"], 100, "confirm title", true);
                    self.text(&confirm["text"], 300, "confirm text");
                    self.plain(&confirm["confirm"], 30, "confirm", true);
                    self.plain(&confirm["deny"], 30, "deny", true);
                }
            }
            "number_input" => {
                self.that(element["is_decimal_allowed"].is_boolean(), "is_decimal_allowed");
                let initial = &element["initial_value"];
                let number = initial.as_str().map(str::parse::<f64>);
                self.that(initial.is_null() || matches!(number, Some(Ok(_))), "initial_value is no number");
            }
            kind @ ("checkboxes" | "multi_static_select" | "multi_external_select") => {
                let options = element["options"].as_array().cloned().unwrap_or_default();
                let initial = element["initial_options"].as_array().cloned();
                let least = if kind == "multi_external_select" { 0 } else { 1 };
                let most = if kind == "checkboxes" { 10 } else { 100 };
                self.that((least..=most).contains(&options.len()), "options");
                options.iter().chain(initial.iter().flatten()).for_each(|option| self.option(option));
                self.that(initial.as_ref().is_none_or(|initial| !initial.is_empty()), "initial_options: empty");
                let known = initial.iter().flatten().all(|option| least == 0 || options.contains(option));
                self.that(known, "initial_options are none of the options");
            }
            "static_select" => {
                let options = element["options"].as_array().cloned().unwrap_or_default();
                self.that((1..=100).contains(&options.len()), "options");
                options.iter().for_each(|option| self.option(option));
                let initial = &element["initial_option"];
                self.that(initial.is_null() || options.contains(initial), "initial_option is none of the options");
            }
            "external_select" => {
                if !element["initial_option"].is_null() {
                    self.option(&element["initial_option"]);
                }
            }
            "users_select" => {}
            "plain_text_input" => {
                self.string(&element["initial_value"], 3000, "initial_value");
                let max = &element["max_length"];
                self.that(max.is_null() || max.as_u64().is_some_and(|max| (1..=3000).contains(&max)), "max_length");
            }
            other => self.that(false, &format!("element {other}")),
        }
    }

    fn option(&mut self, option: &Value) {
        self.plain(&option["text"], 75, "option", true);
        self.plain(&option["description"], 75, "option description", false);
        self.string(&option["value"], 150, "option value");
        self.that(option["value"].as_str().is_some_and(|value| !value.is_empty()), "option value: empty");
    }
}
