//! `views.*`: modals and Home tabs.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, refuse};
use super::args::Args;
use crate::blocks;
use crate::limits::{self, MAX_VIEW_BYTES, Surface};
use crate::workspace::Workspace;

pub(super) fn open(state: &mut Workspace, args: &Args) -> Answer {
    let view = view(args, Surface::Modal)?;
    let user = use_trigger(state, args, &view, false)?;
    let id = state.open_modal(&user, &view);
    answer(state, &id)
}

pub(super) fn push(state: &mut Workspace, args: &Args) -> Answer {
    let view = view(args, Surface::Modal)?;
    let user = use_trigger(state, args, &view, true)?;
    match state.push_modal(&user, &view) {
        Some(id) => answer(state, &id),
        None => refuse("push_limit_reached"),
    }
}

pub(super) fn update(state: &mut Workspace, args: &Args) -> Answer {
    let view = view(args, Surface::Modal).or_else(|refusal| view_of_home(args).ok_or(refusal))?;
    let id = match (args.text("view_id"), args.text("external_id")) {
        (Some(id), _) => Some(id),
        (None, Some(external)) => state.views.values().find(|v| v.external_id == external).map(|v| v.id.clone()),
        (None, None) => return Err(Refusal::argument("missing required field: view_id")),
    };
    let Some(id) = id.filter(|id| state.views.contains_key(id)) else { return refuse("not_found") };
    check_hash(state, args, &id)?;
    if state.external_id_taken(&blocks::string(&view, "/external_id"), Some(&id)) {
        return refuse("duplicate_external_id");
    }
    state.update_view(&id, &view);
    answer(state, &id)
}

pub(super) fn publish(state: &mut Workspace, args: &Args) -> Answer {
    let user = args.required("user_id")?;
    if !state.rules.home_tab_enabled {
        return refuse("not_enabled");
    }
    if !state.people.contains_key(&user) {
        return Err(Refusal::argument("invalid `user_id` [json-pointer:/user_id]"));
    }
    let view = view(args, Surface::Home)?;
    let known = state.homes.get(&user).cloned();
    if let Some(id) = &known {
        check_hash(state, args, id)?;
    }
    if state.external_id_taken(&blocks::string(&view, "/external_id"), known.as_deref()) {
        return refuse("duplicate_external_id");
    }
    let id = state.publish_home(&user, &view);
    answer(state, &id)
}

fn answer(state: &Workspace, id: &str) -> Answer {
    let view = state.views.get(id).ok_or_else(|| Refusal::new("not_found"))?;
    Ok(json!({ "view": view.json(false) }))
}

/// The view of the call, checked.
fn view(args: &Args, surface: Surface) -> Result<Value, Refusal> {
    let view = match args.json("view") {
        None => return Err(Refusal::argument("missing required field: view")),
        Some(Err(_)) => return Err(Refusal::argument("must be a valid JSON object [json-pointer:/view]")),
        Some(Ok(view)) => view,
    };
    if view.to_string().len() > MAX_VIEW_BYTES {
        return refuse("view_too_large");
    }
    let problems = limits::check_view(&view, surface);
    if problems.is_empty() {
        return Ok(view);
    }
    let messages: Vec<String> = problems.iter().map(|problem| format!("[ERROR] {problem}")).collect();
    Err(Refusal::with("invalid_arguments", json!({ "response_metadata": { "messages": messages } })))
}

/// A Home tab may be updated by `views.update` too.
fn view_of_home(args: &Args) -> Option<Value> {
    view(args, Surface::Home).ok()
}

/// Redeems the trigger: whose it was. Invalid views do not use it up.
fn use_trigger(state: &mut Workspace, args: &Args, view: &Value, inside: bool) -> Result<String, Refusal> {
    let id = args.required("trigger_id")?;
    let lifetime = state.rules.trigger_lifetime;
    let older_form = state.rules.older_trigger_errors;
    if state.external_id_taken(&blocks::string(view, "/external_id"), None) {
        return refuse("duplicate_external_id");
    }
    let Some(trigger) = state.triggers.get_mut(&id) else { return refuse("invalid_trigger_id") };
    if trigger.used {
        return refuse("exchanged_trigger_id");
    }
    if trigger.made.elapsed() > lifetime {
        if older_form {
            return Err(Refusal::argument("`trigger_id` expired [json-pointer:/trigger_id]"));
        }
        return refuse("expired_trigger_id");
    }
    if inside && !trigger.in_modal {
        return refuse("not_found");
    }
    trigger.used = true;
    Ok(trigger.user.clone())
}

fn check_hash(state: &Workspace, args: &Args, id: &str) -> Result<(), Refusal> {
    let current = state.views.get(id).map(|view| view.hash.as_str());
    match args.text("hash") {
        Some(hash) if Some(hash.as_str()) != current => refuse("hash_conflict"),
        _ => Ok(()),
    }
}
