//! What a Slack client lets people put into an element, and what it refuses before anything
//! is sent. All values have the shape of `state.values`.

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use crate::blocks::{self, Found};
use crate::numbers::Number;
use crate::values::{initial_value, is_filled};

/// So much fits into a text field that names no limit of its own.
const MAX_TEXT: u64 = 3000;

/// The value after typing a text; an empty text empties the field.
pub(crate) fn typed(found: Found<'_>, text: &str) -> anyhow::Result<Value> {
    let (kind, id) = (found.kind(), found.action_id());
    match kind {
        "plain_text_input" => {
            let max = found.element["max_length"].as_u64().unwrap_or(MAX_TEXT);
            ensure!(text.chars().count() as u64 <= max, "`{id}` takes at most {max} characters");
        }
        "number_input" => check_number(found, text)?,
        "email_text_input" | "url_text_input" => {}
        other => bail!("nobody can type into `{id}`, a {other}"),
    }
    let value = if text.is_empty() { Value::Null } else { json!(text) };
    Ok(json!({ "type": kind, "value": value }))
}

fn check_number(found: Found<'_>, text: &str) -> anyhow::Result<()> {
    let (element, id) = (found.element, found.action_id());
    if text.is_empty() {
        return Ok(());
    }
    let number = Number::read(text).with_context(|| format!("`{id}` takes a number, not {text:?}"))?;
    let decimals = element["is_decimal_allowed"] == true;
    ensure!(decimals || number.is_whole(), "`{id}` takes whole numbers, not {text:?}");
    let limit = |name: &str| element[name].as_str().and_then(Number::read);
    if let Some(min) = limit("min_value") {
        ensure!(number >= min, "`{id}` takes {min} or more, not {text:?}");
    }
    if let Some(max) = limit("max_value") {
        ensure!(number <= max, "`{id}` takes {max} or less, not {text:?}");
    }
    Ok(())
}

/// The value after choosing one thing, by value or visible text.
pub(crate) fn chosen(found: Found<'_>, options: &[Value], wanted: &str) -> anyhow::Result<Value> {
    let kind = found.kind();
    let (name, value) = match kind {
        "users_select" => ("selected_user", json!(wanted)),
        "conversations_select" => ("selected_conversation", json!(wanted)),
        "channels_select" => ("selected_channel", json!(wanted)),
        "static_select" | "external_select" | "radio_buttons" | "overflow" => {
            ("selected_option", offered(found, options, wanted)?)
        }
        other => bail!("nobody taught the simulator to choose one thing in a {other}"),
    };
    Ok(json!({ "type": kind, name: value }))
}

/// The value after choosing exactly these, by value or visible text, in this order.
pub(crate) fn checked(found: Found<'_>, options: &[Value], wanted: &[&str]) -> anyhow::Result<Value> {
    let (kind, id) = (found.kind(), found.action_id());
    let name = match kind {
        "checkboxes" | "multi_static_select" | "multi_external_select" => "selected_options",
        "multi_users_select" => "selected_users",
        "multi_conversations_select" => "selected_conversations",
        "multi_channels_select" => "selected_channels",
        other => bail!("nobody can choose several things in `{id}`, a {other}"),
    };
    let mut all: Vec<Value> = Vec::new();
    for one in wanted {
        let one = if name == "selected_options" { offered(found, options, one)? } else { json!(one) };
        ensure!(!all.contains(&one), "`{id}` has nothing twice: {wanted:?}");
        all.push(one);
    }
    if let Some(max) = found.element["max_selected_items"].as_u64() {
        ensure!(all.len() as u64 <= max, "`{id}` takes at most {max}, not {wanted:?}");
    }
    Ok(json!({ "type": kind, name: all }))
}

fn offered(found: Found<'_>, options: &[Value], wanted: &str) -> anyhow::Result<Value> {
    blocks::option_named(options, wanted).with_context(|| {
        let values: Vec<String> = options.iter().map(|option| blocks::string(option, "/value")).collect();
        format!("`{}` does not offer {wanted:?}, only {values:?}", found.action_id())
    })
}

/// The value of an element that was emptied.
pub(crate) fn emptied(found: Found<'_>) -> anyhow::Result<Value> {
    let mut element = found.element.clone();
    if let Some(fields) = element.as_object_mut() {
        fields.retain(|name, _| !name.starts_with("initial_"));
    }
    initial_value(&element).with_context(|| format!("`{}` has no value", found.action_id()))
}

/// What keeps a field of a modal from being sent.
pub(crate) fn check_field(found: Found<'_>, value: Option<&Value>) -> anyhow::Result<()> {
    let id = found.action_id();
    let Some(value) = value.filter(|value| is_filled(value)) else {
        ensure!(found.block["optional"] == true, "`{id}` is required and empty");
        return Ok(());
    };
    let text = blocks::string(value, "/value");
    match found.kind() {
        "number_input" => check_number(found, &text)?,
        "plain_text_input" => {
            let min = found.element["min_length"].as_u64().unwrap_or(0);
            ensure!(text.chars().count() as u64 >= min, "`{id}` is too short");
        }
        _ => {}
    }
    Ok(())
}
