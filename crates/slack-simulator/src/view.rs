//! A modal or a Home tab, as Slack keeps it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::identity::{APP_ID, BOT_ID, TEAM_ID};
use crate::values::{Values, values_json};

/// A modal, or somebody's Home tab. `values` is what its person typed and
/// chose, by `(block_id, action_id)`, each in the shape of `state.values`.
#[derive(Debug, Clone)]
pub struct View {
    /// Such as `V0000000A1`.
    pub id: String,
    /// Who has it open.
    pub user: String,
    /// The view as sent, with defaults and generated block ids.
    pub body: Value,
    /// Changes with each change of it.
    pub hash: String,
    /// The app's own ID of it.
    pub external_id: String,
    /// The modal below it.
    pub previous: Option<String>,
    /// The lowest modal of its stack.
    pub root: String,
    /// What was typed and chosen.
    pub values: Values,
    /// Errors under fields, by block id.
    pub errors: BTreeMap<String, String>,
    /// What Slack says at its top when the app did not answer.
    pub trouble: Option<String>,
}

impl View {
    /// The view as the Web API and payloads show it.
    pub fn json(&self, with_state: bool) -> Value {
        let body = &self.body;
        let or_null = |key: &str| body.get(key).cloned().unwrap_or(Value::Null);
        let or_empty = |key: &str| body.get(key).cloned().unwrap_or_else(|| json!(""));
        let title = body.get("title").cloned();
        json!({
            "id": self.id,
            "team_id": TEAM_ID,
            "type": body["type"],
            "blocks": body["blocks"],
            "private_metadata": or_empty("private_metadata"),
            "callback_id": or_empty("callback_id"),
            "state": { "values": if with_state { values_json(&self.values) } else { json!({}) } },
            "hash": self.hash,
            "title": title.unwrap_or_else(|| json!({ "type": "plain_text", "text": "View Title", "emoji": true })),
            "clear_on_close": body["clear_on_close"].as_bool().unwrap_or(false),
            "notify_on_close": body["notify_on_close"].as_bool().unwrap_or(false),
            "close": or_null("close"),
            "submit": or_null("submit"),
            "previous_view_id": self.previous,
            "root_view_id": self.root,
            "app_id": APP_ID,
            "external_id": self.external_id,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
        })
    }
}
