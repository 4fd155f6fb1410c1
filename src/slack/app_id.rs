//! Which app the bot is. `auth.test` does not say it of a bot token, so it is taken from
//! what does, each of which Slack answered to us over TLS or sent over our own socket:
//! `bots.info` of the bot that `auth.test` names (scope `users:read`, which the bot has),
//! the answer of `views.open`, and the greeting of Socket Mode. The first counts.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::api::{SlackApi, SlackError};

/// How long the app may be asked for: behind it a person waits for an answer.
const ASK: Duration = Duration::from_millis(600);
/// How soon it is asked for again, if Slack did not answer.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// The ID of the app, once it is known, shared by all who have the token.
#[derive(Clone, Debug, Default)]
pub(super) struct App {
    id: Arc<OnceLock<String>>,
    ask_at: Arc<Mutex<Next>>,
}

/// When it may be asked for.
#[derive(Debug, Default)]
enum Next {
    #[default]
    Now,
    At(Instant),
    /// Slack does not tell.
    Never,
}

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
            Err(error) => {
                tracing::info!(%error, "Slack did not say which app this is");
                if matches!(error, SlackError::Refused { .. }) {
                    self.app.ask(Next::Never);
                }
            }
        }
    }
}

impl App {
    fn may_ask(&self) -> bool {
        let mut next = self.ask_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let may = match *next {
            Next::Now => true,
            Next::At(at) => at <= now,
            Next::Never => false,
        };
        if may {
            *next = Next::At(now + ASK_AGAIN);
        }
        may
    }

    fn ask(&self, when: Next) {
        *self.ask_at.lock().unwrap_or_else(PoisonError::into_inner) = when;
    }
}
