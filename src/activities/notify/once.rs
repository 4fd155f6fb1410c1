//! One message, written once: posted if it never was, found if somebody posted it
//! before (`earlier.rs`), else brought up to date.
//!
//! People delete messages. The channel's message is written anew then, since all else
//! hangs on it; the others stay deleted, for the thread tells the rest.

use std::collections::BTreeMap;

use temporalio_sdk::activities::ActivityError;

use super::Scribe;
use super::parts::{CARD, OUTCOME, ROOT, STATUS, asks};
use crate::activities::slack_failure;
use crate::domain::notice::MessageRef;
use crate::slack::api::{Event, Post, SlackError};
use crate::slack::ids::EVENT_TYPE;
use crate::slack::views::{Message, thread};

/// Codes with which Slack says that the bot cannot post in a channel.
pub(super) const CANNOT_POST: [&str; 8] = [
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
pub(super) const CANNOT_REACH: [&str; 6] = [
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

/// Deleted, by a person or by the workspace's retention.
const GONE: &str = "message_not_found";
/// Codes with which Slack says that there is nothing to reply to. It does not always
/// say so: by some reports a reply to what was deleted appears outside of any thread.
pub(super) const NO_THREAD: [&str; 3] = ["thread_not_found", GONE, "cannot_reply_to_message"];

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
        if self.repeated && self.find(part, &place).await? {
            self.done(part);
            return Ok(());
        }
        let posted = match place {
            Place::Channel => self.post_or_dm(part, &self.n.request.channel_id, None, &message).await,
            Place::Thread => return self.answer(part, &message).await,
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

    /// A new message in the thread of the channel's message. Where that is gone and the
    /// request is over, it stands in the channel by itself.
    async fn answer(&self, part: &str, message: &Message) -> Result<(), ActivityError> {
        self.ensure_root().await?;
        let posted = match self.at(ROOT) {
            Some(root) => match self.post_or_dm(part, &root.channel, Some(&root.ts), message).await {
                Err(error) if NO_THREAD.iter().any(|code| error.is(code)) => {
                    tracing::info!(request.id = %self.n.request_id, part, %error, "the thread is gone");
                    self.forget_root(&root);
                    self.ensure_root().await?;
                    let anew = self.at(ROOT);
                    let channel = anew.as_ref().map_or(&self.n.request.channel_id, |root| &root.channel);
                    self.post_or_dm(part, channel, anew.as_ref().map(|root| root.ts.as_str()), message).await
                }
                posted => posted,
            },
            None => self.post_or_dm(part, &self.n.request.channel_id, None, message).await,
        };
        self.remember(part, posted.map_err(|error| slack_failure(&error))?);
        Ok(())
    }

    /// While a request goes on it has a message in the channel, with a thread, and with
    /// the button that withdraws it: written anew if it is not there any more.
    async fn ensure_root(&self) -> Result<(), ActivityError> {
        // What is told side by side misses it side by side.
        let _one_at_a_time = self.desk.rooting.lock().await;
        if self.at(ROOT).is_some() || self.n.notice.status().is_final() {
            return Ok(());
        }
        Box::pin(self.write(ROOT, Place::Channel, thread::root(self.n))).await
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

    /// Brings a message up to date. One that was never posted stays unposted, and one
    /// that somebody deleted stays deleted, but for the channel's message. Buttons that
    /// Slack lets nobody take away are explained below them.
    pub(super) async fn change(&self, part: &str, message: Message) -> Result<(), ActivityError> {
        let Some(at) = self.at(part).filter(|_| !self.is_done(part)) else { return Ok(()) };
        match self.edit(part, &at, &message).await {
            Ok(()) => {
                self.done(part);
                Ok(())
            }
            Err(error) if error.is(GONE) && part == ROOT => {
                tracing::info!(request.id = %self.n.request_id, %error, "the channel's message is gone");
                self.forget_root(&at);
                self.ensure_root().await
            }
            Err(error) if CANNOT_CHANGE.iter().chain(&CANNOT_POST).any(|code| error.is(code)) => {
                tracing::warn!(request.id = %self.n.request_id, part, %error, "a message can no longer be changed");
                match asks(part) && !error.is(GONE) {
                    true => Box::pin(self.write(&format!("{part}-closed"), Place::Authorizer, message)).await,
                    false => Ok(()),
                }
            }
            Err(error) => Err(slack_failure(&error)),
        }
    }

    pub(super) async fn edit(&self, part: &str, at: &MessageRef, message: &Message) -> Result<(), SlackError> {
        self.may_speak("chat.update").await?;
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
        self.may_speak("chat.postMessage").await?;
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

    /// Nobody speaks for whom somebody else speaks by now.
    async fn may_speak(&self, method: &'static str) -> Result<(), SlackError> {
        if self.desk.presence.is_our_turn(self.desk.ctx).await {
            return Ok(());
        }
        Err(SlackError::Unavailable { method, why: "not called: this attempt was suspended".to_owned() })
    }

    /// What every message about a request carries: whose it is, and its part.
    /// An outcome says which one, so that no other is taken for it.
    fn metadata(&self, part: &str) -> BTreeMap<&'static str, String> {
        let mut metadata = BTreeMap::from([("request_id", self.n.request_id.to_string()), ("part", part.to_owned())]);
        if part == OUTCOME {
            metadata.insert(STATUS, self.n.notice.status().word().to_owned());
        }
        metadata
    }

    /// Where a part is, once it was posted.
    pub(super) fn at(&self, part: &str) -> Option<MessageRef> {
        self.desk.draft().conversation.0.get(&self.key(part)).cloned()
    }

    /// Under which name a part is kept.
    fn key(&self, part: &str) -> String {
        if part == OUTCOME { outcome_key(self.n.notice.status().word()) } else { part.to_owned() }
    }

    fn is_done(&self, part: &str) -> bool {
        self.desk.draft().done.contains(part)
    }

    fn remember(&self, part: &str, message: MessageRef) {
        let key = self.key(part);
        self.desk.note(|draft| _ = draft.conversation.0.insert(key, message));
        self.done(part);
    }

    fn done(&self, part: &str) {
        self.desk.note(|draft| _ = draft.done.insert(part.to_owned()));
    }

    /// A card that somebody deleted while it asks is written anew: nothing else can be
    /// answered.
    pub(super) async fn ensure_card(&self, message: Message) -> Result<(), ActivityError> {
        if let Some(card) = self.at(CARD).filter(|_| !self.is_done(CARD))
            && self.is_gone(&card).await
        {
            tracing::info!(request.id = %self.n.request_id, "the card is gone");
            self.desk.note(|draft| _ = draft.conversation.0.remove(CARD));
            return self.write(CARD, Place::Authorizer, message).await;
        }
        Ok(())
    }

    /// The channel's message is not there any more, unless somebody noticed already. When
    /// the request is over nothing more is to be said there.
    pub(super) fn forget_root(&self, gone: &MessageRef) {
        let over = self.n.notice.status().is_final();
        self.desk.note(|draft| {
            if draft.conversation.0.get(ROOT) == Some(gone) {
                draft.conversation.0.remove(ROOT);
                _ = if over { draft.done.insert(ROOT.to_owned()) } else { draft.done.remove(ROOT) };
            }
        });
    }
}

/// The name of an outcome: a request that is reset may have several.
pub(super) fn outcome_key(status: &str) -> String {
    format!("{OUTCOME}-{status}")
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
