//! The methods of the Web API that are called, each with what it sends and what of the
//! answer is read.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::SlackError;
use super::transport::SlackApi;
use crate::domain::notice::MessageRef;

/// A message as it is posted. Everything about a request carries the request's ID in
/// its metadata, unless Slack does not take that.
#[derive(Clone, Copy, Serialize)]
pub struct Post<'a> {
    pub channel: &'a str,
    #[serde(rename = "thread_ts", skip_serializing_if = "Option::is_none")]
    pub thread: Option<&'a str>,
    pub text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Event<'a>>,
}

/// What a message is about, for whoever reads it back.
#[derive(Clone, Copy, Serialize)]
pub struct Event<'a> {
    pub event_type: &'static str,
    pub event_payload: &'a BTreeMap<&'static str, String>,
}

impl SlackApi {
    /// A fresh address for Socket Mode; the token must be an app-level one.
    pub async fn open_connection(&self) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            url: String,
        }
        let answer: Answer = self.post("apps.connections.open", &json!({})).await?;
        Ok(answer.url)
    }

    pub async fn open_view(&self, trigger: &str, view: &Value) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            view: Opened,
        }
        #[derive(Deserialize)]
        struct Opened {
            id: String,
            #[serde(default)]
            app_id: Option<String>,
        }
        #[derive(Serialize)]
        struct Body<'a> {
            trigger_id: &'a str,
            view: &'a Value,
        }
        let answer: Answer = self.post("views.open", &Body { trigger_id: trigger, view }).await?;
        self.learn_app(&answer.view.app_id.unwrap_or_default());
        Ok(answer.view.id)
    }

    pub async fn update_view(&self, view_id: &str, view: &Value) -> Result<(), SlackError> {
        let _: Done = self.post("views.update", &json!({ "view_id": view_id, "view": view })).await?;
        Ok(())
    }

    pub async fn post_message(&self, post: &Post<'_>) -> Result<MessageRef, SlackError> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(flatten)]
            post: &'a Post<'a>,
            unfurl_links: bool,
            unfurl_media: bool,
        }
        let body = Body { post, unfurl_links: false, unfurl_media: false };
        self.post_in(post.channel, "chat.postMessage", &body).await
    }

    /// Brings a message up to date. Doing it twice is doing it once.
    pub async fn update_message(&self, ts: &str, post: &Post<'_>) -> Result<(), SlackError> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(flatten)]
            post: &'a Post<'a>,
            ts: &'a str,
        }
        let _: Done = self.post(UPDATE, &Body { post, ts }).await?;
        Ok(())
    }

    /// Has Slack limited edits lately? Then none is made that can be spared.
    pub fn edits_are_scarce(&self) -> bool {
        self.is_scarce(UPDATE)
    }

    /// Says something to one person alone, in a channel.
    pub async fn post_ephemeral(&self, channel: &str, user: &str, text: &str) -> Result<(), SlackError> {
        let body = json!({ "channel": channel, "user": user, "text": text });
        let _: Done = self.post("chat.postEphemeral", &body).await?;
        Ok(())
    }

    /// Says something to the person who just clicked, and to nobody else.
    pub async fn respond(&self, response_url: &str, text: &str) -> Result<(), SlackError> {
        let body = json!({ "response_type": "ephemeral", "replace_original": false, "text": text });
        self.post_to_address("response_url", response_url, &body).await
    }

    /// The direct conversation with a person.
    pub async fn open_dm(&self, user: &str) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            channel: Opened,
        }
        #[derive(Deserialize)]
        struct Opened {
            id: String,
        }
        let answer: Answer = self.post("conversations.open", &json!({ "users": user })).await?;
        Ok(answer.channel.id)
    }

    pub async fn join(&self, channel: &str) -> Result<(), SlackError> {
        let _: Done = self.post("conversations.join", &json!({ "channel": channel })).await?;
        Ok(())
    }

    /// The members of a user group. A group that does not exist has none.
    pub async fn group_members(&self, group: &str) -> Result<BTreeSet<String>, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            users: BTreeSet<String>,
        }
        match self.get::<Answer>("usergroups.users.list", vec![("usergroup", group)]).await {
            Ok(answer) => Ok(answer.users),
            Err(error) if error.is("no_such_subteam") => {
                tracing::warn!(slack.group = group, "a user group of the configuration does not exist");
                Ok(BTreeSet::new())
            }
            Err(error) => Err(error),
        }
    }
}

const UPDATE: &str = "chat.update";

/// Slack did it, and says so. Without the field a page of some proxy, which the client
/// takes for an empty answer, would pass for success; so would a no without a code.
#[derive(Deserialize)]
#[serde(try_from = "Said")]
struct Done;

#[derive(Deserialize)]
struct Said {
    ok: bool,
}

impl TryFrom<Said> for Done {
    type Error = &'static str;

    fn try_from(said: Said) -> Result<Self, Self::Error> {
        if said.ok { Ok(Self) } else { Err("not done, and no word why") }
    }
}
