//! The methods of the Web API that are called, each with what it sends and what of the
//! answer is read.
//!
//! **What is sent** is slack-morphism's wherever its models carry it unchanged: `tests.rs`
//! brings every file of `blocks/` and every view through them. A block that they would
//! change would go out as `SlackBlock::Unknown`, which is sent as it is; there is none.
//! These calls are not its own, though they go by its client:
//!
//! - `conversations.open`: it sends a list of people, where Slack documents text.
//! - a `response_url`: it has no `response_type`.
//! - whatever is asked by GET, but the members of a user group: its parameters come with
//!   its answers alone. `conversations.replies` cannot ask for metadata there, either.
//! - `auth.test`: it is asked by GET there, and its answer is refused where a name is missing.
//!
//! **What is answered** is read by ourselves, no more of it than is needed: its models want
//! the whole message, view or channel, and refuse all of it for one member that is missing
//! or of another kind. Where they want nothing they take anything for success, a proxy's
//! page too. Only the address of a socket and the members of a user group are asked for and
//! answered just as we need it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};
use slack_morphism::prelude::{
    SlackApiAppsConnectionOpenRequest, SlackApiChatPostEphemeralRequest, SlackApiChatPostMessageRequest,
    SlackApiChatUpdateRequest, SlackApiConversationsJoinRequest, SlackApiUserGroupsUsersListRequest,
    SlackApiViewsOpenRequest, SlackApiViewsUpdateRequest, SlackMessageContent, SlackMessageMetadata,
};

use super::error::{SlackError, unreadable};
use super::transport::SlackApi;
use crate::domain::notice::MessageRef;

/// A message as it is posted. Everything about a request carries the request's ID in
/// its metadata, unless Slack does not take that.
#[derive(Clone, Copy)]
pub struct Post<'a> {
    pub channel: &'a str,
    pub thread: Option<&'a str>,
    pub text: &'a str,
    pub blocks: Option<&'a Value>,
    pub metadata: Option<Event<'a>>,
}

/// What a message is about, for whoever reads it back.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    pub event_type: &'static str,
    pub event_payload: &'a BTreeMap<&'static str, String>,
}

impl SlackApi {
    /// A fresh address for Socket Mode; the token must be an app-level one.
    pub async fn open_connection(&self) -> Result<String, SlackError> {
        let request = SlackApiAppsConnectionOpenRequest::new();
        let answer = self.finish("apps.connections.open", "", self.session().apps_connections_open(&request)).await?;
        Ok(answer.url.0.into())
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
        const METHOD: &str = "views.open";
        let request = SlackApiViewsOpenRequest::new(trigger.into(), model(METHOD, view)?);
        let answer: Answer = self.post(METHOD, &request).await?;
        self.learn_app(&answer.view.app_id.unwrap_or_default());
        Ok(answer.view.id)
    }

    pub async fn update_view(&self, view_id: &str, view: &Value) -> Result<(), SlackError> {
        const METHOD: &str = "views.update";
        let request = SlackApiViewsUpdateRequest::new(model(METHOD, view)?).with_view_id(view_id.into());
        let _: Done = self.post(METHOD, &request).await?;
        Ok(())
    }

    pub async fn post_message(&self, post: &Post<'_>) -> Result<MessageRef, SlackError> {
        self.post_in(post.channel, POST, &posting(post)?).await
    }

    /// Brings a message up to date. Doing it twice is doing it once.
    pub async fn update_message(&self, ts: &str, post: &Post<'_>) -> Result<(), SlackError> {
        let _: Done = self.post(UPDATE, &updating(ts, post)?).await?;
        Ok(())
    }

    /// Has Slack limited edits lately? Then none is made that can be spared.
    pub fn edits_are_scarce(&self) -> bool {
        self.is_scarce(UPDATE)
    }

    /// Says something to one person alone, in a channel.
    pub async fn post_ephemeral(&self, channel: &str, user: &str, text: &str) -> Result<(), SlackError> {
        let content = SlackMessageContent::new().with_text(text.to_owned());
        let request = SlackApiChatPostEphemeralRequest::new(channel.into(), user.into(), content);
        let _: Done = self.post("chat.postEphemeral", &request).await?;
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
        let request = SlackApiConversationsJoinRequest::new(channel.into());
        let _: Done = self.post("conversations.join", &request).await?;
        Ok(())
    }

    /// The members of a user group. A group that does not exist has none.
    pub async fn group_members(&self, group: &str) -> Result<BTreeSet<String>, SlackError> {
        let request = SlackApiUserGroupsUsersListRequest::new(group.into());
        let session = self.session();
        match self.finish("usergroups.users.list", "", session.usergroups_users_list(&request)).await {
            Ok(answer) => Ok(answer.users.into_iter().map(|user| user.0).collect()),
            Err(error) if error.is("no_such_subteam") => {
                tracing::warn!(slack.group = group, "a user group of the configuration does not exist");
                Ok(BTreeSet::new())
            }
            Err(error) => Err(error),
        }
    }
}

const POST: &str = "chat.postMessage";
const UPDATE: &str = "chat.update";

pub(super) fn posting(post: &Post<'_>) -> Result<SlackApiChatPostMessageRequest, SlackError> {
    let request = SlackApiChatPostMessageRequest::new(post.channel.into(), content(POST, post)?);
    Ok(request.opt_thread_ts(post.thread.map(Into::into)).with_unfurl_links(false).with_unfurl_media(false))
}

pub(super) fn updating(ts: &str, post: &Post<'_>) -> Result<SlackApiChatUpdateRequest, SlackError> {
    Ok(SlackApiChatUpdateRequest::new(post.channel.into(), content(UPDATE, post)?, ts.into()))
}

fn content(method: &'static str, post: &Post<'_>) -> Result<SlackMessageContent, SlackError> {
    let metadata = post.metadata.map(|event| {
        let payload = event.event_payload.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        SlackMessageMetadata::new(event.event_type.to_owned()).with_event_payload(payload.collect())
    });
    let blocks = post.blocks.map(|blocks| model(method, blocks)).transpose()?;
    Ok(SlackMessageContent::new().with_text(post.text.to_owned()).opt_blocks(blocks).opt_metadata(metadata))
}

/// What a view rendered, as the model in which it is sent.
fn model<'a, M: Deserialize<'a>>(method: &'static str, rendered: &'a Value) -> Result<M, SlackError> {
    M::deserialize(rendered).map_err(|_| unreadable(method, "not called: there is no model of what is to be sent"))
}

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
