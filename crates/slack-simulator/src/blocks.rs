//! Walking Block Kit: the interactive elements of a surface, the options in them, and the
//! text.

use serde_json::Value;

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

    /// Do its options come from the app?
    pub fn is_external(&self) -> bool {
        matches!(self.kind(), "external_select" | "multi_external_select")
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
            // What can be ticked stands there, while other options are behind a click.
            if matches!(fields.get("type").and_then(Value::as_str), Some("checkboxes" | "radio_buttons")) {
                for option in fields.get("options").and_then(Value::as_array).into_iter().flatten() {
                    collect_text(&option["text"], words);
                    collect_text(&option["description"], words);
                }
            }
        }
        _ => {}
    }
}

/// The string at a JSON pointer, or nothing.
pub fn string(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_string()
}
