//! How to reach Slack, and how Slack is known: the tokens, the signing secret, the
//! address of its Web API.

use secrecy::SecretString;
use url::Url;

use super::variables::Variables;
use crate::config::command_line::Part;

/// The Slack Web API.
const DEFAULT_SLACK_API_URL: &str = "https://slack.com/api";

impl Variables<'_> {
    pub(super) fn bot_token(&mut self) -> Option<SecretString> {
        let name = "SLACK_BOT_TOKEN";
        let place = "\"OAuth & Permissions\" of the Slack app, once it is installed";
        match self.get(name) {
            Some(token) if is_token(&token, "xoxb-") => Some(token.into()),
            Some(_) => self.refuse(name, format!("is not a bot token (xoxb-…). Copy it from {place}.")),
            None => self.refuse(name, format!("is not set. Copy the bot token (xoxb-…) from {place}.")),
        }
    }

    pub(super) fn app_token(&mut self) -> Option<SecretString> {
        let name = "SLACK_APP_TOKEN";
        match self.get(name)? {
            token if is_token(&token, "xapp-") => Some(token.into()),
            _ => self.refuse(
                name,
                "is not an app-level token (xapp-…). Generate one with the scope connections:write under \"Basic \
                 Information\" of the Slack app, or unset it to serve Slack over HTTP.",
            ),
        }
    }

    pub(super) fn signing_secret(&mut self, part: Part) -> Option<SecretString> {
        let name = "SLACK_SIGNING_SECRET";
        let place = "\"Basic Information\" of the Slack app";
        match self.get(name) {
            Some(secret) if secret.chars().all(|c| c.is_ascii_graphic()) => Some(secret.into()),
            Some(_) => self.refuse(name, format!("is not a signing secret. Copy it from {place}.")),
            None if part == Part::Worker || self.get("SLACK_APP_TOKEN").is_some() => None,
            None => self.refuse(name, format!("is not set. Copy it from {place}.")),
        }
    }

    pub(super) fn slack_api_url(&mut self) -> Option<String> {
        let name = "SLACK_API_URL";
        let Some(text) = self.get(name) else { return Some(DEFAULT_SLACK_API_URL.to_owned()) };
        match Url::parse(&text) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https")
                    && url.has_host()
                    && url.query().is_none()
                    && url.fragment().is_none() =>
            {
                Some(url.as_str().trim_end_matches('/').to_owned())
            }
            _ => self.refuse(
                name,
                format!(
                    "is {text:?}, expected the base of the Slack Web API such as {DEFAULT_SLACK_API_URL}, which is \
                     the default."
                ),
            ),
        }
    }
}

/// A token goes into a header, so it must be plain text.
fn is_token(text: &str, prefix: &str) -> bool {
    text.len() > prefix.len() && text.starts_with(prefix) && text.chars().all(|c| c.is_ascii_graphic())
}
