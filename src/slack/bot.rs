//! What Slack has said of the bot so far: whose its token is ([`Identity`]), and which app it is
//! ([`App`]).

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde::de::{Deserialize, Deserializer};
use tokio::time::Instant;

/// How soon the app is asked for again, if Slack did not answer.
const ASK_AGAIN: Duration = Duration::from_secs(30);

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

/// The ID of the app, once it is known, shared by all who have the token.
#[derive(Clone, Debug, Default)]
pub(super) struct App {
    pub(super) id: Arc<OnceLock<String>>,
    /// When it may be asked for again; at once if `None`.
    ask_at: Arc<Mutex<Option<Instant>>>,
}

impl App {
    /// Whether the app may be asked for now; if so, not again before long.
    pub(super) fn may_ask(&self) -> bool {
        let mut ask_at = self.ask_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let may = ask_at.is_none_or(|at| at <= now);
        if may {
            *ask_at = Some(now + ASK_AGAIN);
        }
        may
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
