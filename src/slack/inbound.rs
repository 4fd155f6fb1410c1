//! What a person did, in our words. Behind this file nobody knows a signature, a
//! form body or `view.state.values`.
//!
//! Only the fields that are needed are read, so that a payload with something
//! new in it still arrives. Identity comes from the signed payload alone.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::ids;

/// How far the clocks may be apart (Slack, "Verifying requests from Slack").
pub const WINDOW_SECONDS: i64 = 300;

/// Why a delivery is not Slack's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSlack {
    #[error("the signature or its timestamp is missing")]
    Missing,
    #[error("the timestamp is more than five minutes away")]
    Stale,
    #[error("the signature does not match")]
    Wrong,
}

/// What the head of a delivery says of its signature: enough to refuse many
/// before any of the body is read.
#[derive(Clone, Debug)]
pub struct Signed<'head> {
    timestamp: &'head str,
    claimed: Vec<u8>,
}

/// Reads the two headers of a signature that was made not more than five minutes
/// from `now` (Unix seconds).
pub fn signed<'head>(
    timestamp: Option<&'head str>,
    signature: Option<&str>,
    now: i64,
) -> Result<Signed<'head>, NotSlack> {
    let (Some(timestamp), Some(signature)) = (timestamp, signature) else { return Err(NotSlack::Missing) };
    let sent: i64 = timestamp.parse().map_err(|_| NotSlack::Missing)?;
    if now.checked_sub(sent).and_then(i64::checked_abs).is_none_or(|apart| apart > WINDOW_SECONDS) {
        return Err(NotSlack::Stale);
    }
    let claimed = signature.strip_prefix("v0=").and_then(|text| hex::decode(text).ok());
    let claimed = claimed.filter(|claimed| claimed.len() == SIGNATURE_BYTES).ok_or(NotSlack::Wrong)?;
    Ok(Signed { timestamp, claimed })
}

/// HMAC-SHA256.
const SIGNATURE_BYTES: usize = 32;

impl Signed<'_> {
    /// Checks that `body` was signed by Slack with `secret`. The comparison takes
    /// constant time.
    pub fn verify(&self, secret: &[u8], body: &[u8]) -> Result<(), NotSlack> {
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| NotSlack::Wrong)?;
        mac.update(b"v0:");
        mac.update(self.timestamp.as_bytes());
        mac.update(b":");
        mac.update(body);
        mac.verify_slice(&self.claimed).map_err(|_| NotSlack::Wrong)
    }
}

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// Ran the slash command.
    Command(Command),
    /// Sent the request form.
    Submitted(Submission),
    /// Sent the form that asks why a request is rejected.
    RejectSubmitted(Reason),
    /// Pressed a button.
    Pressed(Button, Click),
    /// Opened, or typed into, a select whose options we serve.
    OptionsRequested(Search),
    /// Slack wants to know whether this address is ours.
    Challenged(String),
    /// Nothing that needs an answer: a choice in a select, a closed form, an event.
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub user: String,
    pub channel: String,
    pub text: String,
    pub trigger: String,
}

/// The request form, as it was sent. `None`: nothing chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// What makes this submission itself, also when it is delivered twice.
    pub digest: String,
    pub user: String,
    /// Where the command was run.
    pub channel: String,
    pub application_name: String,
    pub team: Option<String>,
    pub authorizer: Option<String>,
    pub blueprint: Option<String>,
    pub justification: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub user: String,
    pub request_id: String,
    /// The round of the card whose button opened the form.
    pub round: Option<u32>,
    pub reason: String,
    /// Slack's ID of this form: the same one sent twice counts once.
    pub click_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Button {
    Approve { region: Option<String>, profile: Option<String> },
    Reject,
    Cancel,
    Retry,
    GiveUp,
}

impl Button {
    /// Its `action_id`.
    pub fn action_id(&self) -> &'static str {
        match self {
            Self::Approve { .. } => ids::APPROVE,
            Self::Reject => ids::REJECT,
            Self::Cancel => ids::CANCEL,
            Self::Retry => ids::RETRY,
            Self::GiveUp => ids::GIVE_UP,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    pub user: String,
    pub request_id: String,
    /// The round that the message was for; 0, which no round is, if it does not tell.
    pub round: u32,
    pub trigger: String,
    /// Stands for this click: the same one delivered twice counts once.
    pub id: String,
    /// Where the button is, and where a private answer goes.
    pub channel: String,
    /// The message with the button, by its ID in the channel.
    pub message: Option<String>,
    pub response_url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub user: String,
    /// Whose options are wanted.
    pub action_id: String,
    pub typed: String,
    /// The team chosen in the form, where Slack tells.
    pub team: Option<String>,
    /// The request whose card the select is on.
    pub request_id: Option<String>,
}

/// Why a signed delivery could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    #[error("the body is no form: {0}")]
    Form(String),
    #[error("the payload is not what Slack sends: {0}")]
    Payload(String),
}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        // Without the text around it: it may be anything.
        Self::Payload(format!("{:?} error at line {}, column {}", error.classify(), error.line(), error.column()))
    }
}

/// What is null is absent: Slack writes either.
fn or_default<'de, D, T>(value: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(value)?.unwrap_or_default())
}

/// What `view.private_metadata` of our forms carries.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FormMetadata {
    channel_id: String,
    request_id: String,
    round: Option<u32>,
}

/// A form body, as pairs.
pub(super) fn form(body: &[u8]) -> Result<HashMap<String, String>, Malformed> {
    std::str::from_utf8(body).map_err(|_| Malformed::Form("it is not UTF-8".to_owned()))?;
    Ok(url::form_urlencoded::parse(body).into_owned().collect())
}

/// Reads what came over a socket: the same payloads, without forms around them.
pub fn envelope(kind: &str, payload: Value) -> Result<Inbound, Malformed> {
    #[derive(Deserialize)]
    struct Fields {
        user_id: String,
        channel_id: String,
        trigger_id: String,
        #[serde(default, deserialize_with = "or_default")]
        text: String,
    }
    match kind {
        "slash_commands" => {
            let fields: Fields = serde_json::from_value(payload)?;
            Ok(Inbound::Command(Command {
                user: fields.user_id,
                channel: fields.channel_id,
                trigger: fields.trigger_id,
                text: fields.text,
            }))
        }
        "interactive" => interaction_payload(serde_json::from_value(payload)?),
        _ => Ok(Inbound::Nothing),
    }
}

/// Reads a slash command.
pub fn command(body: &[u8]) -> Result<Inbound, Malformed> {
    let mut form = form(body)?;
    if form.contains_key("ssl_check") {
        return Ok(Inbound::Nothing);
    }
    let mut take = |name: &str| form.remove(name).ok_or_else(|| Malformed::Form(format!("{name} is missing")));
    Ok(Inbound::Command(Command {
        user: take("user_id")?,
        channel: take("channel_id")?,
        trigger: take("trigger_id")?,
        text: take("text").unwrap_or_default(),
    }))
}

/// Reads an interaction, or a search for options: both come as a form whose
/// field `payload` is JSON.
pub fn interaction(body: &[u8]) -> Result<Inbound, Malformed> {
    interaction_payload(serde_json::from_str(&payload(body)?)?)
}

/// The JSON in the form of an interaction.
pub(super) fn payload(body: &[u8]) -> Result<String, Malformed> {
    form(body)?.remove("payload").ok_or_else(|| Malformed::Form("payload is missing".to_owned()))
}

/// Reads what the Events API sends.
pub fn event(body: &[u8]) -> Result<Inbound, Malformed> {
    #[derive(Deserialize)]
    struct Event {
        r#type: String,
        challenge: Option<String>,
    }
    let event: Event = serde_json::from_slice(body)?;
    match (event.r#type.as_str(), event.challenge) {
        ("url_verification", Some(challenge)) => Ok(Inbound::Challenged(challenge)),
        _ => Ok(Inbound::Nothing),
    }
}

#[derive(Deserialize)]
struct Payload {
    r#type: String,
    user: User,
    #[serde(default, deserialize_with = "or_default")]
    trigger_id: String,
    response_url: Option<String>,
    message: Option<Message>,
    #[serde(default, deserialize_with = "or_default")]
    container: Container,
    channel: Option<Named>,
    #[serde(default, deserialize_with = "or_default")]
    actions: Vec<Action>,
    state: Option<State>,
    view: Option<View>,
    // Of a search for options.
    action_id: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: String,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Default, Deserialize)]
struct Container {
    channel_id: Option<String>,
    message_ts: Option<String>,
}

/// A message as Slack shows it: our blocks, with some more in them.
#[derive(Deserialize)]
struct Message {
    ts: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    blocks: Value,
}

impl Message {
    /// The request it is about: the value of its buttons.
    fn request_id(&self) -> Option<String> {
        let elements = self.blocks.as_array()?.iter().filter_map(|block| block.get("elements")?.as_array()).flatten();
        let button = |element: &&Value| element.get("type").is_some_and(|kind| kind == "button");
        elements.filter(button).find_map(|button| button.get("value")?.as_str()).map(str::to_owned)
    }
}

#[derive(Deserialize)]
struct Action {
    action_id: String,
    #[serde(default, deserialize_with = "or_default")]
    block_id: String,
    #[serde(default, deserialize_with = "or_default")]
    action_ts: String,
    value: Option<String>,
}

#[derive(Deserialize)]
struct View {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    callback_id: String,
    #[serde(default, deserialize_with = "or_default")]
    private_metadata: String,
    #[serde(default, deserialize_with = "or_default")]
    hash: String,
    state: Option<State>,
}

#[derive(Default, Deserialize)]
struct State {
    #[serde(default, deserialize_with = "or_default")]
    values: HashMap<String, Option<HashMap<String, Value>>>,
}

impl State {
    /// What was chosen or typed in an input, whatever kind of input it is. An
    /// absent block, an absent value and null all mean that nothing was.
    fn get(&self, id: &str) -> Option<String> {
        let input = self.values.get(id)?.as_ref()?.get(id)?;
        ["value", "selected_user"]
            .into_iter()
            .find_map(|name| input.get(name)?.as_str())
            .or_else(|| input.get("selected_option")?.get("value")?.as_str())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }
}

fn interaction_payload(payload: Payload) -> Result<Inbound, Malformed> {
    match payload.r#type.as_str() {
        "block_actions" => pressed(payload),
        "view_submission" => submitted(payload),
        "block_suggestion" => Ok(Inbound::OptionsRequested(Search {
            user: payload.user.id,
            action_id: payload.action_id.unwrap_or_default(),
            typed: payload.value.unwrap_or_default(),
            team: payload.view.and_then(|view| view.state).and_then(|state| state.get(ids::TEAM)),
            request_id: payload.message.and_then(|message| message.request_id()),
        })),
        _ => Ok(Inbound::Nothing),
    }
}

fn pressed(payload: Payload) -> Result<Inbound, Malformed> {
    let Some(action) = payload.actions.into_iter().next() else { return Ok(Inbound::Nothing) };
    let state = payload.state.unwrap_or_default();
    let button = match action.action_id.as_str() {
        ids::APPROVE => Button::Approve { region: state.get(ids::REGION), profile: state.get(ids::PROFILE) },
        ids::REJECT => Button::Reject,
        ids::CANCEL => Button::Cancel,
        ids::RETRY => Button::Retry,
        ids::GIVE_UP => Button::GiveUp,
        _ => return Ok(Inbound::Nothing),
    };
    let channel = payload.channel.map(|channel| channel.id).or(payload.container.channel_id).unwrap_or_default();
    let message = payload.container.message_ts.or(payload.message.and_then(|message| message.ts));
    let click = Click {
        id: digest(&format!("{}-{}-{}", payload.user.id, action.action_id, action.action_ts)),
        user: payload.user.id,
        round: ids::round_of(&action.block_id),
        request_id: action.value.unwrap_or_default(),
        trigger: payload.trigger_id,
        channel,
        message: message.filter(|ts| !ts.is_empty()),
        response_url: payload.response_url,
    };
    Ok(Inbound::Pressed(button, click))
}

/// Stands for what Slack names so. It is kept in histories in the clear, where no
/// person shall be named.
fn digest(name: &str) -> String {
    hex::encode(Sha256::digest(name.as_bytes()))
}

fn submitted(payload: Payload) -> Result<Inbound, Malformed> {
    let view = payload.view.ok_or_else(|| Malformed::Payload("a submission without a view".to_owned()))?;
    let state = view.state.unwrap_or_default();
    let metadata: FormMetadata = serde_json::from_str(&view.private_metadata).unwrap_or_default();
    match view.callback_id.as_str() {
        ids::PROVISION_REQUEST => Ok(Inbound::Submitted(Submission {
            digest: digest(&view.id),
            user: payload.user.id,
            channel: metadata.channel_id,
            application_name: state.get(ids::APPLICATION_NAME).unwrap_or_default(),
            team: state.get(ids::TEAM),
            authorizer: state.get(ids::AUTHORIZER),
            blueprint: state.get(ids::BLUEPRINT),
            justification: state.get(ids::JUSTIFICATION),
        })),
        ids::REJECT_REQUEST => Ok(Inbound::RejectSubmitted(Reason {
            user: payload.user.id,
            request_id: metadata.request_id,
            round: metadata.round,
            reason: state.get(ids::REASON).unwrap_or_default(),
            click_id: digest(&format!("{}-{}", view.id, view.hash)),
        })),
        _ => Ok(Inbound::Nothing),
    }
}
