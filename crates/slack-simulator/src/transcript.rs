//! The conversation as readable text: for snapshots, failures, and `demo --play`.

use serde_json::Value;

use crate::blocks;
use crate::identity::{BOT_NAME, BOT_USER};
use crate::message::Message;
use crate::simulator::Simulator;
use crate::storing::unescape;
use crate::values::{Values, initial_value};
use crate::workspace::Workspace;

impl Simulator {
    /// A channel or DM as one person sees it, threads indented below their
    /// parents. No ids and times of its own: stable enough for a snapshot.
    pub fn transcript(&self, channel: &str, viewer: &str) -> String {
        self.read(|state| of_channel(state, channel, viewer))
    }

    /// One thread, as one person sees it.
    pub fn thread_transcript(&self, channel: &str, ts: &str, viewer: &str) -> String {
        self.read(|state| {
            let messages = state.visible(channel, viewer);
            thread(state, &messages, ts, viewer)
        })
    }

    /// One message, as one person sees it.
    pub fn describe(&self, message: &Message, viewer: &str) -> String {
        self.read(|state| one(state, message, viewer))
    }

    /// An open modal: title, fields with their values and errors, buttons.
    pub fn describe_modal(&self, viewer: &str) -> Option<String> {
        self.read(|state| {
            let view = state.top_modal(viewer)?;
            let mut lines = vec![format!("[[ {} ]]", blocks::string(&view.body, "/title/text"))];
            for block in view.body["blocks"].as_array().into_iter().flatten() {
                lines.push(block_text(state, block, &view.values));
                if let Some(error) = view.errors.get(block["block_id"].as_str().unwrap_or_default()) {
                    lines.push(format!("  ! {error}"));
                }
            }
            lines.extend(view.trouble.iter().map(|trouble| format!("! {trouble}")));
            let buttons = ["/close/text", "/submit/text"].map(|at| blocks::string(&view.body, at));
            let buttons: Vec<String> =
                buttons.iter().filter(|text| !text.is_empty()).map(|text| format!("[{text}]")).collect();
            lines.push(buttons.join(" "));
            lines.retain(|line| !line.is_empty());
            Some(lines.join("\n"))
        })
    }

    /// Everything said to anyone, and the last of the traffic: what a failing
    /// test prints.
    pub fn dump(&self) -> String {
        self.read(|state| {
            let mut text = String::new();
            for channel in state.messages.keys() {
                text.push_str(&format!("--- {} {channel}\n", state.channel_name(channel)));
                let mut all = state.messages.get(channel).cloned().unwrap_or_default();
                all.sort_by(|a, b| a.thread_ts.as_ref().unwrap_or(&a.ts).cmp(b.thread_ts.as_ref().unwrap_or(&b.ts)));
                for message in all {
                    let viewer = message.only_for.clone().unwrap_or_default();
                    let indent = if message.thread_ts.is_some() { "    " } else { "" };
                    text.push_str(&indented(&one(state, &message, &viewer), indent));
                    text.push('\n');
                }
            }
            text.push_str("--- last Web API calls\n");
            for call in state.calls.iter().rev().take(12).rev() {
                let error = call.answer["error"].as_str().unwrap_or("ok");
                text.push_str(&format!("{} -> {} {error}\n", call.method, call.status));
            }
            text.push_str("--- last deliveries to the bot\n");
            for delivery in state.deliveries.iter().rev().take(8).rev() {
                let kind = blocks::string(&delivery.payload(), "/type");
                let answer: String = delivery.answer.chars().take(300).collect();
                let (path, status, error) = (&delivery.path, delivery.status, delivery.error.as_deref().unwrap_or(""));
                text.push_str(&format!("{path} {kind} -> {status:?} {error} {answer}\n"));
            }
            text
        })
    }
}

fn of_channel(state: &Workspace, channel: &str, viewer: &str) -> String {
    let messages = state.visible(channel, viewer);
    let exists = |ts: &str| messages.iter().any(|message| message.ts == ts);
    // A reply whose parent is gone still shows, at the top level.
    let is_top = |message: &&Message| match &message.thread_ts {
        Some(thread) => *thread == message.ts || !exists(thread),
        None => true,
    };
    let threads = messages.iter().filter(is_top).map(|parent| thread(state, &messages, &parent.ts, viewer));
    threads.collect::<Vec<_>>().join("\n")
}

fn thread(state: &Workspace, messages: &[Message], ts: &str, viewer: &str) -> String {
    let mut lines = Vec::new();
    for message in messages {
        if message.ts == ts {
            lines.insert(0, one(state, message, viewer));
        } else if message.thread_ts.as_deref() == Some(ts) {
            lines.push(indented(&one(state, message, viewer), "    "));
        }
    }
    lines.join("\n")
}

/// `provision-bot (only to Alice Requester): text`, further lines indented.
fn one(state: &Workspace, message: &Message, viewer: &str) -> String {
    let author = if message.user == BOT_USER { BOT_NAME.to_string() } else { state.name_of(&message.user) };
    let private = match &message.only_for {
        Some(only) => format!(" (only to {})", state.name_of(only)),
        None => String::new(),
    };
    let place = (viewer.to_string(), message.channel.clone(), message.ts.clone());
    let chosen = state.choices.get(&place).cloned().unwrap_or_default();
    let body = if message.blocks.is_empty() {
        readable(state, &message.text)
    } else {
        let lines = message.blocks.iter().map(|block| block_text(state, block, &chosen));
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    let body = indented(&body, "  ");
    format!("{author}{private}: {}", body.trim_start())
}

fn indented(text: &str, indent: &str) -> String {
    text.lines().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
}

fn block_text(state: &Workspace, block: &Value, values: &Values) -> String {
    let block_id = block["block_id"].as_str().unwrap_or_default();
    let element = |element: &Value, label: &str| element_text(state, element, label, block_id, values);
    let text = |at: &str| readable(state, &blocks::string(block, at));
    match block["type"].as_str().unwrap_or_default() {
        "divider" => "----".into(),
        "header" => format!("# {}", text("/text/text")),
        "input" => element(&block["element"], &text("/label/text")),
        "actions" => {
            let all = block["elements"].as_array().into_iter().flatten();
            all.map(|one| element(one, "")).collect::<Vec<_>>().join(" ")
        }
        "section" => {
            let mut parts = vec![text("/text/text")];
            let fields = block["fields"].as_array().into_iter().flatten();
            parts.extend(fields.map(|field| readable(state, &blocks::string(field, "/text")).replace('\n', ": ")));
            if !block["accessory"].is_null() {
                parts.push(element(&block["accessory"], ""));
            }
            parts.retain(|part| !part.is_empty());
            parts.join("\n")
        }
        _ => readable(state, &blocks::text_of(std::slice::from_ref(block))),
    }
}

/// `[Approve]` for a button, `(Region: —)` for a select nobody used.
fn element_text(state: &Workspace, element: &Value, label: &str, block_id: &str, values: &Values) -> String {
    let kind = element["type"].as_str().unwrap_or_default();
    match kind {
        "button" => return format!("[{}]", blocks::string(element, "/text/text")),
        "image" => return blocks::string(element, "/alt_text"),
        _ => {}
    }
    let key = (block_id.to_string(), element["action_id"].as_str().unwrap_or_default().to_string());
    let value = values.get(&key).cloned().or_else(|| initial_value(element)).unwrap_or_default();
    let shown = value_text(state, &value);
    let placeholder = blocks::string(element, "/placeholder/text");
    let label = if label.is_empty() { &placeholder } else { label };
    format!("({label}: {})", if shown.is_empty() { "—" } else { &shown })
}

/// What is typed or chosen, several things with commas.
fn value_text(state: &Workspace, value: &Value) -> String {
    let text = |option: &Value| readable(state, &blocks::string(option, "/text/text"));
    let all = |name: &str| value[name].as_array().into_iter().flatten();
    let several: Vec<String> = if value["selected_option"].is_object() {
        vec![text(&value["selected_option"])]
    } else if value["selected_options"].is_array() {
        all("selected_options").map(text).collect()
    } else if let Some(user) = value["selected_user"].as_str() {
        vec![state.name_of(user)]
    } else {
        all("selected_users").filter_map(Value::as_str).map(|user| state.name_of(user)).collect()
    };
    if several.is_empty() { blocks::string(value, "/value") } else { several.join(", ") }
}

/// Text with names for mentions, and without escapes.
fn readable(state: &Workspace, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let Some(length) = rest[start..].find('>') else { break };
        let inside = &rest[start + 1..start + length];
        let label = inside.split_once('|').map(|(_, label)| label);
        if let Some(user) = inside.strip_prefix('@') {
            out.push_str(&format!("@{}", state.name_of(user.split('|').next().unwrap_or(user))));
        } else if let Some(channel) = inside.strip_prefix('#') {
            out.push_str(&state.channel_name(channel.split('|').next().unwrap_or(channel)));
        } else if inside.starts_with("!date") {
            // Times differ from run to run; the fallback would, too.
            out.push_str("{time}");
        } else {
            out.push_str(label.unwrap_or(inside));
        }
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    unescape(&out)
}
