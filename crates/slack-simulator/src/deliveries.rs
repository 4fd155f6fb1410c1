//! What Slack sends to the bot: signed over HTTP or in an envelope over a socket,
//! as the app is set up, within three seconds, and recorded.

use std::time::Instant;

use axum::body::Body;
use axum::http::{Request, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::record::Delivery;
use crate::simulator::Simulator;

/// The route of slash commands.
pub const COMMANDS: &str = "/slack/commands";
/// The route of clicks and forms.
pub const INTERACTIONS: &str = "/slack/interactions";
/// The route of menus that ask for their options.
pub const OPTIONS: &str = "/slack/options";
/// The route of events.
pub const EVENTS: &str = "/slack/events";

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
/// No answer of the bot needs more.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Slack's signature of a request body: `v0=` and an HMAC-SHA256 in hex.
pub fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

impl Simulator {
    /// The signature headers of a body, signed at this time (unix seconds).
    pub fn sign(&self, body: &str, timestamp: i64) -> Vec<(String, String)> {
        let timestamp = timestamp.to_string();
        let signature = signature(self.signing_secret(), &timestamp, body);
        vec![("X-Slack-Request-Timestamp".into(), timestamp), ("X-Slack-Signature".into(), signature)]
    }

    /// Sends anything to a route of the bot, with exactly these headers. The
    /// answer is recorded like that of every delivery, and has no effect.
    pub async fn deliver_raw(&self, path: &str, headers: &[(String, String)], body: &str) -> Delivery {
        let started = Instant::now();
        let deadline = self.read(|state| state.rules.ack_deadline);
        let mut delivery = Delivery {
            path: path.into(),
            body: body.into(),
            headers: headers.to_vec(),
            at: crate::record::now(),
            ..Delivery::default()
        };
        match tokio::time::timeout(deadline, self.exchange(path, headers, body)).await {
            Err(_) => delivery.error = Some("operation_timeout".into()),
            Ok(Err(error)) => delivery.error = Some(format!("{error:#}")),
            Ok(Ok((status, content_type, answer))) => {
                delivery.status = Some(status);
                delivery.content_type = content_type;
                delivery.answer = answer;
            }
        }
        delivery.latency = started.elapsed();
        self.change(|state| state.deliveries.push(delivery.clone()));
        delivery
    }

    async fn exchange(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> anyhow::Result<(u16, String, String)> {
        let base = self.bot_url().ok_or_else(|| anyhow::anyhow!("no bot is connected"))?;
        let mut request = Request::post(format!("{base}{path}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.send(request.body(Body::from(body.to_string()))?).await?;
        let status = response.status().as_u16();
        let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_string();
        let bytes = axum::body::to_bytes(response.into_body(), MAX_ANSWER_BYTES).await?;
        Ok((status, content_type, String::from_utf8_lossy(&bytes).into_owned()))
    }

    async fn deliver(&self, path: &str, content_type: &str, body: &str) -> Delivery {
        let mut headers = self.sign(body, self.read(|state| state.clock().as_second()));
        headers.push(("Content-Type".into(), content_type.into()));
        headers.push(("User-Agent".into(), "Slackbot 1.0 (+https://api.slack.com/robots)".into()));
        self.deliver_raw(path, &headers, body).await
    }

    /// A slash command: the fields of a form.
    pub(crate) async fn deliver_command(&self, fields: &[(&str, String)]) -> Delivery {
        if self.in_socket_mode() {
            let payload = fields.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str()))).collect();
            return self.deliver_envelope(COMMANDS, "slash_commands", &payload).await;
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.deliver(COMMANDS, FORM, &body).await
    }

    /// An interaction or an options load: one form field `payload`.
    pub async fn deliver_payload(&self, path: &str, payload: &Value) -> Delivery {
        if self.in_socket_mode() {
            return self.deliver_envelope(path, "interactive", payload).await;
        }
        let fields = [("payload", payload.to_string())];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.deliver(path, FORM, &body).await
    }

    /// An event, or `url_verification`: JSON.
    pub async fn deliver_event(&self, event: &Value) -> Delivery {
        if self.in_socket_mode() {
            return self.deliver_envelope(EVENTS, "events_api", event).await;
        }
        self.deliver(EVENTS, JSON, &event.to_string()).await
    }

    /// The same once more, freshly signed or in a new envelope: a repeated
    /// delivery. The answer has no effect on the person's screen.
    pub async fn redeliver(&self, delivery: &Delivery) -> Delivery {
        if self.in_socket_mode() {
            let kind = match delivery.path.as_str() {
                COMMANDS => "slash_commands",
                EVENTS => "events_api",
                _ => "interactive",
            };
            return self.deliver_envelope(&delivery.path, kind, &delivery.payload()).await;
        }
        let content_type = if delivery.path == EVENTS { JSON } else { FORM };
        self.deliver(&delivery.path, content_type, &delivery.body).await
    }

    fn in_socket_mode(&self) -> bool {
        self.read(|state| state.rules.socket_mode)
    }

    /// The last delivery whose payload has this `type`, or the last slash
    /// command for `command`.
    pub fn last_delivery(&self, kind: &str) -> Option<Delivery> {
        let is_it = |delivery: &&Delivery| match kind {
            "command" => delivery.path == COMMANDS,
            _ => delivery.payload()["type"] == kind,
        };
        self.read(|state| state.deliveries.iter().rev().find(is_it).cloned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::signature;

    #[test]
    fn signatures_are_slacks() {
        let vectors: Value = serde_json::from_str(include_str!("../../../tests/fixtures/slack/signing.json")).unwrap();
        let secret = vectors["signing_secret"].as_str().unwrap();
        let valid = vectors["valid"].as_array().unwrap();
        assert!(!valid.is_empty());
        for vector in valid {
            let part = |name: &str| vector[name].as_str().unwrap();
            assert_eq!(signature(secret, part("timestamp"), part("body")), part("signature"), "{}", part("name"));
        }
    }
}
