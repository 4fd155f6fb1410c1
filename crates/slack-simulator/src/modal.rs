//! A modal as its person handles it: fill, choose, submit, close.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::blocks;
use crate::client::{chosen_value, failure, find, load_options};
use crate::deliveries::INTERACTIONS;
use crate::limits::{self, Surface};
use crate::payloads;
use crate::record::Delivery;
use crate::simulator::Simulator;
use crate::values::{initial_value, is_filled};
use crate::view::View;
use crate::workspace::Workspace;

/// What Slack writes into a modal whose submission the bot did not handle.
pub const TROUBLE: &str = "We had some trouble connecting. Try again?";

/// A handle on an open modal.
#[derive(Clone)]
pub struct Modal {
    slack: Simulator,
    user: String,
    id: String,
}

/// What a submission came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it may have been refused"]
pub enum Submitted {
    /// The modal closed.
    Closed,
    /// All modals closed.
    Cleared,
    /// The modal shows something else now.
    Updated,
    /// Another modal is on top.
    Pushed,
    /// Errors under fields, by block id; what was typed is still there.
    Errors(BTreeMap<String, String>),
    /// The bot failed; the modal stays, with Slack's own error.
    Trouble(String),
}

impl std::fmt::Debug for Modal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Modal({} of {})", self.id, self.user)
    }
}

impl Modal {
    pub(crate) fn new(slack: Simulator, user: &str, id: &str) -> Modal {
        Modal { slack, user: user.into(), id: id.into() }
    }

    /// The view's ID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Is it still open?
    pub fn is_open(&self) -> bool {
        self.slack.read(|state| state.is_open(&self.id))
    }

    /// The view as Slack's API shows it, with what was typed in its `state`.
    pub fn view(&self) -> anyhow::Result<Value> {
        Ok(self.current()?.json(true))
    }

    /// What the app calls it.
    pub fn callback_id(&self) -> String {
        self.text_at("/callback_id")
    }

    /// What stands at its top.
    pub fn title(&self) -> String {
        self.text_at("/title/text")
    }

    /// What the app keeps in it, and nobody sees.
    pub fn private_metadata(&self) -> String {
        self.text_at("/private_metadata")
    }

    /// Everything a person reads in it, one line a block.
    pub fn plain(&self) -> String {
        self.current().map(|view| blocks::text_of(&view_blocks(&view))).unwrap_or_default()
    }

    /// Is there an element with this `action_id`?
    pub fn offers(&self, action_id: &str) -> bool {
        self.current().is_ok_and(|view| find(&view_blocks(&view), action_id).is_ok())
    }

    /// The value of a field in the shape of `state.values`.
    pub fn value(&self, action_id: &str) -> anyhow::Result<Value> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        let key = find(&blocks, action_id)?.key();
        Ok(view.values.get(&key).cloned().unwrap_or_default())
    }

    /// The errors shown under fields.
    pub fn errors(&self) -> BTreeMap<String, String> {
        self.current().map(|view| view.errors).unwrap_or_default()
    }

    /// Types into a text field; an empty text empties it.
    pub async fn fill(&self, action_id: &str, text: &str) -> anyhow::Result<()> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        let found = find(&blocks, action_id)?;
        let limit = |name: &str, default| found.element[name].as_u64().unwrap_or(default) as usize;
        let length = text.chars().count();
        if length > limit("max_length", 3000) {
            bail!("`{action_id}` takes at most {} characters", limit("max_length", 3000));
        }
        let value = if text.is_empty() { Value::Null } else { json!(text) };
        self.set(action_id, json!({ "type": found.kind(), "value": value })).await
    }

    /// Chooses in a select, by value or visible text; users by their id. The
    /// options of an external select are fetched from the bot, as typed.
    pub async fn choose(&self, action_id: &str, wanted: &str) -> anyhow::Result<()> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        let found = find(&blocks, action_id)?;
        let options = match found.kind() {
            // People type what they see; tests choose by value. Try both.
            "external_select" => match self.options(action_id, wanted).await? {
                found if blocks::option_named(&found, wanted).is_some() => found,
                _ => self.options(action_id, "").await?,
            },
            _ => blocks::options(found.element),
        };
        self.set(action_id, chosen_value(found, &options, wanted)?).await
    }

    /// Empties a field.
    pub async fn clear(&self, action_id: &str) -> anyhow::Result<()> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        let mut value = initial_value(find(&blocks, action_id)?.element).context("it has no value")?;
        for (name, inner) in value.as_object_mut().into_iter().flatten() {
            if name != "type" {
                *inner = Value::Null;
            }
        }
        self.set(action_id, value).await
    }

    /// The options an external select offers for a typed text.
    pub async fn options(&self, action_id: &str, typed: &str) -> anyhow::Result<Vec<Value>> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        let found = find(&blocks, action_id)?;
        if found.kind() != "external_select" {
            return Ok(blocks::options(found.element));
        }
        let payload = self.slack.read(|state| payloads::suggestion_in_view(state, &view, found, typed));
        load_options(&self.slack, &payload).await
    }

    /// Presses a button of the modal.
    pub async fn click(&self, action_id: &str) -> anyhow::Result<Delivery> {
        let view = self.current()?;
        find(&view_blocks(&view), action_id)?;
        self.tell(action_id).await
    }

    async fn set(&self, action_id: &str, value: Value) -> anyhow::Result<()> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        let found = find(&blocks, action_id)?;
        self.slack.change(|state| {
            if let Some(view) = state.views.get_mut(&self.id) {
                view.values.insert(found.key(), value);
                view.errors.remove(found.block_id());
            }
        });
        if found.dispatches() {
            let delivery = self.tell(action_id).await?;
            if let Some(error) = failure(&delivery) {
                bail!("the bot did not acknowledge the choice in `{action_id}`: {error}");
            }
        }
        Ok(())
    }

    /// Tells the bot that an element was used.
    async fn tell(&self, action_id: &str) -> anyhow::Result<Delivery> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        let found = find(&blocks, action_id)?;
        let payload = self.slack.change(|state| payloads::view_action(state, &view, found));
        Ok(self.slack.deliver_payload(INTERACTIONS, &payload).await)
    }

    /// Submits. Refused, as by the client, while a required field is empty.
    pub async fn submit(&self) -> anyhow::Result<Submitted> {
        let view = self.current()?;
        if self.slack.read(|state| state.top_modal(&self.user).is_none_or(|top| top.id != self.id)) {
            bail!("another modal is on top of this one");
        }
        check_fields(&view)?;
        let payload = self.slack.change(|state| {
            if let Some(view) = state.views.get_mut(&self.id) {
                view.errors.clear();
                view.trouble = None;
            }
            payloads::submission(state, &view)
        });
        let delivery = self.slack.deliver_payload(INTERACTIONS, &payload).await;
        Ok(self.slack.change(|state| answer(state, &view, &delivery)))
    }

    /// Presses Cancel: this modal closes. The bot hears of it if the view asked.
    pub async fn close(&self) -> anyhow::Result<()> {
        let view = self.current()?;
        self.slack.change(|state| state.close_modal(&self.id));
        self.tell_closed(&view, false).await;
        Ok(())
    }

    /// Presses the × in the corner: all modals close.
    pub async fn dismiss(&self) -> anyhow::Result<()> {
        let view = self.current()?;
        let root = self.slack.change(|state| {
            let root = state.views.get(&view.root).cloned();
            state.clear_modals(&self.user);
            root
        });
        self.tell_closed(&root.unwrap_or(view), true).await;
        Ok(())
    }

    async fn tell_closed(&self, view: &View, is_cleared: bool) {
        if view.body["notify_on_close"] == true {
            let payload = self.slack.read(|state| payloads::closed(state, view, is_cleared));
            self.slack.deliver_payload(INTERACTIONS, &payload).await;
        }
    }

    fn current(&self) -> anyhow::Result<View> {
        let view = self.slack.change_quietly(|state| {
            state.modals_looked_at.insert(self.id.clone());
            state.views.get(&self.id).cloned()
        });
        view.with_context(|| format!("modal {} is closed", self.id))
    }

    fn text_at(&self, pointer: &str) -> String {
        self.current().map(|view| blocks::string(&view.body, pointer)).unwrap_or_default()
    }
}

fn view_blocks(view: &View) -> Vec<Value> {
    view.body["blocks"].as_array().cloned().unwrap_or_default()
}

/// What the client checks before it sends anything.
fn check_fields(view: &View) -> anyhow::Result<()> {
    let blocks = view_blocks(view);
    if view.body["submit"].is_null() {
        bail!("this modal has no submit button");
    }
    for found in blocks::elements(&blocks).into_iter().filter(|found| found.is_input()) {
        let value = view.values.get(&found.key());
        let filled = value.is_some_and(is_filled);
        if !filled && found.block["optional"] != true {
            bail!("`{}` is required and empty", found.action_id());
        }
        let length = value.map(|value| blocks::string(value, "/value").chars().count()).unwrap_or_default() as u64;
        if filled && found.element["min_length"].as_u64().is_some_and(|min| length < min) {
            bail!("`{}` is too short", found.action_id());
        }
    }
    Ok(())
}

/// Does what the bot's answer to a submission says.
fn answer(state: &mut Workspace, view: &View, delivery: &Delivery) -> Submitted {
    let outcome = understood(state, view, delivery);
    if let Some(view) = state.views.get_mut(&view.id) {
        match &outcome {
            Submitted::Errors(errors) => view.errors = errors.clone(),
            Submitted::Trouble(trouble) => view.trouble = Some(trouble.clone()),
            _ => {}
        }
    }
    outcome
}

fn understood(state: &mut Workspace, view: &View, delivery: &Delivery) -> Submitted {
    let trouble = Submitted::Trouble(TROUBLE.into());
    if failure(delivery).is_some() {
        return trouble;
    }
    if delivery.answer.is_empty() {
        state.close_modal(&view.id);
        return Submitted::Closed;
    }
    let Ok(answer) = serde_json::from_str::<Value>(&delivery.answer) else { return trouble };
    let next = || Some(&answer["view"]).filter(|view| limits::check_view(view, Surface::Modal).is_empty());
    match answer["response_action"].as_str() {
        Some("clear") => {
            state.clear_modals(&view.user);
            Submitted::Cleared
        }
        Some("update") => match next() {
            Some(body) if state.update_view(&view.id, body) => Submitted::Updated,
            _ => trouble,
        },
        Some("push") => match next().and_then(|body| state.push_modal(&view.user, body)) {
            Some(_) => Submitted::Pushed,
            None => trouble,
        },
        Some("errors") => errors(view, &answer["errors"]).map_or(trouble, Submitted::Errors),
        _ => trouble,
    }
}

/// Errors by block id; none if one is for a block that is no input.
fn errors(view: &View, errors: &Value) -> Option<BTreeMap<String, String>> {
    let errors = errors.as_object().filter(|errors| !errors.is_empty())?;
    let blocks = view_blocks(view);
    let is_input = |id: &str| blocks.iter().any(|block| block["type"] == "input" && block["block_id"] == id);
    errors.iter().map(|(id, text)| is_input(id).then_some((id.clone(), text.as_str()?.to_string()))).collect()
}
