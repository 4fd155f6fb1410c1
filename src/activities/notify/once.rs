//! One message, written once: posted if it never was, found if an earlier attempt
//! posted it, else brought up to date.

use std::collections::BTreeMap;

use temporalio_sdk::activities::ActivityError;

use super::Scribe;
use super::parts::ROOT;
use crate::activities::slack_failure;
use crate::domain::notice::MessageRef;
use crate::slack::api::{Event, Found, Post, SlackError};
use crate::slack::ids::EVENT_TYPE;
use crate::slack::views::Message;

/// Codes with which Slack says that the bot cannot post in a channel.
const CANNOT_POST: [&str; 8] = [
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_non_threadable_channel",
];
/// Codes with which Slack says that a person cannot be written to.
const CANNOT_REACH: [&str; 6] = [
    "user_disabled",
    "user_not_found",
    "user_not_visible",
    "cannot_dm_bot",
    "channel_not_found",
    "messages_tab_disabled",
];
/// Codes with which Slack says that a message can no longer be changed.
const CANNOT_CHANGE: [&str; 5] =
    ["message_not_found", "is_inactive", "cant_update_message", "edit_window_closed", "streaming_state_conflict"];

/// Where a new message goes.
pub(super) enum Place {
    /// The channel the command was run in, or a DM with the requester.
    Channel,
    /// The thread of the root.
    Thread,
    /// The direct conversation with the authorizer.
    Authorizer,
}

impl Scribe<'_> {
    /// A new reply in the thread.
    pub(super) async fn reply(&self, part: &str, message: Option<Message>) -> Result<(), ActivityError> {
        match message {
            Some(message) => self.write(part, Place::Thread, message).await,
            None => Ok(()),
        }
    }

    /// A message that stands afterwards, whether or not it had been posted.
    pub(super) async fn write(&self, part: &str, place: Place, message: Message) -> Result<(), ActivityError> {
        if self.is_done(part) {
            return Ok(());
        }
        if self.at(part).is_some() {
            return self.change(part, message).await;
        }
        if self.repeated
            && let Some(found) = self.look_for(part, &place).await?
        {
            self.remember(part, found);
            return Ok(());
        }
        let posted = match place {
            Place::Channel => self.post_or_dm(part, &self.n.request.channel_id, None, &message).await,
            Place::Thread => match self.at(ROOT) {
                Some(root) => self.post_or_dm(part, &root.channel, Some(&root.ts), &message).await,
                None => self.post(part, &self.n.request.requester_id, None, &message).await,
            },
            Place::Authorizer => match self.post(part, &self.n.request.authorizer_id, None, &message).await {
                Err(error) if CANNOT_REACH.iter().any(|code| error.is(code)) => {
                    let why = format!("The authorizer cannot be written to ({error}).");
                    self.desk.note(|draft| draft.unreachable = Some(why));
                    return Ok(());
                }
                posted => posted,
            },
        };
        self.remember(part, posted.map_err(|error| slack_failure(&error))?);
        Ok(())
    }

    /// Where the bot cannot post in the channel, or can no longer, the requester is
    /// told directly.
    async fn post_or_dm(
        &self,
        part: &str,
        channel: &str,
        thread: Option<&str>,
        message: &Message,
    ) -> Result<MessageRef, SlackError> {
        match self.post(part, channel, thread, message).await {
            Err(error) if CANNOT_POST.iter().any(|code| error.is(code)) => {
                tracing::info!(request.id = %self.n.request_id, slack.channel = channel, %error,
                    "the channel cannot be written to; the requester is told directly");
                self.post(part, &self.n.request.requester_id, None, message).await
            }
            posted => posted,
        }
    }

    /// Brings a message up to date. One that was never posted stays unposted, and
    /// one that somebody deleted stays deleted: the thread tells the rest.
    pub(super) async fn change(&self, part: &str, message: Message) -> Result<(), ActivityError> {
        let Some(at) = self.at(part).filter(|_| !self.is_done(part)) else { return Ok(()) };
        match self.edit(part, &at, &message).await {
            Ok(()) => {
                self.done(part);
                Ok(())
            }
            Err(error) if CANNOT_CHANGE.iter().chain(&CANNOT_POST).any(|code| error.is(code)) => {
                tracing::warn!(request.id = %self.n.request_id, part, %error, "a message can no longer be changed");
                Ok(())
            }
            Err(error) => Err(slack_failure(&error)),
        }
    }

    pub(super) async fn edit(&self, part: &str, at: &MessageRef, message: &Message) -> Result<(), SlackError> {
        let metadata = self.metadata(part);
        self.slack.update_message(&at.ts, &as_post(message, &at.channel, None, &metadata)).await
    }

    async fn post(
        &self,
        part: &str,
        channel: &str,
        thread: Option<&str>,
        message: &Message,
    ) -> Result<MessageRef, SlackError> {
        let metadata = self.metadata(part);
        let post = as_post(message, channel, thread, &metadata);
        match self.slack.post_message(&post).await {
            // A mistake of ours. The text says everything, only less well.
            Err(error) if error.code().is_some_and(|code| code.contains("blocks")) => {
                tracing::error!(request.id = %self.n.request_id, part, %error, "a message is posted as plain text");
                self.slack.post_message(&Post { blocks: None, ..post }).await
            }
            posted => posted,
        }
    }

    /// What every message about a request carries: whose it is, and its part.
    fn metadata(&self, part: &str) -> BTreeMap<&'static str, String> {
        BTreeMap::from([("request_id", self.n.request_id.to_string()), ("part", part.to_owned())])
    }

    /// Where a part is, once it was posted.
    pub(super) fn at(&self, part: &str) -> Option<MessageRef> {
        self.desk.draft().conversation.0.get(part).cloned()
    }

    fn is_done(&self, part: &str) -> bool {
        self.desk.draft().done.contains(part)
    }

    fn remember(&self, part: &str, message: MessageRef) {
        self.desk.note(|draft| _ = draft.conversation.0.insert(part.to_owned(), message));
        self.done(part);
    }

    fn done(&self, part: &str) {
        self.desk.note(|draft| _ = draft.done.insert(part.to_owned()));
    }

    /// What an earlier attempt posted as this part, if it did.
    async fn look_for(&self, part: &str, place: &Place) -> Result<Option<MessageRef>, ActivityError> {
        let request = &self.n.request;
        let found = match place {
            Place::Thread => match self.at(ROOT) {
                Some(root) => self.find(part, &root.channel, Some(&root.ts)).await,
                None => Ok(None),
            },
            Place::Authorizer => self.find_in_dm(part, &request.authorizer_id).await,
            Place::Channel => match self.find(part, &request.channel_id, None).await {
                Ok(None) => self.find_in_dm(part, &request.requester_id).await,
                found => found,
            },
        };
        found.map_err(|error| slack_failure(&error))
    }

    async fn find_in_dm(&self, part: &str, user: &str) -> Result<Option<MessageRef>, SlackError> {
        match self.slack.open_dm(user).await {
            Ok(channel) => self.find(part, &channel, None).await,
            Err(error) if CANNOT_REACH.iter().any(|code| error.is(code)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn find(&self, part: &str, channel: &str, thread: Option<&str>) -> Result<Option<MessageRef>, SlackError> {
        let messages = match self.read(channel, thread).await {
            // Only members may read back. Joining is announced in the channel,
            // which is better than saying everything twice.
            Err(error) if error.is("not_in_channel") => match self.slack.join(channel).await {
                Ok(()) => self.read(channel, thread).await?,
                Err(_) => return Ok(None),
            },
            Err(error) if CANNOT_POST.iter().any(|code| error.is(code)) => return Ok(None),
            // Saying something twice is better than never saying it.
            Err(error) if error.is("missing_scope") => {
                tracing::error!(request.id = %self.n.request_id, slack.channel = channel, %error, "the bot cannot read back what it said");
                return Ok(None);
            }
            messages => messages?,
        };
        let ours = |found: &Found| {
            let metadata = found.metadata.as_ref().filter(|metadata| metadata.event_type == EVENT_TYPE);
            let is = |name: &str, wanted: &str| {
                metadata.and_then(|m| m.event_payload.get(name)).and_then(|value| value.as_str()) == Some(wanted)
            };
            is("request_id", self.n.request_id.as_str()) && is("part", part)
        };
        Ok(messages.into_iter().find(ours).map(|found| MessageRef { channel: channel.to_owned(), ts: found.ts }))
    }

    async fn read(&self, channel: &str, thread: Option<&str>) -> Result<Vec<Found>, SlackError> {
        match thread {
            Some(ts) => self.slack.replies(channel, ts).await,
            None => self.slack.history(channel).await,
        }
    }
}

/// A message for a channel, or for a thread in it.
fn as_post<'a>(
    message: &'a Message,
    channel: &'a str,
    thread: Option<&'a str>,
    metadata: &'a BTreeMap<&'static str, String>,
) -> Post<'a> {
    let metadata = Event { event_type: EVENT_TYPE, event_payload: metadata };
    Post { channel, thread, text: &message.text, blocks: Some(&message.blocks), metadata }
}
