//! `conversations.*`: channels, direct messages, and reading them back.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, refuse};
use super::args::Args;
use super::chat::readable;
use crate::identity::{BOT_USER, TEAM_ID};
use crate::members::Channel;
use crate::message::Message;
use crate::workspace::Workspace;

/// Items of a page, unless the call says otherwise.
const PAGE: usize = 100;
const MAX_PAGE: usize = 999;

pub(super) fn open(state: &mut Workspace, args: &Args) -> Answer {
    if let Some(channel) = args.text("channel") {
        readable(state, &channel)?;
        return Ok(json!({ "no_op": true, "already_open": true, "channel": { "id": channel } }));
    }
    let users = args.strings("users");
    let [user] = users.as_slice() else {
        return refuse(if users.is_empty() { "users_list_not_supplied" } else { "not_enough_users" });
    };
    match state.people.get(user) {
        None => return refuse("user_not_found"),
        Some(person) if person.deleted => return refuse("user_disabled"),
        Some(person) if person.is_foreign(&state.rules) => return refuse("user_not_visible"),
        Some(person) if person.is_bot => return refuse("cannot_dm_bot"),
        Some(_) => {}
    }
    let known = state.find_dm(user).is_some();
    let id = state.dm_with_bot(user);
    let channel = state.channels.get(&id).filter(|_| args.flag("return_im")).map(channel_json);
    let mut answer = json!({ "channel": channel.unwrap_or_else(|| json!({ "id": id })) });
    if known {
        answer["no_op"] = true.into();
        answer["already_open"] = true.into();
    }
    Ok(answer)
}

pub(super) fn info(state: &mut Workspace, args: &Args) -> Answer {
    let id = args.required("channel")?;
    Ok(json!({ "channel": channel_json(readable(state, &id)?) }))
}

pub(super) fn join(state: &mut Workspace, args: &Args) -> Answer {
    let id = args.required("channel")?;
    let channel = readable(state, &id)?;
    if channel.is_private {
        return refuse("method_not_supported_for_channel_type");
    }
    if channel.is_archived {
        return refuse("is_archived");
    }
    let Some(channel) = state.channels.get_mut(&id) else { return refuse("channel_not_found") };
    let is_new = channel.members.insert(BOT_USER.into());
    let mut answer = json!({ "channel": channel_json(channel) });
    if !is_new {
        answer["warning"] = "already_in_channel".into();
        answer["response_metadata"] = json!({ "warnings": ["already_in_channel"] });
    }
    Ok(answer)
}

pub(super) fn history(state: &mut Workspace, args: &Args) -> Answer {
    let id = inside(state, args)?;
    let messages = state.messages.get(&id).map(Vec::as_slice).unwrap_or_default();
    let is_reply = |message: &&Message| message.thread_ts.as_ref().is_some_and(|thread| *thread != message.ts);
    let top: Vec<&Message> =
        messages.iter().rev().filter(|message| !message.is_ephemeral() && !is_reply(message)).collect();
    let mut answer = page(state, args, &top)?;
    answer["pin_count"] = 0.into();
    answer["channel_actions_ts"] = Value::Null;
    answer["channel_actions_count"] = 0.into();
    Ok(answer)
}

pub(super) fn replies(state: &mut Workspace, args: &Args) -> Answer {
    let id = inside(state, args)?;
    let ts = args.required("ts")?;
    let Some(parent) = state.find_message(&id, &ts).filter(|message| !message.is_ephemeral()) else {
        return refuse("thread_not_found");
    };
    let mut thread = vec![parent];
    thread.extend(state.replies(&id, &ts));
    page(state, args, &thread)
}

/// The channel of the call, which the bot must be in to read.
fn inside(state: &Workspace, args: &Args) -> Result<String, Refusal> {
    let id = args.required("channel")?;
    let channel = readable(state, &id)?;
    if channel.members.contains(BOT_USER) { Ok(id) } else { refuse("not_in_channel") }
}

/// One page of messages, as the call asks for it.
fn page(state: &Workspace, args: &Args, messages: &[&Message]) -> Answer {
    let inclusive = args.flag("inclusive");
    let (oldest, latest) = (args.text("oldest"), args.text("latest"));
    let within = |message: &&&Message| {
        let ts = message.ts.as_str();
        let late = oldest.as_deref().is_none_or(|oldest| ts > oldest || (inclusive && ts == oldest));
        let early = latest.as_deref().is_none_or(|latest| ts < latest || (inclusive && ts == latest));
        late && early
    };
    let wanted: Vec<&&Message> = messages.iter().filter(within).collect();
    let start: usize = match args.text("cursor") {
        None => 0,
        Some(cursor) => {
            let decoded = BASE64_STANDARD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let number = decoded.and_then(|text| text.strip_prefix("next:").and_then(|number| number.parse().ok()));
            number.ok_or_else(|| Refusal::new("invalid_cursor"))?
        }
    };
    let limit = args.text("limit").and_then(|limit| limit.parse().ok()).unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let end = start.saturating_add(limit).min(wanted.len());
    let shown_page: Vec<Value> = wanted
        .get(start..end)
        .unwrap_or_default()
        .iter()
        .map(|message| {
            let mut json = state.shown(message);
            if !args.flag("include_all_metadata")
                && let Some(metadata) = json.get("metadata")
            {
                json["metadata"] = json!({ "event_type": metadata["event_type"] });
            }
            json
        })
        .collect();
    let has_more = end < wanted.len();
    let cursor = if has_more { BASE64_STANDARD.encode(format!("next:{end}")) } else { String::new() };
    Ok(json!({ "messages": shown_page, "has_more": has_more, "response_metadata": { "next_cursor": cursor } }))
}

fn channel_json(channel: &Channel) -> Value {
    if channel.is_im {
        return json!({
            "id": channel.id, "created": 1_795_400_000, "is_archived": channel.is_archived, "is_im": true,
            "is_org_shared": false, "context_team_id": TEAM_ID, "updated": 1_795_400_000_123_u64,
            "user": channel.members.iter().find(|member| *member != BOT_USER),
            "last_read": "0000000000.000000", "latest": null, "unread_count": 0, "unread_count_display": 0,
            "is_open": true, "priority": 0,
        });
    }
    json!({
        "id": channel.id, "name": channel.name, "is_channel": !channel.is_private, "is_group": channel.is_private,
        "is_im": false, "is_mpim": channel.is_mpim, "is_private": channel.is_private, "created": 1_790_000_000,
        "is_archived": channel.is_archived, "is_general": channel.name == "general", "unlinked": 0,
        "name_normalized": channel.name, "is_shared": false, "is_org_shared": false,
        "is_pending_ext_shared": false, "pending_shared": [], "context_team_id": TEAM_ID,
        "updated": 1_790_000_000_456_u64, "parent_conversation": null, "creator": "U0ADMIN0001",
        "is_ext_shared": false, "shared_team_ids": [TEAM_ID], "pending_connected_team_ids": [],
        "is_member": channel.members.contains(BOT_USER),
        "topic": { "value": "", "creator": "", "last_set": 0 },
        "purpose": { "value": "", "creator": "", "last_set": 0 },
        "previous_names": [],
    })
}
