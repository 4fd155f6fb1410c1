//! `chat.*`: posting, changing and deleting messages.

use serde_json::json;

use super::answer::{Answer, Refusal, refuse};
use super::args::Args;
use super::content::{self, MAX_TEXT, content};
use crate::identity::{BOT_USER, TEAM_DOMAIN};
use crate::members::Channel;
use crate::message::Message;
use crate::scopes;
use crate::workspace::Workspace;

/// `chat.update` takes no longer text.
const MAX_UPDATE_TEXT: usize = 4000;

pub(super) fn post_message(state: &mut Workspace, args: &Args) -> Answer {
    let channel = destination(state, &args.required("channel")?)?;
    let thread_ts = thread_in(state, &channel, args)?;
    let content = content(state, args)?;
    let metadata = content::metadata(args)?.filter(|metadata| !metadata.is_null());
    let message = state.post(Message {
        channel: channel.clone(),
        user: BOT_USER.into(),
        text: content.text,
        blocks: content.blocks,
        metadata,
        thread_ts,
        ..Message::default()
    });
    let answer = json!({ "channel": channel, "ts": message.ts, "message": state.shown(&message) });
    content::with_truncation(answer, content.truncated)
}

pub(super) fn post_ephemeral(state: &mut Workspace, args: &Args) -> Answer {
    let channel = destination(state, &args.required("channel")?)?;
    let user = args.required("user")?;
    if !state.channels.get(&channel).is_some_and(|channel| channel.members.contains(&user)) {
        return refuse("user_not_in_channel");
    }
    if args.text("text").is_some_and(|text| text.chars().count() > MAX_TEXT) {
        return refuse("msg_too_long");
    }
    let thread_ts = thread_of(args)?;
    let content = content(state, args)?;
    let message = state.post(Message {
        channel,
        user: BOT_USER.into(),
        text: content.text,
        blocks: content.blocks,
        thread_ts,
        only_for: Some(user),
        ..Message::default()
    });
    Ok(json!({ "message_ts": message.ts }))
}

pub(super) fn update(state: &mut Workspace, args: &Args) -> Answer {
    let (channel, ts) = own_message(state, args, "cant_update_message")?;
    if state.channels.get(&channel).is_some_and(|channel| channel.is_archived) {
        return refuse("is_inactive");
    }
    if args.text("text").is_some_and(|text| text.chars().count() > MAX_UPDATE_TEXT) {
        return refuse("msg_too_long");
    }
    let content = content(state, args)?;
    let metadata = content::metadata(args)?;
    // Whatever a reader had chosen in it is gone with the old blocks.
    state.choices.retain(|(_, of, message), _| *of != channel || *message != ts);
    let Some(message) = state.find_message_mut(&channel, &ts) else { return refuse("message_not_found") };
    message.text = content.text;
    message.blocks = content.blocks;
    message.edits += 1;
    if let Some(metadata) = metadata {
        message.metadata = Some(metadata).filter(|metadata| !metadata.is_null());
    }
    let message = message.clone();
    let mut inner = state.shown(&message);
    if let Some(fields) = inner.as_object_mut() {
        fields.remove("ts");
    }
    Ok(json!({ "channel": channel, "ts": ts, "text": message.text, "message": inner }))
}

pub(super) fn delete(state: &mut Workspace, args: &Args) -> Answer {
    let (channel, ts) = own_message(state, args, "cant_delete_message")?;
    state.delete(&channel, &ts);
    Ok(json!({ "channel": channel, "ts": ts }))
}

pub(super) fn permalink(state: &mut Workspace, args: &Args) -> Answer {
    let channel = args.required("channel")?;
    let ts = args.required("message_ts")?;
    readable(state, &channel)?;
    let Some(message) = state.find_message(&channel, &ts).filter(|message| !message.is_ephemeral()) else {
        return refuse("message_not_found");
    };
    let thread = message.thread_ts.as_ref().map(|thread| format!("?thread_ts={thread}&cid={channel}"));
    let path = format!("archives/{channel}/p{}{}", ts.replace('.', ""), thread.unwrap_or_default());
    Ok(json!({ "channel": channel, "permalink": format!("https://{TEAM_DOMAIN}.slack.com/{path}") }))
}

/// The channel to post to, if the bot may: a channel, a DM, or a person.
fn destination(state: &mut Workspace, wanted: &str) -> Result<String, Refusal> {
    let id = if wanted.starts_with(['U', 'W']) {
        let person = state.people.get(wanted).filter(|person| !person.deleted && !person.is_foreign(&state.rules));
        if person.is_none() {
            return refuse("channel_not_found");
        }
        if !state.rules.messages_tab_enabled {
            return refuse("messages_tab_disabled");
        }
        state.dm_with_bot(wanted)
    } else {
        let by_name = |channel: &&Channel| !channel.is_im && Some(channel.name.as_str()) == wanted.strip_prefix('#');
        let named = state.channels.values().find(by_name).map(|channel| channel.id.clone());
        named.unwrap_or_else(|| wanted.to_string())
    };
    let channel = readable(state, &id)?;
    if channel.is_im && !state.rules.messages_tab_enabled {
        return refuse("messages_tab_disabled");
    }
    if channel.is_archived {
        return refuse("is_archived");
    }
    if channel.is_restricted {
        return refuse("restricted_action");
    }
    if !channel.members.contains(BOT_USER) && !state.rules.scopes.contains(scopes::PUBLIC) {
        return refuse("not_in_channel");
    }
    Ok(id)
}

/// A channel the bot may know of: public, or with the bot inside.
pub(super) fn readable<'a>(state: &'a Workspace, id: &str) -> Result<&'a Channel, Refusal> {
    let known = state.channels.get(id).filter(|channel| !channel.is_private || channel.members.contains(BOT_USER));
    known.ok_or_else(|| Refusal::new("channel_not_found"))
}

/// The message of `channel` and `ts`, which must be the bot's own.
fn own_message(state: &Workspace, args: &Args, otherwise: &str) -> Result<(String, String), Refusal> {
    let (channel, ts) = (args.required("channel")?, args.required("ts")?);
    readable(state, &channel)?;
    match state.find_message(&channel, &ts) {
        None => refuse("message_not_found"),
        Some(message) if message.is_ephemeral() || message.is_tombstone => refuse("message_not_found"),
        Some(message) if !message.is_from_bot() => refuse(otherwise),
        Some(_) => Ok((channel, ts)),
    }
}

fn thread_of(args: &Args) -> Result<Option<String>, Refusal> {
    let Some(ts) = args.text("thread_ts") else { return Ok(None) };
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    match ts.split_once('.') {
        Some((seconds, micros)) if digits(seconds) && digits(micros) && micros.len() == 6 => Ok(Some(ts)),
        _ => Err(Refusal::argument("must be a message timestamp [json-pointer:/thread_ts]")),
    }
}

/// The thread to reply in, if there is one.
fn thread_in(state: &Workspace, channel: &str, args: &Args) -> Result<Option<String>, Refusal> {
    match thread_of(args)? {
        Some(ts) if state.find_message(channel, &ts).is_some_and(|message| !message.is_ephemeral()) => Ok(Some(ts)),
        Some(_) if !state.rules.orphans_at_the_top => refuse("thread_not_found"),
        _ => Ok(None),
    }
}
