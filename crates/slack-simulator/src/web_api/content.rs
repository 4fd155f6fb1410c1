//! What a message may contain: text, blocks, metadata, checked as Slack does.

use serde_json::Value;

use super::answer::{Answer, Refusal, refuse};
use super::args::Args;
use crate::blocks;
use crate::limits::{self, MAX_BLOCK_CHARACTERS, Surface};
use crate::storing;
use crate::workspace::Workspace;

/// Longer text is cut, with a warning.
pub(super) const MAX_TEXT: usize = 40_000;
/// The real number is not documented.
const MAX_METADATA_BYTES: usize = 8 * 1024;

/// The checked content of a message.
pub(super) struct Content {
    pub(super) text: String,
    pub(super) blocks: Vec<Value>,
    pub(super) truncated: bool,
}

/// Text and blocks of the call, stored as Slack stores them.
pub(super) fn content(state: &mut Workspace, args: &Args) -> Result<Content, Refusal> {
    let markdown = args.text("markdown_text");
    let text = args.text("text").unwrap_or_default();
    let sent = match args.json("blocks") {
        None => Vec::new(),
        Some(Ok(Value::Array(blocks))) => blocks,
        Some(_) => return refuse("invalid_blocks_format"),
    };
    if let Some(markdown) = &markdown {
        if !text.is_empty() || !sent.is_empty() {
            return refuse("markdown_text_conflict");
        }
        if markdown.chars().count() > 12_000 {
            return refuse("msg_too_long");
        }
    }
    let text = markdown.unwrap_or(text);
    if text.is_empty() && sent.is_empty() {
        return refuse("no_text");
    }
    let blocks = checked_blocks(state, &sent)?;
    let truncated = text.chars().count() > MAX_TEXT;
    let text: String = text.chars().take(MAX_TEXT).collect();
    let text = if text.is_empty() { blocks::text_of(&blocks) } else { storing::escape(&text) };
    Ok(Content { text, blocks, truncated })
}

/// Blocks of a message: checked, and with what Slack adds.
pub(super) fn checked_blocks(state: &mut Workspace, sent: &[Value]) -> Result<Vec<Value>, Refusal> {
    let problems = limits::check_blocks(sent, Surface::Message, "/blocks");
    if !problems.is_empty() {
        return Err(Refusal::with("invalid_blocks", limits::block_errors(&problems)));
    }
    if sent.iter().map(limits::total_characters).sum::<usize>() > MAX_BLOCK_CHARACTERS {
        return refuse("msg_blocks_too_long");
    }
    Ok(storing::stored(sent, || state.new_id("b")))
}

/// Message metadata: absent, empty (`{}`), or well-formed.
pub(super) fn metadata(args: &Args) -> Result<Option<Value>, Refusal> {
    let Some(metadata) = args.json("metadata") else { return Ok(None) };
    let Ok(Value::Object(fields)) = metadata else { return refuse("invalid_metadata_format") };
    if fields.is_empty() {
        return Ok(Some(Value::Null));
    }
    let is_word = |text: &str, also_upper: bool| {
        let allowed = |c: char| {
            c == '_' || c.is_ascii_digit() || c.is_ascii_lowercase() || (also_upper && c.is_ascii_uppercase())
        };
        !text.is_empty() && text.chars().all(allowed)
    };
    let event_type = fields.get("event_type").and_then(Value::as_str);
    let Some(payload) = fields.get("event_payload").and_then(Value::as_object) else {
        return refuse("invalid_metadata_format");
    };
    if !event_type.is_some_and(|name| is_word(name, true)) {
        return refuse("invalid_metadata_format");
    }
    if !payload.iter().all(|(key, value)| is_word(key, false) && !value.is_object() && !value.is_array()) {
        return refuse("invalid_metadata_schema");
    }
    let metadata = Value::Object(fields);
    if metadata.to_string().len() > MAX_METADATA_BYTES {
        return refuse("metadata_too_large");
    }
    Ok(Some(metadata))
}

/// The warning that goes with a cut text.
pub(super) fn with_truncation(mut answer: Value, truncated: bool) -> Answer {
    if truncated {
        answer["warning"] = "message_truncated".into();
        let message =
            "[WARN] Your message was truncated but still posted. The `text` field accepts up to 40,000 characters.";
        answer["response_metadata"] = serde_json::json!({ "warnings": ["message_truncated"], "messages": [message] });
    }
    Ok(answer)
}
