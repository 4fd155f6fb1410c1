//! A message, as Slack keeps it and as a person reads it.

use serde_json::{Value, json};

use crate::blocks;
use crate::identity::{APP_ID, BOT_ID, BOT_NAME, BOT_USER, TEAM_ID};
use crate::storing::unescape;

/// One message. `text` and `blocks` are as Slack stores them: escaped, with
/// defaults and generated block ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// Where it is.
    pub channel: String,
    /// Its ID there, which is also its time.
    pub ts: String,
    /// Who wrote it: a person, a bot, or `USLACKBOT`.
    pub user: String,
    /// The app that posted it, where that is another one: its bot's ID, as `B0OTHERBOT`.
    pub through: Option<String>,
    /// What notifications show, and all there is without blocks.
    pub text: String,
    /// Its layout.
    pub blocks: Vec<Value>,
    /// What the app attached to it.
    pub metadata: Option<Value>,
    /// The message that it replies to.
    pub thread_ts: Option<String>,
    /// Ephemeral: only this person sees it.
    pub only_for: Option<String>,
    /// How often it was changed.
    pub edits: u32,
    /// Deleted while it had replies: "This message was deleted."
    pub is_tombstone: bool,
}

impl Message {
    /// Does only one person see it?
    pub fn is_ephemeral(&self) -> bool {
        self.only_for.is_some()
    }

    /// Did the app's bot write it?
    pub fn is_from_bot(&self) -> bool {
        self.user == BOT_USER && self.through.is_none()
    }

    /// Can this person see it, given they can see the channel?
    pub fn is_for(&self, viewer: &str) -> bool {
        self.only_for.as_deref().is_none_or(|only| only == viewer)
    }

    /// Everything a person reads in it: the text of its blocks, or its text.
    /// Mentions stay as ids; see `Simulator::transcript` for names.
    pub fn plain(&self) -> String {
        if self.blocks.is_empty() { self.text.clone() } else { blocks::text_of(&self.blocks) }
    }

    /// Does the notification text or anything visible contain this?
    pub fn says(&self, words: &str) -> bool {
        self.plain().contains(words) || self.text.contains(words)
    }

    /// The labels of its buttons.
    pub fn buttons(&self) -> Vec<String> {
        self.elements("button").map(|button| blocks::string(button, "/text/text")).collect()
    }

    /// Is there an interactive element with this `action_id`?
    pub fn offers(&self, action_id: &str) -> bool {
        blocks::elements(&self.blocks).iter().any(|found| found.element["action_id"] == action_id)
    }

    /// The value of the button or element with this `action_id`.
    pub fn value_of(&self, action_id: &str) -> Option<String> {
        let found = blocks::elements(&self.blocks).into_iter().find(|found| found.element["action_id"] == action_id)?;
        found.element["value"].as_str().map(String::from)
    }

    /// What its metadata says under this name.
    pub fn payload(&self, name: &str) -> Option<&str> {
        self.metadata.as_ref()?["event_payload"][name].as_str()
    }

    fn elements(&self, kind: &'static str) -> impl Iterator<Item = &Value> {
        blocks::elements(&self.blocks).into_iter().map(|found| found.element).filter(move |e| e["type"] == kind)
    }

    /// The message as the Web API and interaction payloads show it. A message
    /// without blocks gets a generated `rich_text`, as Slack does.
    pub fn json(&self) -> Value {
        let mut json = json!({
            "user": self.user,
            "type": "message",
            "ts": self.ts,
            "text": self.text,
            "team": TEAM_ID,
        });
        if let Some(bot) = &self.through {
            json["bot_id"] = bot.clone().into();
            json["app_id"] = bot.replacen('B', "A", 1).into();
        } else if self.is_from_bot() {
            json["bot_id"] = BOT_ID.into();
            json["app_id"] = APP_ID.into();
            json["bot_profile"] = bot_profile();
        } else {
            json["client_msg_id"] = format!("2f0c1a5e-1111-4222-8333-{:0>12.12}", self.ts.replace('.', "")).into();
        }
        json["blocks"] = if self.blocks.is_empty() {
            let text = unescape(&self.text);
            let section = json!({ "type": "rich_text_section", "elements": [{ "type": "text", "text": text }] });
            json!([{ "type": "rich_text", "block_id": "r1", "elements": [section] }])
        } else {
            self.blocks.clone().into()
        };
        if let Some(metadata) = &self.metadata {
            json["metadata"] = metadata.clone();
        }
        if let Some(thread) = &self.thread_ts {
            json["thread_ts"] = thread.clone().into();
        }
        if self.edits > 0 {
            json["edited"] = json!({ "user": BOT_ID, "ts": self.ts });
        }
        if self.is_tombstone {
            json["subtype"] = "tombstone".into();
        }
        json
    }
}

fn bot_profile() -> Value {
    json!({
        "id": BOT_ID,
        "app_id": APP_ID,
        "user_id": BOT_USER,
        "name": BOT_NAME,
        "icons": {
            "image_36": "https://a.slack-edge.com/80588/img/plugins/app/bot_36.png",
            "image_48": "https://a.slack-edge.com/80588/img/plugins/app/bot_48.png",
            "image_72": "https://a.slack-edge.com/80588/img/plugins/app/service_72.png"
        },
        "deleted": false,
        "updated": 1_795_400_000,
        "team_id": TEAM_ID
    })
}
