//! A modal as its person handles it: fill, choose, submit, close.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::blocks::{self, Found};
use crate::client::{failure, find, find_options, load_options};
use crate::deliveries::INTERACTIONS;
use crate::filling;
use crate::limits::{self, Surface};
use crate::payloads;
use crate::record::Delivery;
use crate::simulator::Simulator;
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

    /// Types into a text or number field; an empty text empties it. Refused, as by the client,
    /// when it is too long or not such a number as is asked for.
    pub async fn fill(&self, action_id: &str, text: &str) -> anyhow::Result<()> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        self.set(action_id, filling::typed(find(&blocks, action_id)?, text)?).await
    }

    /// Chooses in a select or among radio buttons, by value or visible text; users by their id.
    /// The options of an external select are fetched from the bot, as typed.
    pub async fn choose(&self, action_id: &str, wanted: &str) -> anyhow::Result<()> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        let found = find(&blocks, action_id)?;
        let options = self.options_for(&view, found, &[wanted]).await?;
        self.set(action_id, filling::chosen(found, &options, wanted)?).await
    }

    /// Chooses exactly these in checkboxes or a multi-select, by value or visible text.
    pub async fn check(&self, action_id: &str, wanted: &[&str]) -> anyhow::Result<()> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        let found = find(&blocks, action_id)?;
        let options = self.options_for(&view, found, wanted).await?;
        self.set(action_id, filling::checked(found, &options, wanted)?).await
    }

    /// Empties a field.
    pub async fn clear(&self, action_id: &str) -> anyhow::Result<()> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        self.set(action_id, filling::emptied(find(&blocks, action_id)?)?).await
    }

    async fn options_for(&self, view: &View, found: Found<'_>, wanted: &[&str]) -> anyhow::Result<Vec<Value>> {
        if !found.is_external() {
            return Ok(blocks::options(found.element));
        }
        let already = view.values.get(&found.key()).map(|value| value["selected_options"].clone()).unwrap_or_default();
        let typing = |typed: &str| self.slack.read(|state| payloads::suggestion_in_view(state, view, found, typed));
        find_options(&self.slack, &already, wanted, typing).await
    }

    /// The options an external select offers for a typed text.
    pub async fn options(&self, action_id: &str, typed: &str) -> anyhow::Result<Vec<Value>> {
        let view = self.current()?;
        let blocks = view_blocks(&view);
        let found = find(&blocks, action_id)?;
        if !found.is_external() {
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
    for found in blocks::elements(&blocks).into_iter().filter(Found::is_input) {
        filling::check_field(found, view.values.get(&found.key()))?;
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
