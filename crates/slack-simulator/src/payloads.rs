//! The payloads of interactions and events, shaped as Slack sends them.

use serde_json::{Value, json};

use crate::blocks::Found;
use crate::identity::{APP_ID, BOT_USER, TEAM_DOMAIN, TEAM_ID};
use crate::message::Message;
use crate::values::{message_state, values_json};
use crate::view::View;
use crate::workspace::Workspace;

/// Slack still sends a verification token, and nobody should look at it.
const OLD_TOKEN: &str = "verification-token-deprecated";

/// The fields of a slash command.
pub(crate) fn command(
    state: &mut Workspace,
    base_url: &str,
    user: &str,
    channel: &str,
    command: &str,
    text: &str,
) -> Vec<(&'static str, String)> {
    let channel_name = match state.channels.get(channel) {
        Some(channel) if channel.is_im => "directmessage".to_string(),
        Some(channel) if channel.is_private => "privategroup".into(),
        Some(channel) => channel.name.clone(),
        None => String::new(),
    };
    let user_name = state.people.get(user).map(|person| person.name.clone()).unwrap_or_default();
    let response_url = format!("{base_url}{}", state.new_response_url("commands", user, channel, None));
    vec![
        ("token", OLD_TOKEN.into()),
        ("team_id", TEAM_ID.into()),
        ("team_domain", TEAM_DOMAIN.into()),
        ("channel_id", channel.into()),
        ("channel_name", channel_name),
        ("user_id", user.into()),
        ("user_name", user_name),
        ("command", command.into()),
        ("text", text.into()),
        ("api_app_id", APP_ID.into()),
        ("is_enterprise_install", "false".into()),
        ("response_url", response_url),
        ("trigger_id", state.new_trigger(user, false)),
    ]
}

/// What every interaction has.
fn common(state: &Workspace, kind: &str, user: &str) -> Value {
    let person = state.people.get(user);
    let name = person.map(|person| person.name.clone()).unwrap_or_default();
    let team = person.map(|person| person.team_id.as_str()).filter(|team| !team.is_empty()).unwrap_or(TEAM_ID);
    json!({
        "type": kind,
        "team": { "id": TEAM_ID, "domain": TEAM_DOMAIN },
        "user": { "id": user, "username": name, "name": name, "team_id": team },
        "api_app_id": APP_ID,
        "token": OLD_TOKEN,
        "enterprise": null,
        "is_enterprise_install": false,
    })
}

/// Someone pressed a button or changed a select in a message. `message` is as
/// they see it, which may be older than what is stored.
pub(crate) fn message_action(
    state: &mut Workspace,
    base_url: &str,
    user: &str,
    message: &Message,
    found: Found<'_>,
) -> Value {
    let (channel, ts) = (message.channel.clone(), message.ts.clone());
    let mut payload = common(state, "block_actions", user);
    message_surface(state, &mut payload, message);
    payload["trigger_id"] = state.new_trigger(user, false).into();
    let response_url = state.new_response_url("actions", user, &channel, Some(&ts));
    payload["response_url"] = format!("{base_url}{response_url}").into();
    let chosen = state.choices.get(&(user.to_string(), channel, ts));
    let values = message_state(&message.blocks, chosen);
    payload["actions"] = json!([action(found, values.get(&found.key()), &action_ts())]);
    payload["state"] = json!({ "values": values_json(&values) });
    payload
}

fn message_surface(state: &Workspace, payload: &mut Value, message: &Message) {
    payload["container"] = json!({
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.is_ephemeral(),
    });
    if let Some(thread) = &message.thread_ts {
        payload["container"]["thread_ts"] = thread.clone().into();
    }
    let channel = state.channels.get(&message.channel);
    let name = channel.map(|channel| channel.name.clone()).unwrap_or_default();
    payload["channel"] = json!({ "id": message.channel, "name": name });
    if !message.is_ephemeral() {
        payload["message"] = state.shown(message);
    }
}

/// Someone used an element of a modal or Home tab that tells the app at once.
pub(crate) fn view_action(state: &mut Workspace, view: &View, found: Found<'_>) -> Value {
    let mut payload = common(state, "block_actions", &view.user);
    payload["container"] = json!({ "type": "view", "view_id": view.id });
    payload["trigger_id"] = state.new_trigger(&view.user, state.is_open(&view.id)).into();
    payload["view"] = view.json(true);
    payload["actions"] = json!([action(found, view.values.get(&found.key()), &action_ts())]);
    payload
}

/// Someone submitted a modal.
pub(crate) fn submission(state: &mut Workspace, view: &View) -> Value {
    let mut payload = common(state, "view_submission", &view.user);
    payload["trigger_id"] = state.new_trigger(&view.user, true).into();
    payload["view"] = view.json(true);
    payload["response_urls"] = json!([]);
    payload
}

/// Someone closed a modal; input values are left out.
pub(crate) fn closed(state: &Workspace, view: &View, is_cleared: bool) -> Value {
    let mut payload = common(state, "view_closed", &view.user);
    payload["view"] = view.json(false);
    payload["is_cleared"] = is_cleared.into();
    payload
}

/// Someone typed into an external select of a modal.
pub(crate) fn suggestion_in_view(state: &Workspace, view: &View, found: Found<'_>, typed: &str) -> Value {
    let mut payload = suggestion(state, &view.user, found, typed);
    payload["container"] = json!({ "type": "view", "view_id": view.id });
    payload["view"] = view.json(false);
    payload
}

/// Someone typed into an external select of a message.
pub(crate) fn suggestion_in_message(
    state: &Workspace,
    user: &str,
    message: &Message,
    found: Found<'_>,
    typed: &str,
) -> Value {
    let mut payload = suggestion(state, user, found, typed);
    message_surface(state, &mut payload, message);
    payload
}

fn suggestion(state: &Workspace, user: &str, found: Found<'_>, typed: &str) -> Value {
    let mut payload = common(state, "block_suggestion", user);
    payload["block_id"] = found.block_id().into();
    payload["action_id"] = found.action_id().into();
    payload["value"] = typed.into();
    payload
}

/// The one entry of `actions`.
fn action(found: Found<'_>, value: Option<&Value>, action_ts: &str) -> Value {
    let element = found.element;
    let mut action = json!({
        "type": found.kind(),
        "action_id": found.action_id(),
        "block_id": found.block_id(),
        "action_ts": action_ts,
    });
    for name in ["text", "value", "style", "url", "placeholder"] {
        if let Some(given) = element.get(name) {
            action[name] = given.clone();
        }
    }
    for (name, given) in value.and_then(Value::as_object).into_iter().flatten() {
        action[name.as_str()] = given.clone();
    }
    action
}

fn action_ts() -> String {
    let now = crate::record::now().as_microsecond();
    format!("{}.{:06}", now / 1_000_000, now % 1_000_000)
}

/// Someone opened the app's Home or Messages tab.
pub(crate) fn home_opened(state: &mut Workspace, user: &str, tab: &str) -> Value {
    let channel = state.dm_with_bot(user);
    let mut event = json!({
        "type": "app_home_opened", "user": user, "channel": channel, "tab": tab, "event_ts": action_ts(),
    });
    if tab == "home"
        && let Some(view) = state.homes.get(user).and_then(|id| state.views.get(id))
    {
        event["view"] = view.json(false);
    }
    json!({
        "token": OLD_TOKEN,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": null,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": state.new_id("Ev0"),
        "event_time": crate::record::now().as_second(),
        "authorizations": [{
            "enterprise_id": null, "team_id": TEAM_ID, "user_id": BOT_USER, "is_bot": true,
            "is_enterprise_install": false,
        }],
        "is_ext_shared_channel": false,
        "event_context": "4-eyJldCI6ImFwcF9ob21lX29wZW5lZCJ9",
    })
}
