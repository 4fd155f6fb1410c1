//! Who the bot itself is: what `auth.test` says of its token. Whose people it may
//! obey, which messages are its own and which deliveries are for it follow from this.
//!
//! slack-morphism's model knows neither the organisation nor the app, takes an empty ID for
//! one, and refuses the answer where a name is missing that nobody needs.

pub use super::bot::Identity;
use super::web_api::{SlackApi, SlackError, unreadable};

impl SlackApi {
    /// Who the bot is. Asked until Slack has answered once, and remembered from then
    /// on, since it is the token's; until then it is an error, and whoever needs to
    /// know must do without.
    pub async fn identity(&self) -> Result<&Identity, SlackError> {
        if let Some(known) = self.identity.get() {
            return Ok(known);
        }
        let answer = self.auth_test().await?;
        Ok(self.identity.get_or_init(|| answer))
    }

    /// Who the bot is, if Slack has said so.
    pub fn known_identity(&self) -> Option<&Identity> {
        self.identity.get()
    }

    /// Asks Slack whether it accepts the token, and whose it is.
    pub async fn auth_test(&self) -> Result<Identity, SlackError> {
        const METHOD: &str = "auth.test";
        let identity: Identity = self.post(METHOD, &serde_json::json!({})).await?;
        if identity.team_id.is_none() {
            return Err(unreadable(METHOD, "an answer without a workspace"));
        }
        let _ = self.identity.set(identity.clone());
        Ok(identity)
    }
}
