//! Which app the bot is. `auth.test` does not say it of a bot token, so it is taken from
//! what does, each of which Slack answered to us over TLS or sent over our own socket:
//! `bots.info` of the bot that `auth.test` names (scope `users:read`, which the bot has),
//! the answer of `views.open`, and the greeting of Socket Mode. The first counts.
//!
//! Of the first two only the ID is read: slack-morphism's models refuse it together with a
//! name, or with a view, that are not as they expect.

use std::time::Duration;

use serde::Deserialize;

use super::web_api::SlackApi;

/// How long the app may be asked for: behind it a person waits for an answer.
const ASK: Duration = Duration::from_millis(600);

impl SlackApi {
    /// The app, as far as it is known.
    pub fn app_id(&self) -> Option<&str> {
        let told = self.identity.get().and_then(|identity| identity.app_id.as_deref());
        told.or_else(|| self.app.id.get().map(String::as_str))
    }

    /// Slack has said which app this is.
    pub fn learn_app(&self, id: &str) {
        if !id.trim().is_empty() && self.app.id.set(id.to_owned()).is_ok() {
            tracing::debug!(slack.app = ?id, "Slack said which app this is");
        }
    }

    /// Asks for the app, unless it is known or was asked for lately. Without an answer
    /// it stays unknown.
    pub async fn find_app(&self) {
        #[derive(Deserialize)]
        struct Answer {
            bot: Bot,
        }
        #[derive(Deserialize)]
        struct Bot {
            #[serde(default)]
            app_id: Option<String>,
        }
        let Some(bot) = self.identity.get().and_then(|identity| identity.bot_id.as_deref()) else { return };
        if self.app_id().is_some() || !self.app.may_ask() {
            return;
        }
        let answer = self.with_timeout(ASK).get::<Answer>("bots.info", vec![("bot", bot)]).await;
        match answer {
            Ok(answer) => self.learn_app(&answer.bot.app_id.unwrap_or_default()),
            // Asked again before long, whatever the reason: some pass.
            Err(error) => tracing::info!(%error, "Slack did not say which app this is"),
        }
    }
}
