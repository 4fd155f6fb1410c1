//! What a person can do in Slack: run a command, press a button, choose from a
//! select, read. Tests and the web page act through this alike.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::blocks::{self, Found};
use crate::client::{failure, find, find_options, load_options};
use crate::deliveries::INTERACTIONS;
use crate::filling;
use crate::message::Message;
use crate::modal::Modal;
use crate::payloads;
use crate::proofs::ResponseUrl;
use crate::record::Delivery;
use crate::response_url;
use crate::simulator::Simulator;
use crate::storing;
use crate::workspace::Workspace;

/// How long a person waits for something to appear.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A handle on one person of the workspace.
#[derive(Clone)]
pub struct Person {
    pub(crate) slack: Simulator,
    pub(crate) id: String,
    pub(crate) patience: Duration,
}

/// What a person saw after running a command.
#[derive(Debug, Clone)]
pub struct CommandOutcome {
    slack: Simulator,
    ephemeral: Option<Message>,
    /// The modal that opened.
    pub modal: Option<Modal>,
    /// Slack's own error, such as `operation_timeout`.
    pub error: Option<String>,
    /// How long the app took to answer.
    pub latency: Duration,
}

/// What a person saw after using a button or select of a message.
#[derive(Debug, Clone)]
pub struct ClickOutcome {
    slack: Simulator,
    ephemerals: Vec<Message>,
    /// HTTP status of the bot's acknowledgement; none when nothing was sent or
    /// nothing came back.
    pub ack_status: Option<u16>,
    /// The modal that opened.
    pub modal: Option<Modal>,
    /// The question that was answered with yes first, if the button asks one.
    pub confirmed: Option<String>,
    /// The warning sign Slack shows when the bot failed.
    pub error: Option<String>,
    /// How long the app took to answer.
    pub latency: Duration,
}

impl Simulator {
    /// A handle on a person, by id such as `U0REQUESTER`.
    pub fn person(&self, id: &str) -> Person {
        Person::new(self.clone(), id)
    }
}

impl Person {
    pub(crate) fn new(slack: Simulator, id: &str) -> Person {
        Person { slack, id: id.into(), patience: PATIENCE }
    }

    /// Such as `U0REQUESTER`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The same person, waiting at most so long.
    pub fn with_patience(&self, patience: Duration) -> Person {
        Person { patience, ..self.clone() }
    }

    /// Types a slash command: `alice.command("C0DEPLOYS01", "/provision", "")`.
    pub async fn command(&self, channel: &str, command: &str, text: &str) -> CommandOutcome {
        let failed = |error: String| CommandOutcome {
            slack: self.slack.clone(),
            ephemeral: None,
            modal: None,
            error: Some(error),
            latency: Duration::ZERO,
        };
        if !self.slack.read(|state| state.may_see(channel, &self.id)) {
            return failed("channel_not_found".into());
        }
        if self.slack.read(|state| state.channels.get(channel).is_some_and(|channel| channel.is_archived)) {
            return failed("is_archived".into());
        }
        self.slack.note_scope("commands", command);
        if !self.slack.read(|state| state.rules.scopes.contains("commands")) {
            return failed(format!("{command} is not a valid command"));
        }
        let before = Before::now(&self.slack, &self.id);
        let base = self.slack.base_url();
        let fields = self.slack.change(|state| payloads::command(state, &base, &self.id, channel, command, text));
        let delivery = self.slack.deliver_command(&fields).await;
        let mut error = failure(&delivery);
        if error.is_none() {
            error = self.slack.change(|state| show_command_answer(state, &self.id, channel, &delivery)).err();
        }
        let modal = before.modal();
        if let Some(modal) = &modal {
            self.slack.change_quietly(|state| state.modals_looked_at.insert(modal.id().to_owned()));
        }
        CommandOutcome {
            slack: self.slack.clone(),
            ephemeral: before.ephemerals(channel).pop(),
            modal,
            error,
            latency: delivery.latency,
        }
    }

    /// Says something in a channel or thread. The bot is not told.
    pub fn say(&self, channel: &str, text: &str, thread_ts: Option<&str>) -> Message {
        let message = Message {
            channel: channel.into(),
            user: self.id.clone(),
            text: storing::escape(text),
            thread_ts: thread_ts.map(String::from),
            ..Message::default()
        };
        self.slack.change(|state| state.post(message))
    }

    /// Opens the app's Home tab, or its `messages` tab.
    pub async fn open_home(&self, tab: &str) -> Delivery {
        let event = self.slack.change(|state| payloads::home_opened(state, &self.id, tab));
        self.slack.deliver_event(&event).await
    }

    /// The visible modal.
    pub fn modal(&self) -> Option<Modal> {
        let id = self.slack.read(|state| state.top_modal(&self.id).map(|view| view.id.clone()))?;
        Some(Modal::new(self.slack.clone(), &self.id, &id))
    }

    /// Waits for a modal to open.
    pub async fn wait_for_modal(&self) -> anyhow::Result<Modal> {
        let look = |state: &Workspace| state.top_modal(&self.id).map(|view| view.id.clone());
        let id = self.slack.wait_until(&format!("a modal of {}", self.id), self.patience, look).await?;
        Ok(Modal::new(self.slack.clone(), &self.id, &id))
    }

    /// The channel id of the direct message with the bot, opened when needed.
    pub fn dm_channel(&self) -> String {
        self.slack.change(|state| state.dm_with_bot(&self.id))
    }

    /// The message as it is now, if it still exists.
    pub fn refresh(&self, message: &Message) -> Option<Message> {
        self.slack.read(|state| state.find_message(&message.channel, &message.ts).cloned())
    }

    /// Chooses in a select or among radio buttons of a message, by value or visible text. Silent
    /// in an input block that does not dispatch; elsewhere the bot is told.
    pub async fn select(&self, message: &Message, action_id: &str, wanted: &str) -> anyhow::Result<ClickOutcome> {
        let message = self.refresh(message).context("the message is gone")?;
        let found = find(&message.blocks, action_id)?;
        let options = self.options_for(&message, found, &[wanted]).await?;
        self.set(&message, found, filling::chosen(found, &options, wanted)?).await
    }

    /// Chooses exactly these in checkboxes or a multi-select of a message, by value or visible
    /// text. The bot is told as by [`Person::select`].
    pub async fn check(&self, message: &Message, action_id: &str, wanted: &[&str]) -> anyhow::Result<ClickOutcome> {
        let message = self.refresh(message).context("the message is gone")?;
        let found = find(&message.blocks, action_id)?;
        let options = self.options_for(&message, found, wanted).await?;
        self.set(&message, found, filling::checked(found, &options, wanted)?).await
    }

    /// Types into a text or number field of a message; an empty text empties it. The bot is told
    /// as by [`Person::select`].
    pub async fn fill(&self, message: &Message, action_id: &str, text: &str) -> anyhow::Result<ClickOutcome> {
        let message = self.refresh(message).context("the message is gone")?;
        let found = find(&message.blocks, action_id)?;
        self.set(&message, found, filling::typed(found, text)?).await
    }

    async fn set(&self, message: &Message, found: Found<'_>, value: Value) -> anyhow::Result<ClickOutcome> {
        let place = (self.id.clone(), message.channel.clone(), message.ts.clone());
        self.slack.change(|state| state.choices.entry(place).or_default().insert(found.key(), value));
        if found.dispatches() {
            return Ok(self.act(message, found, None).await);
        }
        let (ephemerals, latency) = (Vec::new(), Duration::ZERO);
        let slack = self.slack.clone();
        Ok(ClickOutcome { slack, ack_status: None, ephemerals, modal: None, confirmed: None, error: None, latency })
    }

    async fn options_for(&self, message: &Message, found: Found<'_>, wanted: &[&str]) -> anyhow::Result<Vec<Value>> {
        if !found.is_external() {
            return Ok(blocks::options(found.element));
        }
        let place = (self.id.clone(), message.channel.clone(), message.ts.clone());
        let already = self.slack.read(|state| {
            let value = state.choices.get(&place).and_then(|chosen| chosen.get(&found.key()));
            value.map(|value| value["selected_options"].clone()).unwrap_or_default()
        });
        let typing = |typed: &str| {
            self.slack.read(|state| payloads::suggestion_in_message(state, &self.id, message, found, typed))
        };
        find_options(&self.slack, &already, wanted, typing).await
    }

    /// The options an external select of a message offers for a typed text.
    pub async fn message_options(&self, message: &Message, action_id: &str, typed: &str) -> anyhow::Result<Vec<Value>> {
        let found = find(&message.blocks, action_id)?;
        let payload = self.slack.read(|state| payloads::suggestion_in_message(state, &self.id, message, found, typed));
        load_options(&self.slack, &payload).await
    }

    /// Presses a button of a message, as the message is now; says yes when the
    /// button asks for confirmation.
    pub async fn click(&self, message: &Message, action_id: &str) -> anyhow::Result<ClickOutcome> {
        let message = self.refresh(message).context("the message is gone")?;
        self.click_as_seen(&message, action_id).await
    }

    /// Presses a button of a message as it was, like someone whose client has
    /// not yet shown the latest change.
    pub async fn click_as_seen(&self, message: &Message, action_id: &str) -> anyhow::Result<ClickOutcome> {
        let found = find(&message.blocks, action_id)?;
        let question = found.element.get("confirm").map(|confirm| blocks::string(confirm, "/text/text"));
        Ok(self.act(message, found, question).await)
    }

    /// Presses a button that asks for confirmation, and says no: nothing is
    /// sent. The answer is the question.
    pub fn click_but_deny(&self, message: &Message, action_id: &str) -> anyhow::Result<String> {
        let found = find(&message.blocks, action_id)?;
        let confirm = found.element.get("confirm").with_context(|| format!("`{action_id}` asks nothing"))?;
        Ok(blocks::string(confirm, "/text/text"))
    }

    async fn act(&self, message: &Message, found: Found<'_>, confirmed: Option<String>) -> ClickOutcome {
        let before = Before::now(&self.slack, &self.id);
        let base = self.slack.base_url();
        let payload = self.slack.change(|state| payloads::message_action(state, &base, &self.id, message, found));
        let delivery = self.slack.deliver_payload(INTERACTIONS, &payload).await;
        ClickOutcome {
            slack: self.slack.clone(),
            ack_status: delivery.status,
            ephemerals: before.ephemerals(&message.channel),
            modal: before.modal(),
            confirmed,
            error: failure(&delivery),
            latency: delivery.latency,
        }
    }
}

impl CommandOutcome {
    /// The private answer, if one arrived.
    pub fn ephemeral(&self) -> Option<&Message> {
        self.slack.look_at(&self.ephemeral);
        self.ephemeral.as_ref()
    }
}

impl ClickOutcome {
    /// Private messages that arrived before the acknowledgement.
    pub fn ephemerals(&self) -> &[Message] {
        self.slack.look_at(&self.ephemerals);
        &self.ephemerals
    }
}

/// The state before an action, to tell what the action brought.
struct Before {
    slack: Simulator,
    user: String,
    modal: Option<(String, String)>,
    ts: String,
}

impl Before {
    fn now(slack: &Simulator, user: &str) -> Before {
        let (modal, ts) = slack.change(|state| (top(state, user), state.new_ts()));
        Before { slack: slack.clone(), user: user.into(), modal, ts }
    }

    fn ephemerals(&self, channel: &str) -> Vec<Message> {
        let mut messages = self.slack.read(|state| state.visible(channel, &self.user));
        messages.retain(|message| message.is_ephemeral() && message.ts > self.ts);
        messages
    }

    /// The modal that is new since.
    fn modal(&self) -> Option<Modal> {
        let now = self.slack.read(|state| top(state, &self.user))?;
        let is_new = self.modal.as_ref().is_none_or(|(id, _)| *id != now.0);
        is_new.then(|| Modal::new(self.slack.clone(), &self.user, &now.0))
    }
}

fn top(state: &Workspace, user: &str) -> Option<(String, String)> {
    state.top_modal(user).map(|view| (view.id.clone(), view.hash.clone()))
}

/// Shows the acknowledgement of a command: nothing, text, or a message.
fn show_command_answer(state: &mut Workspace, user: &str, channel: &str, delivery: &Delivery) -> Result<(), String> {
    let body = delivery.answer.as_str();
    if body.is_empty() {
        return Ok(());
    }
    let message = if delivery.content_type.starts_with("application/json") {
        serde_json::from_str(body).map_err(|_| "invalid_json".to_string())?
    } else {
        json!({ "text": body })
    };
    if message.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(());
    }
    let (user, channel, made) = (user.to_string(), channel.to_string(), Instant::now());
    let url = ResponseUrl { user, channel, source: None, made, uses: 0 };
    response_url::respond(state, &url, &message).map_err(String::from)
}
