//! The messages of a workspace over its state: posting, deleting, finding, who sees them,
//! and how an app is shown them.

use serde_json::{Value, json};

use crate::message::Message;
use crate::workspace::Workspace;

impl Workspace {
    /// Puts a message into its channel, under a new `ts` unless it has one.
    pub fn post(&mut self, mut message: Message) -> Message {
        if message.ts.is_empty() {
            message.ts = self.new_ts();
        }
        self.messages.entry(message.channel.clone()).or_default().push(message.clone());
        message
    }

    /// Deletes a message, whoever does that: an admin, or the retention of messages.
    /// Where it has replies, something stays in its place.
    pub fn delete(&mut self, channel: &str, ts: &str) {
        let has_replies = !self.replies(channel, ts).is_empty();
        if let Some(message) = self.find_message_mut(channel, ts).filter(|_| has_replies) {
            *message = Message {
                channel: channel.into(),
                ts: ts.into(),
                user: "USLACKBOT".into(),
                text: "This message was deleted.".into(),
                is_tombstone: true,
                ..Message::default()
            };
        } else if let Some(messages) = self.messages.get_mut(channel) {
            messages.retain(|message| message.ts != ts);
        }
    }

    /// The message with this `ts`.
    pub fn find_message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.messages.get(channel)?.iter().find(|message| message.ts == ts)
    }

    /// The same, to be changed.
    pub fn find_message_mut(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        self.messages.get_mut(channel)?.iter_mut().find(|message| message.ts == ts)
    }

    /// The messages of a channel that a person can see, threads included.
    pub fn visible(&self, channel: &str, viewer: &str) -> Vec<Message> {
        if !self.may_see(channel, viewer) {
            return Vec::new();
        }
        let messages = self.messages.get(channel).map(Vec::as_slice).unwrap_or_default();
        messages.iter().filter(|message| message.is_for(viewer)).cloned().collect()
    }

    /// Public channels are open to members, private ones to those inside;
    /// guests only see what they are in.
    pub fn may_see(&self, channel: &str, viewer: &str) -> bool {
        let guest = self.people.get(viewer).is_some_and(|person| person.is_restricted);
        self.channels
            .get(channel)
            .is_some_and(|channel| channel.members.contains(viewer) || (!channel.is_private && !guest))
    }

    /// Somebody looks at these.
    pub fn look_at<'a>(&mut self, messages: impl IntoIterator<Item = &'a Message>) {
        self.looked_at.extend(messages.into_iter().map(|message| (message.channel.clone(), message.ts.clone())));
    }

    /// Did somebody look at it? Whoever waits for a message has looked at it, and whoever
    /// reads a channel, a thread, or what came of a click or a command.
    pub fn was_looked_at(&self, message: &Message) -> bool {
        self.looked_at.contains(&(message.channel.clone(), message.ts.clone()))
    }

    /// The replies of a thread, ephemeral ones left out.
    pub fn replies(&self, channel: &str, parent: &str) -> Vec<&Message> {
        let messages = self.messages.get(channel).map(Vec::as_slice).unwrap_or_default();
        messages
            .iter()
            .filter(|message| message.only_for.is_none() && message.thread_ts.as_deref() == Some(parent))
            .filter(|message| message.ts != parent)
            .collect()
    }

    /// A message as the Web API and payloads show it, with what Slack knows of its thread.
    pub(crate) fn shown(&self, message: &Message) -> Value {
        let mut json = message.json();
        if let Some(thread) = message.thread_ts.as_ref().filter(|thread| **thread != message.ts) {
            if let Some(parent) = self.find_message(&message.channel, thread) {
                json["parent_user_id"] = parent.user.clone().into();
            }
            return json;
        }
        let replies = self.replies(&message.channel, &message.ts);
        if let Some(latest) = replies.last() {
            let mut users: Vec<&str> = replies.iter().map(|reply| reply.user.as_str()).collect();
            users.sort_unstable();
            users.dedup();
            json["thread_ts"] = message.ts.clone().into();
            json["reply_count"] = replies.len().into();
            json["reply_users_count"] = users.len().into();
            json["latest_reply"] = latest.ts.clone().into();
            json["reply_users"] = json!(users);
            json["is_locked"] = false.into();
            json["subscribed"] = false.into();
        }
        json
    }
}
