//! `users.*` and `usergroups.*`: who is who.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, refuse};
use super::args::Args;
use crate::identity::{APP_ID, BOT_ID, BOT_NAME, BOT_USER, TEAM_DOMAIN, TEAM_ID, TEAM_NAME};
use crate::members::Profile;
use crate::workspace::Workspace;

pub(super) fn info(state: &mut Workspace, args: &Args) -> Answer {
    let id = args.required("user")?;
    let person = state.people.get(&id).ok_or_else(|| Refusal::new("user_not_found"))?;
    Ok(json!({ "user": user_json(state, person) }))
}

/// The bot as the author of its messages, which says of which app it is.
pub(super) fn bot(args: &Args) -> Answer {
    if args.required("bot")? != BOT_ID {
        return refuse("bot_not_found");
    }
    Ok(json!({ "bot": {
        "id": BOT_ID, "deleted": false, "name": BOT_NAME, "updated": 1_795_400_000, "app_id": APP_ID,
        "user_id": BOT_USER, "icons": { "image_36": "https://a.slack-edge.com/80588/img/plugins/app/bot_36.png" },
    } }))
}

/// `auth.test`: whose the token is. `enterprise_id` is there on Enterprise Grid alone.
pub(super) fn own(state: &Workspace) -> Value {
    let mut own = json!({
        "url": format!("https://{TEAM_DOMAIN}.slack.com/"), "team": TEAM_NAME, "user": "provisionbot",
        "team_id": TEAM_ID, "user_id": BOT_USER, "bot_id": BOT_ID, "is_enterprise_install": false,
    });
    if !state.rules.enterprise_id.is_empty() {
        own["enterprise_id"] = state.rules.enterprise_id.clone().into();
    }
    own
}

/// The people of the workspace, by page: people of elsewhere are not in it. The cursor
/// of this one is the ID where the page begins.
pub(super) fn list(state: &mut Workspace, args: &Args) -> Answer {
    let limit = args.text("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let from = args.text("cursor").unwrap_or_default();
    let mut own = state.people.range(from..).map(|(_, person)| person).filter(|person| person.team_id.is_empty());
    let members: Vec<Value> = own.by_ref().take(limit).map(|person| user_json(state, person)).collect();
    let next = own.next().map(|person| person.id.clone()).unwrap_or_default();
    Ok(json!({ "members": members, "cache_ts": 1_795_400_000, "response_metadata": { "next_cursor": next } }))
}

pub(super) fn group_members(state: &mut Workspace, args: &Args) -> Answer {
    let id = args.required("usergroup")?;
    match state.groups.get(&id) {
        Some(group) if !group.disabled || args.flag("include_disabled") => Ok(json!({ "users": group.members })),
        _ => refuse("no_such_subteam"),
    }
}

pub(super) fn groups(state: &mut Workspace, args: &Args) -> Answer {
    let wanted = state.groups.values().filter(|group| !group.disabled || args.flag("include_disabled"));
    let groups: Vec<Value> = wanted
        .map(|group| {
            json!({
                "id": group.id, "team_id": TEAM_ID, "is_usergroup": true, "name": group.handle,
                "handle": group.handle, "description": "", "date_create": 1_790_000_000,
                "date_delete": if group.disabled { 1_795_000_000 } else { 0 }, "user_count": group.members.len(),
            })
        })
        .collect();
    Ok(json!({ "usergroups": groups }))
}

/// Whom one meets in a Slack Connect channel has another `team_id`, and a false
/// `is_stranger`: that is for people with whom the app shares no channel.
fn user_json(state: &Workspace, person: &Profile) -> Value {
    let team = if person.team_id.is_empty() { TEAM_ID } else { &person.team_id };
    let mut profile = json!({
        "title": "", "phone": "", "real_name": person.real_name, "display_name": person.name,
        "status_text": "", "status_emoji": "", "avatar_hash": "g0123456789a",
        "image_24": "https://secure.gravatar.com/avatar/0.jpg?s=24", "team": team,
    });
    if person.deleted {
        return json!({
            "id": person.id, "team_id": team, "name": person.name, "deleted": true, "profile": profile,
            "is_bot": person.is_bot, "is_app_user": false, "updated": 1_795_300_000,
        });
    }
    let (first, last) = person.real_name.split_once(' ').unwrap_or((&person.real_name, ""));
    let more = json!({
        "skype": "", "real_name_normalized": person.real_name, "display_name_normalized": person.name,
        "fields": null, "status_emoji_display_info": [], "status_expiration": 0, "first_name": first,
        "last_name": last, "image_32": "https://secure.gravatar.com/avatar/0.jpg?s=32",
        "image_48": "https://secure.gravatar.com/avatar/0.jpg?s=48",
        "image_72": "https://secure.gravatar.com/avatar/0.jpg?s=72",
        "image_192": "https://secure.gravatar.com/avatar/0.jpg?s=192",
        "image_512": "https://secure.gravatar.com/avatar/0.jpg?s=512", "status_text_canonical": "",
    });
    more.as_object().into_iter().flatten().for_each(|(name, value)| profile[name.as_str()] = value.clone());
    if state.rules.scopes.contains("users:read.email") && !person.is_bot {
        profile["email"] = format!("{}@acme.example", person.name).into();
    }
    let mut user = json!({
        "id": person.id, "team_id": team, "name": person.name, "deleted": false, "color": "9f69e7",
        "real_name": person.real_name, "tz": "Europe/Berlin", "tz_label": "Central European Time",
        "tz_offset": 3600, "profile": profile, "is_admin": person.is_admin, "is_owner": false,
        "is_primary_owner": false, "is_restricted": person.is_restricted, "is_ultra_restricted": false,
        "is_bot": person.is_bot, "is_app_user": false, "updated": 1_795_400_000, "is_email_confirmed": true,
        "who_can_share_contact_card": "EVERYONE",
    });
    if !person.team_id.is_empty() {
        user["is_stranger"] = false.into();
    }
    if !person.enterprise_id.is_empty() {
        user["enterprise_user"] = json!({
            "id": person.id, "enterprise_id": person.enterprise_id, "enterprise_name": "Grid", "is_admin": false,
            "is_owner": false, "is_primary_owner": false, "teams": [team],
        });
    }
    user
}
