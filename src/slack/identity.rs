//! Who the bot itself is: what `auth.test` says of its token. Whose people it may
//! obey, which messages are its own and which deliveries are for it follow from this.
//!
//! slack-morphism's model knows neither the organisation nor the app, takes an empty ID for
//! one, and refuses the answer where a name is missing that nobody needs.

use serde::de::{Deserialize, Deserializer};

use super::web_api::{SlackApi, SlackError, unreadable};

/// Who a token belongs to. What Slack leaves out, or empty, is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Identity {
    /// The workspace.
    #[serde(default, deserialize_with = "known")]
    pub team_id: Option<String>,
    /// Where its messages are read, with a slash behind.
    #[serde(default, deserialize_with = "known")]
    pub url: Option<String>,
    /// The organisation of the workspace, on Enterprise Grid alone.
    #[serde(default, deserialize_with = "known")]
    pub enterprise_id: Option<String>,
    /// The bot as a user.
    #[serde(default, deserialize_with = "known")]
    pub user_id: Option<String>,
    /// The bot as the author of its messages.
    #[serde(default, deserialize_with = "known")]
    pub bot_id: Option<String>,
    /// The app; Slack tells it of some kinds of tokens only.
    #[serde(default, deserialize_with = "known")]
    pub app_id: Option<String>,
}

/// Nothing equals an ID that is empty: two that are missing are not the same.
fn known<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(value)?.filter(|id| !id.trim().is_empty()))
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_slack_leaves_out_or_empty_is_not_known() {
        let read = |value| serde_json::from_value::<Identity>(value);
        let whole = json!({
            "ok": true, "url": "https://acme.slack.com/", "team": "Acme", "user": "provisionbot",
            "team_id": "T0ACME0001", "user_id": "U0PROVBOT1", "bot_id": "B0PROVBOT1",
            "is_enterprise_install": false, "enterprise_id": "E0ACMEGRID",
        });
        let some = |id: &str| Some(id.to_owned());
        let identity = Identity {
            team_id: some("T0ACME0001"),
            url: some("https://acme.slack.com/"),
            enterprise_id: some("E0ACMEGRID"),
            user_id: some("U0PROVBOT1"),
            bot_id: some("B0PROVBOT1"),
            app_id: None,
        };
        assert_eq!(read(whole).unwrap(), identity);
        let empty = json!({ "team_id": "", "user_id": null, "bot_id": " ", "enterprise_id": "" });
        for nothing in [json!({}), empty] {
            assert_eq!(read(nothing).unwrap(), Identity::default());
        }
        assert!(read(json!({ "team_id": 7 })).is_err());
    }
}
