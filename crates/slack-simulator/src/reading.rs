//! What a person reads: channels, threads, and what they wait for. What was read is
//! remembered, so that a test hears of what nobody read.

use crate::message::Message;
use crate::people::Person;
use crate::workspace::Workspace;

impl Person {
    /// Everything in the direct message with the bot, threads included.
    pub fn dm_with_bot(&self) -> Vec<Message> {
        self.messages(&self.dm_channel())
    }

    /// Everything this person can see in a channel, threads included.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        self.slack.change_quietly(|state| {
            let visible = state.visible(channel, &self.id);
            state.look_at(&visible);
            visible
        })
    }

    /// A thread: the parent, then its replies.
    pub fn thread(&self, channel: &str, ts: &str) -> Vec<Message> {
        self.slack.change_quietly(|state| {
            let mut messages = state.visible(channel, &self.id);
            messages.retain(|message| message.ts == ts || message.thread_ts.as_deref() == Some(ts));
            state.look_at(&messages);
            messages
        })
    }

    /// Waits for a message in a channel or one of its threads.
    pub async fn wait_for(&self, channel: &str, wanted: impl Fn(&Message) -> bool) -> anyhow::Result<Message> {
        let look = |state: &Workspace| state.visible(channel, &self.id).into_iter().rev().find(|m| wanted(m));
        self.looks_at(
            self.slack.wait_until(&format!("a message to {} in {channel}", self.id), self.patience, look).await,
        )
    }

    /// Waits for a message of a thread, the parent included.
    pub async fn wait_for_in_thread(
        &self,
        channel: &str,
        ts: &str,
        wanted: impl Fn(&Message) -> bool,
    ) -> anyhow::Result<Message> {
        let inside = |message: &Message| message.ts == ts || message.thread_ts.as_deref() == Some(ts);
        let look = |state: &Workspace| {
            state.visible(channel, &self.id).into_iter().rev().find(|message| inside(message) && wanted(message))
        };
        self.looks_at(self.slack.wait_until(&format!("a reply to {ts} in {channel}"), self.patience, look).await)
    }

    fn looks_at(&self, found: anyhow::Result<Message>) -> anyhow::Result<Message> {
        self.slack.look_at(&found);
        found
    }

    /// Waits for a message in the direct message with the bot.
    pub async fn wait_for_dm(&self, wanted: impl Fn(&Message) -> bool) -> anyhow::Result<Message> {
        self.wait_for(&self.dm_channel(), wanted).await
    }
}
