//! What people typed and chose in the elements of a message or a view, in the shape of
//! `state.values`, and what stands there before anybody did.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::blocks::elements;

/// The state of interactive elements by `(block_id, action_id)`.
pub type Values = BTreeMap<(String, String), Value>;

/// `state.values` of a surface.
pub fn values_json(values: &Values) -> Value {
    let mut blocks = serde_json::Map::new();
    for ((block, action), value) in values {
        let actions = blocks.entry(block.clone()).or_insert_with(|| json!({}));
        actions[action.as_str()] = value.clone();
    }
    Value::Object(blocks)
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
        "datetimepicker" => ("selected_date_time", "initial_date_time"),
        "checkboxes" | "multi_static_select" | "multi_external_select" => ("selected_options", "initial_options"),
        "multi_users_select" => ("selected_users", "initial_users"),
        "multi_conversations_select" => ("selected_conversations", "initial_conversations"),
        "multi_channels_select" => ("selected_channels", "initial_channels"),
        _ => return None,
    };
    // Where several things can be chosen, none is an empty list.
    let untouched = if name.ends_with('s') { json!([]) } else { Value::Null };
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
