//! What Slack makes of blocks and texts when it stores them: defaults filled in, IDs for what
//! has none, and what would be markup escaped.

use serde_json::{Value, json};

use crate::values::initial_value;

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
