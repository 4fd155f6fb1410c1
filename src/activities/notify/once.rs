//! One message, written once: posted if it never was, found if somebody posted it
//! before (`earlier.rs`), else brought up to date.
//!
//! People delete messages. The channel's message is written anew then, since all else
//! hangs on it; the others stay deleted, for the thread tells the rest.

use std::collections::BTreeMap;

use super::Writer;
use super::parts::{CARD, OUTCOME, ROOT, STATUS, asks};
use crate::domain::notice::MessageRef;
use crate::slack::ids::EVENT_TYPE;
use crate::slack::refusal::Refusal;
use crate::slack::views::{Message, thread};
use crate::slack::web_api::{Event, Post, SlackError};

/// Deleted, by a person or by the workspace's retention.
const GONE: &str = "message_not_found";
/// Codes with which Slack says that there is nothing to reply to. It does not always
/// say so: by some reports a reply to what was deleted appears outside of any thread.
const NO_THREAD: [&str; 3] = ["thread_not_found", GONE, "cannot_reply_to_message"];

/// Is there nothing to reply to?
pub(super) fn is_no_thread(error: &SlackError) -> bool {
    NO_THREAD.iter().any(|code| error.is(code))
}

/// Where a new message goes.
pub(super) enum Place {
    /// The channel the command was run in, or a DM with the requester.
    Channel,
    /// The thread of the root.
    Thread,
    /// The direct conversation with the authorizer.
    Authorizer,
}

impl Writer<'_> {
    /// A new reply in the thread.
    pub(super) async fn reply(&self, part: &str, message: Option<Message>) {
        if let Some(message) = message {
            self.write(part, Place::Thread, message).await;
        }
    }

    /// A message that stands afterwards, whether or not it had been posted. Where Slack
    /// will not have it, the others are told all the same.
    pub(super) async fn write(&self, part: &str, place: Place, message: Message) {
        if self.is_done(part) || self.attempt.is_cut() {
            return;
        }
        if self.at(part).is_some() {
            return self.change(part, message).await;
        }
        // What is read from top to bottom is posted in this order.
        if self.is_held() {
            return;
        }
        let _call = self.attempt.call();
        if self.repeated {
            match self.find(part, &place).await {
                Ok(false) => {}
                Ok(true) => return self.done(part),
                Err(error) => return self.hold(part, error),
            }
        }
        let posted = match place {
            Place::Channel => self.post_or_dm(part, &self.n.request.channel_id, None, &message).await,
            Place::Thread => self.answer(part, &message).await,
            Place::Authorizer => self.post(part, &self.n.request.authorizer_id, None, &message).await,
        };
        match posted {
            Ok(posted) => self.remember(part, posted),
            Err(error) if self.is_final(part, &error) => {
                if asks(part) {
                    let why = format!("The authorizer cannot be written to ({error}).");
                    self.attempt.note(|checkpoint| checkpoint.unreachable = Some(why));
                }
                self.leave_out(part, &error);
            }
            Err(error) => self.hold(part, error),
        }
    }

    /// A new message in the thread of the channel's message. Where that is gone and the
    /// request is over, it stands in the channel by itself.
    async fn answer(&self, part: &str, message: &Message) -> Result<MessageRef, SlackError> {
        self.ensure_root().await;
        let Some(root) = self.at(ROOT) else {
            return self.post_or_dm(part, &self.n.request.channel_id, None, message).await;
        };
        match self.post_or_dm(part, &root.channel, Some(&root.ts), message).await {
            Err(error) if is_no_thread(&error) => {
                tracing::info!(request.id = %self.n.request_id, part, %error, "the thread is gone");
                self.forget_root(&root);
                self.ensure_root().await;
                let anew = self.at(ROOT);
                let channel = anew.as_ref().map_or(&self.n.request.channel_id, |root| &root.channel);
                let thread = anew.as_ref().map(|root| root.ts.as_str());
                match self.post_or_dm(part, channel, thread, message).await {
                    Err(error) if is_no_thread(&error) => {
                        self.post(part, &self.n.request.requester_id, None, message).await
                    }
                    posted => posted,
                }
            }
            posted => posted,
        }
    }

    /// While a request goes on it has a message in the channel, with a thread, and with
    /// the button that withdraws it: written anew if it is not there any more.
    async fn ensure_root(&self) {
        // What is told side by side misses it side by side.
        let _one_at_a_time = self.attempt.rooting.lock().await;
        if self.at(ROOT).is_none() && !self.n.notice.status().is_final() {
            Box::pin(self.write(ROOT, Place::Channel, thread::root(self.n))).await;
        }
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
            Err(error) if thread.is_some() && is_no_thread(&error) => Err(error),
            Err(error) if self.refuses_here(part, &error) => {
                tracing::info!(request.id = %self.n.request_id, slack.channel = channel, %error,
                    "the channel cannot be written to; the requester is told directly");
                // What was not answered may be there. Who cannot be read back is away, too.
                if matches!(error, SlackError::Unavailable { .. }) {
                    self.attempt.looked.lock().await.clear();
                    let place = if thread.is_some() { Place::Thread } else { Place::Channel };
                    if self.find(part, &place).await?
                        && let Some(found) = self.at(part)
                    {
                        return Ok(found);
                    }
                }
                self.post(part, &self.n.request.requester_id, None, message).await
            }
            posted => posted,
        }
    }

    /// Brings a message up to date. One that was never posted stays unposted, and one
    /// that somebody deleted stays deleted, but for the channel's message. Buttons that
    /// Slack lets nobody take away are explained below them.
    pub(super) async fn change(&self, part: &str, message: Message) {
        if self.is_done(part) || self.attempt.is_cut() {
            return;
        }
        let Some(at) = self.at(part) else { return };
        let _call = self.attempt.call();
        match self.edit(part, &at, &message).await {
            Ok(()) => self.done(part),
            Err(error) if error.is(GONE) && part == ROOT => {
                tracing::info!(request.id = %self.n.request_id, %error, "the channel's message is gone");
                self.forget_root(&at);
                self.ensure_root().await;
            }
            Err(error) if self.is_final(part, &error) => {
                self.leave_out(part, &error);
                if asks(part) && !error.is(GONE) {
                    Box::pin(self.write(&format!("{part}-closed"), Place::Authorizer, message)).await;
                }
            }
            Err(error) => self.later(part, error),
        }
    }

    pub(super) async fn edit(&self, part: &str, at: &MessageRef, message: &Message) -> Result<(), SlackError> {
        self.may_speak("chat.update").await?;
        let metadata = self.metadata(part);
        let mut post = as_post(message, &at.channel, None, &metadata);
        loop {
            match self.slack.update_message(&at.ts, &post).await {
                Err(error) if self.can_be_plainer(part, &mut post, &error) => {}
                changed => return changed,
            }
        }
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
        let mut post = as_post(message, channel, thread, &metadata);
        loop {
            match self.slack.post_message(&post).await {
                Err(error) if self.can_be_plainer(part, &mut post, &error) => {}
                posted => return posted,
            }
        }
    }

    /// Nobody speaks for whom somebody else speaks by now.
    async fn may_speak(&self, method: &'static str) -> Result<(), SlackError> {
        if self.attempt.may_speak().await {
            return Ok(());
        }
        Err(SlackError::Unavailable { method, why: "not called: somebody else may tell this by now".to_owned() })
    }

    /// Leaves out what Slack does not like of a message, which is a mistake of ours. The
    /// text says everything, only less well; without metadata it may be said twice, which
    /// is better than never.
    fn can_be_plainer(&self, part: &str, post: &mut Post<'_>, error: &SlackError) -> bool {
        let had = match error.refusal() {
            Some(Refusal::Blocks | Refusal::Mistake) => post.blocks.take().is_some(),
            Some(Refusal::Metadata) => post.metadata.take().is_some(),
            _ => false,
        };
        if had {
            tracing::error!(request.id = %self.n.request_id, part, %error, "a message is made plainer");
        }
        had
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
        self.attempt.checkpoint().conversation.0.get(&self.key(part)).cloned()
    }

    /// Under which name a part is kept.
    fn key(&self, part: &str) -> String {
        if part == OUTCOME { outcome_key(self.n.notice.status().word()) } else { part.to_owned() }
    }

    fn is_done(&self, part: &str) -> bool {
        self.attempt.checkpoint().done.contains(part)
    }

    fn remember(&self, part: &str, message: MessageRef) {
        let key = self.key(part);
        self.attempt.note(|checkpoint| _ = checkpoint.conversation.0.insert(key, message));
        self.done(part);
    }

    pub(super) fn done(&self, part: &str) {
        self.attempt.note(|checkpoint| _ = checkpoint.done.insert(part.to_owned()));
    }

    /// A card that somebody deleted while it asks is written anew: nothing else can be
    /// answered.
    pub(super) async fn ensure_card(&self, message: Message) {
        if let Some(card) = self.at(CARD).filter(|_| !self.is_done(CARD))
            && self.is_gone(&card).await
        {
            tracing::info!(request.id = %self.n.request_id, "the card is gone");
            self.attempt.note(|checkpoint| _ = checkpoint.conversation.0.remove(CARD));
            self.write(CARD, Place::Authorizer, message).await;
        }
    }

    /// The channel's message is not there any more, unless somebody noticed already. When
    /// the request is over nothing more is to be said there.
    pub(super) fn forget_root(&self, gone: &MessageRef) {
        let over = self.n.notice.status().is_final();
        self.attempt.note(|checkpoint| {
            if checkpoint.conversation.0.get(ROOT) == Some(gone) {
                checkpoint.conversation.0.remove(ROOT);
                _ = if over { checkpoint.done.insert(ROOT.to_owned()) } else { checkpoint.done.remove(ROOT) };
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
    let metadata = Some(Event { event_type: EVENT_TYPE, event_payload: metadata });
    Post { channel, thread, text: &message.text, blocks: Some(&message.blocks), metadata }
}
