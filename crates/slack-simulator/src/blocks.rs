//! Walking Block Kit: the interactive elements of a surface, the text in it,
//! and what Slack adds to blocks when it stores them.

use serde_json::{Value, json};

use crate::views::Values;

/// An interactive element and the block it stands in.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    pub block: &'a Value,
    pub element: &'a Value,
}

impl Found<'_> {
    pub fn block_id(&self) -> &str {
        self.block["block_id"].as_str().unwrap_or_default()
    }

    pub fn action_id(&self) -> &str {
        self.element["action_id"].as_str().unwrap_or_default()
    }

    pub fn kind(&self) -> &str {
        self.element["type"].as_str().unwrap_or_default()
    }

    /// The key of its value in the state of the surface.
    pub fn key(&self) -> (String, String) {
        (self.block_id().into(), self.action_id().into())
    }

    pub fn is_input(&self) -> bool {
        self.block["type"] == "input"
    }

    /// Does a change of it tell the app? Input blocks only when asked to.
    pub fn dispatches(&self) -> bool {
        !self.is_input() || self.block["dispatch_action"] == true
    }
}

/// Every interactive element of a surface, in reading order.
pub fn elements(blocks: &[Value]) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    for block in blocks {
        let inside = match block["type"].as_str() {
            Some("input") => vec![&block["element"]],
            Some("section") => vec![&block["accessory"]],
            Some("actions" | "context_actions") => block["elements"].as_array().into_iter().flatten().collect(),
            Some("card") => block["actions"].as_array().into_iter().flatten().collect(),
            _ => Vec::new(),
        };
        let interactive = inside.into_iter().filter(|element| element["action_id"].is_string());
        found.extend(interactive.map(|element| Found { block, element }));
    }
    found
}

/// The options of a select, groups flattened.
pub fn options(select: &Value) -> Vec<Value> {
    let groups = select["option_groups"].as_array().into_iter().flatten();
    let grouped = groups.flat_map(|group| group["options"].as_array().into_iter().flatten());
    select["options"].as_array().into_iter().flatten().chain(grouped).cloned().collect()
}

/// The option whose value or visible text this is.
pub fn option_named(options: &[Value], wanted: &str) -> Option<Value> {
    let by_value = options.iter().find(|option| option["value"] == wanted);
    by_value.or_else(|| options.iter().find(|option| option["text"]["text"] == wanted)).cloned()
}

/// The value of an element nobody has touched: its initial value, or null.
/// None for elements without state, such as buttons.
pub fn initial_value(element: &Value) -> Option<Value> {
    let kind = element["type"].as_str()?;
    let (name, initial) = match kind {
        "plain_text_input" | "email_text_input" | "url_text_input" | "number_input" => ("value", "initial_value"),
        "static_select" | "external_select" | "radio_buttons" => ("selected_option", "initial_option"),
        "users_select" => ("selected_user", "initial_user"),
        "conversations_select" => ("selected_conversation", "initial_conversation"),
        "channels_select" => ("selected_channel", "initial_channel"),
        "datepicker" => ("selected_date", "initial_date"),
        "timepicker" => ("selected_time", "initial_time"),
        "checkboxes" => ("selected_options", "initial_options"),
        _ => return None,
    };
    let untouched = if kind == "checkboxes" { json!([]) } else { Value::Null };
    let value = element.get(initial).cloned().unwrap_or(untouched);
    Some(json!({ "type": kind, name: value }))
}

/// Does a value of `state.values` hold something?
pub fn is_filled(value: &Value) -> bool {
    let inner = value.as_object().and_then(|fields| fields.iter().find(|(name, _)| *name != "type"));
    match inner.map(|(_, value)| value) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    }
}

/// The state of a message for someone who touched `chosen`. Slack leaves the
/// initial option of an untouched select in a message out; so does this.
pub fn message_state(blocks: &[Value], chosen: Option<&Values>) -> Values {
    let mut values = Values::new();
    for found in elements(blocks) {
        let mut element = found.element.clone();
        if let Some(fields) = element.as_object_mut() {
            fields.retain(|name, _| !name.starts_with("initial_"));
        }
        let untouched = initial_value(&element);
        if let Some(value) = chosen.and_then(|chosen| chosen.get(&found.key()).cloned()).or(untouched) {
            values.insert(found.key(), value);
        }
    }
    values
}

/// The state of a view: what was typed before where block and action ids
/// stayed, else the initial values.
pub fn view_state(blocks: &[Value], before: &Values) -> Values {
    let mut values = Values::new();
    for found in elements(blocks) {
        let kept = before.get(&found.key()).filter(|kept| kept["type"] == found.element["type"]).cloned();
        if let Some(value) = kept.or_else(|| initial_value(found.element)) {
            values.insert(found.key(), value);
        }
    }
    values
}

/// Everything readable in blocks: one line per block, fields and buttons included.
pub fn text_of(blocks: &[Value]) -> String {
    let lines = blocks.iter().map(|block| {
        let mut words = Vec::new();
        collect_text(block, &mut words);
        words.join(" ")
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn collect_text(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_text(item, words)),
        Value::Object(fields) => {
            if let Some(text) = fields.get("text").and_then(Value::as_str) {
                words.push(text.to_string());
            }
            // Order of reading; what is behind a click (options, confirm) is not read.
            let read = ["title", "label", "text", "fields", "accessory", "elements", "element", "tasks", "hint"];
            for name in read {
                match fields.get(name) {
                    Some(Value::String(title)) if name == "title" => words.push(title.clone()),
                    Some(inner @ (Value::Array(_) | Value::Object(_))) => collect_text(inner, words),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Blocks as Slack stores them: `emoji`, `verbatim`, `optional` and so on filled
/// in, and a generated `block_id` where there is none.
pub fn stored(blocks: &[Value], mut new_id: impl FnMut() -> String) -> Vec<Value> {
    blocks
        .iter()
        .map(|block| {
            let mut block = block.clone();
            fill_text_defaults(&mut block);
            if let Some(fields) = block.as_object_mut() {
                fields.entry("block_id").or_insert_with(|| new_id().into());
                if fields["type"] == "input" {
                    fields.entry("optional").or_insert(false.into());
                    fields.entry("dispatch_action").or_insert(false.into());
                }
                fill_element_defaults(fields.get_mut("element"), &mut new_id);
                fill_element_defaults(fields.get_mut("accessory"), &mut new_id);
                for element in fields.get_mut("elements").and_then(Value::as_array_mut).into_iter().flatten() {
                    fill_element_defaults(Some(element), &mut new_id);
                }
            }
            block
        })
        .collect()
}

/// Fills `emoji` and `verbatim` into every text object below.
pub fn fill_text_defaults(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(fill_text_defaults),
        Value::Object(fields) => {
            match fields.get("type").and_then(Value::as_str) {
                Some("plain_text") => drop(fields.entry("emoji").or_insert(true.into())),
                Some("mrkdwn") => drop(fields.entry("verbatim").or_insert(false.into())),
                _ => {}
            }
            fields.values_mut().for_each(fill_text_defaults);
        }
        _ => {}
    }
}

fn fill_element_defaults(element: Option<&mut Value>, new_id: &mut impl FnMut() -> String) {
    let Some(fields) = element.and_then(Value::as_object_mut) else { return };
    let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default().to_string();
    if kind == "plain_text_input" {
        fields.entry("dispatch_action_config").or_insert_with(|| json!({ "trigger_actions_on": ["on_enter_pressed"] }));
    }
    let interactive = kind == "button" || kind == "overflow" || initial_value(&Value::Object(fields.clone())).is_some();
    if interactive {
        fields.entry("action_id").or_insert_with(|| new_id().into());
    }
}

/// The string at a JSON pointer, or nothing.
pub fn string(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_string()
}

/// `message.text` as Slack keeps it: `&`, `<` and `>` escaped unless they are
/// already, or part of a mention or link.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let is_entity = ["&amp;", "&lt;", "&gt;"].iter().any(|entity| rest.starts_with(entity));
        let control = ["<@", "<#", "<!", "<http://", "<https://", "<mailto:"].iter().any(|open| rest.starts_with(open));
        match next {
            '<' if control && rest.contains('>') => {
                let end = rest.find('>').map_or(rest.len(), |end| end + 1);
                escaped.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            '&' if !is_entity => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
        rest = &rest[next.len_utf8()..];
    }
    escaped
}

/// The opposite of [`escape`].
pub fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
