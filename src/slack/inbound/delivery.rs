//! The bodies and envelopes in which payloads come: forms and JSON over HTTP, frames of a
//! socket.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::deed::{Command, Inbound};
use super::malformed::Malformed;
use super::payload::{or_default, read};

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
    read(serde_json::from_str(&payload(body)?)?)
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
        "interactive" => read(serde_json::from_value(payload)?),
        _ => Ok(Inbound::Nothing),
    }
}

/// A form body, as pairs.
pub(in crate::slack) fn form(body: &[u8]) -> Result<HashMap<String, String>, Malformed> {
    std::str::from_utf8(body).map_err(|_| Malformed::Form("it is not UTF-8".to_owned()))?;
    Ok(url::form_urlencoded::parse(body).into_owned().collect())
}

/// The JSON in the form of an interaction.
pub(in crate::slack) fn payload(body: &[u8]) -> Result<String, Malformed> {
    form(body)?.remove("payload").ok_or_else(|| Malformed::Form("payload is missing".to_owned()))
}
