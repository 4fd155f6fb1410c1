//! A request whose workflow was ended before its end: by an operator, by a time limit,
//! by an error. Nobody works for it any more, so whoever presses one of its buttons is
//! told, and its messages lose what can be pressed.

use std::collections::BTreeMap;

use futures::future::join_all;

use super::handlers::Handlers;
use crate::domain::lifecycle::{Break, Status};
use crate::domain::notice::{MessageRef, Notification, part};
use crate::domain::request::RequestId;
use crate::slack::ids::EVENT_TYPE;
use crate::slack::inbound::Click;
use crate::slack::notices::broken;
use crate::slack::read_back::Found;
use crate::slack::views::ephemeral;
use crate::slack::web_api::{Event, Post, SlackError};

/// The messages of one notice are posted within this many seconds, most often.
const AROUND: u64 = 15 * 60;

impl Handlers {
    /// What to tell somebody about a request that was ended before its end, in this way.
    /// `part` is the message that was clicked.
    pub(super) async fn broken(&self, id: &RequestId, how: Break, click: Option<&Click>, part: &str) -> String {
        match self.requests.seen(id).await.map(|seen| seen.told) {
            Ok(Some(last)) => {
                self.close(&last, how, click, part).await;
                ephemeral::broken(how, broken::cut_off(&last))
            }
            Ok(None) => ephemeral::broken(how, false),
            Err(error) => {
                tracing::warn!(request.id = %id, %error, "the messages of a request are not known");
                "This request is already over.".to_owned()
            }
        }
    }

    /// Takes the buttons off what is over. Best effort: who clicks again tries again.
    async fn close(&self, last: &Notification, how: Break, click: Option<&Click>, clicked: &str) {
        let mut messages = open_messages(last, click, clicked);
        messages.extend(self.look_for_others(last, &messages, click).await);
        let edits = messages.into_iter().map(async |(part, at)| {
            let message = if part == part::ROOT { broken::root(last, how) } else { broken::card(last, how) };
            let metadata = BTreeMap::from([("request_id", last.subject.request_id.to_string()), ("part", part)]);
            let post = Post {
                channel: &at.channel,
                thread: None,
                text: &message.text,
                blocks: Some(&message.blocks),
                metadata: Some(Event { event_type: EVENT_TYPE, event_payload: &metadata }),
            };
            if let Err(error) = self.slack.update_message(&at.ts, &post).await {
                tracing::warn!(request.id = %last.subject.request_id, %error, "a message keeps buttons of a request that is over");
            }
        });
        join_all(edits).await;
    }

    /// What was posted in the last moment, before it was recorded where. Where the bot
    /// cannot read, nothing is found.
    async fn look_for_others(
        &self,
        last: &Notification,
        known: &[(String, MessageRef)],
        click: Option<&Click>,
    ) -> Vec<(String, MessageRef)> {
        // Slack names a message by the moment it was posted.
        let clicked = click.and_then(|click| click.message.as_ref()?.split('.').next()?.parse::<u64>().ok());
        let (Some(clicked), Ok(own)) = (clicked, self.slack.identity().await) else { return Vec::new() };
        let missing = asking(last).into_iter().filter(|part| known.iter().all(|(known, _)| known != part));
        let searches = missing.map(async |part| {
            let channel = match part.as_str() {
                part::ROOT => last.subject.request.channel_id.clone(),
                _ => self.slack.open_dm(&last.subject.request.authorizer_id).await.ok()?,
            };
            let found = self.read_back(&channel, clicked.saturating_sub(AROUND)).await.ok()?;
            let says = |found: &Found, name: &str, wanted: &str| found.says(EVENT_TYPE, name) == Some(wanted);
            let is_it = |it: &Found| {
                it.is_by(own) && says(it, "request_id", last.subject.request_id.as_str()) && says(it, "part", &part)
            };
            let at = |found: Found| (part.clone(), MessageRef { channel: channel.clone(), ts: found.ts });
            Some(found.into_iter().filter(is_it).map(at).collect::<Vec<_>>())
        });
        join_all(searches).await.into_iter().flatten().flatten().collect()
    }

    /// Only members may read back; joining is announced, and better than a dead button.
    async fn read_back(&self, channel: &str, since: u64) -> Result<Vec<Found>, SlackError> {
        match self.slack.read_back(channel, None, since).await {
            Err(error) if error.is("not_in_channel") => {
                self.slack.join(channel).await?;
                self.slack.read_back(channel, None, since).await
            }
            read => read,
        }
    }
}

/// The messages that have something to press, by their part; the clicked one first.
fn open_messages(last: &Notification, click: Option<&Click>, clicked: &str) -> Vec<(String, MessageRef)> {
    let known =
        asking(last).into_iter().filter_map(|part| Some((part.clone(), last.conversation.0.get(&part)?.clone())));
    let clicked = click.and_then(|click| {
        let at = MessageRef { channel: click.channel.clone(), ts: click.message.clone()? };
        let part = last.conversation.0.iter().find(|(_, known)| **known == at).map(|(part, _)| part.as_str());
        Some((part.unwrap_or(clicked).to_owned(), at))
    });
    let mut messages: Vec<(String, MessageRef)> = Vec::new();
    for message in clicked.into_iter().chain(known) {
        if messages.iter().all(|(_, at)| *at != message.1) {
            messages.push(message);
        }
    }
    messages
}

/// The parts that have something to press, by what was told last.
fn asking(last: &Notification) -> Vec<String> {
    let card = match last.notice.status() {
        // That it needs a hand is told by whoever told that it is being built. The card of
        // the decision was closed before.
        Status::Provisioning | Status::NeedsAttention => {
            last.conversation.latest(part::ATTENTION).map(|attempt| part::of_attempt(part::ATTENTION, attempt))
        }
        _ => Some(part::CARD.to_owned()),
    };
    [Some(part::ROOT.to_owned()), card].into_iter().flatten().collect()
}
