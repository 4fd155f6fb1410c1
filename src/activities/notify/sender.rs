//! One message, handed to Slack: posted or changed, and made plainer where Slack does not
//! like something of it.

use std::collections::BTreeMap;

use super::attempt::Attempt;
use crate::domain::notice::MessageRef;
use crate::slack::ids::EVENT_TYPE;
use crate::slack::notices::audience::Audience;
use crate::slack::refusal::Refusal;
use crate::slack::views::Message;
use crate::slack::web_api::{Event, Post, SlackError};

/// The call that posts a message.
pub(super) const POST: &str = "chat.postMessage";

/// Where a message is posted.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    /// A channel, or a person.
    pub(super) channel: &'a str,
    /// The message in it that is replied to.
    pub(super) thread: Option<&'a str>,
}

/// Posts and changes single messages for one audience.
pub(super) struct Sender<'a> {
    pub(super) attempt: &'a Attempt<'a>,
    pub(super) audience: &'a Audience<'a>,
}

impl Sender<'_> {
    /// Posts a message.
    pub(super) async fn post(&self, part: &str, to: Spot<'_>, message: &Message) -> Result<MessageRef, SlackError> {
        self.may_speak(POST).await?;
        let metadata = self.audience.metadata(part);
        let mut post = as_post(message, to, &metadata);
        loop {
            match self.attempt.slack.post_message(&post).await {
                Err(error) if self.can_be_plainer(part, &mut post, &error) => {}
                posted => return posted,
            }
        }
    }

    /// Changes a message that was posted.
    pub(super) async fn change(&self, part: &str, at: &MessageRef, message: &Message) -> Result<(), SlackError> {
        self.may_speak("chat.update").await?;
        let metadata = self.audience.metadata(part);
        let mut post = as_post(message, Spot { channel: &at.channel, thread: None }, &metadata);
        loop {
            match self.attempt.slack.update_message(&at.ts, &post).await {
                Err(error) if self.can_be_plainer(part, &mut post, &error) => {}
                changed => return changed,
            }
        }
    }

    /// Nobody speaks for whom somebody else speaks by now.
    pub(super) async fn may_speak(&self, method: &'static str) -> Result<(), SlackError> {
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
            tracing::error!(request.id = self.audience.id, part, %error, "a message is made plainer");
        }
        had
    }
}

/// A message for a channel, or for a thread in it.
fn as_post<'a>(message: &'a Message, to: Spot<'a>, metadata: &'a BTreeMap<&'static str, String>) -> Post<'a> {
    let metadata = Some(Event { event_type: EVENT_TYPE, event_payload: metadata });
    Post { channel: to.channel, thread: to.thread, text: &message.text, blocks: Some(&message.blocks), metadata }
}
