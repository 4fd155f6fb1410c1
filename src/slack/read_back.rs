//! Reading back what was posted in a conversation, page by page, each message by
//! itself: one that is not as expected hides no other. slack-morphism's model would refuse
//! the whole page for one message of another app, with a number in its metadata.

use serde::Deserialize;
use serde_json::Value;

use super::identity::Identity;
use super::web_api::{SlackApi, SlackError};

/// Messages of a page: what Slack advises, of 999 that it allows.
const PAGE: &str = "200";
/// Pages read, at most. What is looked for is minutes old, most often.
const PAGES: usize = 50;

/// A message that was read back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub ts: String,
    /// The message that began its thread.
    pub thread: Option<String>,
    /// Who posted it, as a user and as a bot.
    user: Option<String>,
    bot: Option<String>,
    /// What it is about, as whoever posted it says: any app may say anything.
    event_type: Option<String>,
    event_payload: Value,
}

impl Found {
    /// Reads a message; one without an ID is none.
    fn read(message: &Value) -> Option<Self> {
        let text = |place: &str| message.pointer(place).and_then(Value::as_str).filter(|it| !it.is_empty());
        let owned = |place: &str| text(place).map(str::to_owned);
        Some(Self {
            ts: owned("/ts")?,
            thread: owned("/thread_ts"),
            user: owned("/user"),
            bot: owned("/bot_id"),
            event_type: owned("/metadata/event_type"),
            event_payload: message.pointer("/metadata/event_payload").cloned().unwrap_or_default(),
        })
    }

    /// Was it posted by the bot itself? Slack names the author as a user, as a bot, or as
    /// both: one of them is the bot's, and none is another's.
    pub fn is_by(&self, own: &Identity) -> bool {
        let names = [(&self.user, &own.user_id), (&self.bot, &own.bot_id)];
        let mut known = names.into_iter().filter(|(theirs, ours)| theirs.is_some() && ours.is_some()).peekable();
        known.peek().is_some() && known.all(|(theirs, ours)| theirs == ours)
    }

    /// A word of what it is about, if it is about this type of event.
    pub fn says(&self, event_type: &str, name: &str) -> Option<&str> {
        self.event_payload.get(name)?.as_str().filter(|_| self.event_type.as_deref() == Some(event_type))
    }

    /// Is it a reply in somebody's thread?
    pub fn is_reply(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| *thread != self.ts)
    }
}

impl SlackApi {
    /// What was posted in a conversation since `since` (Unix seconds), or in a thread of
    /// it. Slack pages the first from the newest on, the second from the oldest on.
    pub async fn read_back(&self, channel: &str, thread: Option<&str>, since: u64) -> Result<Vec<Found>, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            messages: Vec<Value>,
            #[serde(default)]
            response_metadata: Value,
        }
        let method = if thread.is_some() { "conversations.replies" } else { "conversations.history" };
        let since = format!("{since}.000000");
        let mut found = Vec::new();
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let mut params = vec![("channel", channel), ("limit", PAGE), ("oldest", &since)];
            params.push(("include_all_metadata", "true"));
            params.extend(thread.map(|ts| ("ts", ts)));
            if !cursor.is_empty() {
                params.push(("cursor", &cursor));
            }
            let answer: Answer = self.get(method, params).await?;
            found.extend(answer.messages.iter().filter_map(Found::read));
            let next = answer.response_metadata["next_cursor"].as_str().unwrap_or_default();
            if next.is_empty() || next == cursor {
                return Ok(found);
            }
            next.clone_into(&mut cursor);
        }
        tracing::warn!(slack.channel = channel, "more was posted than is read back");
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(message: Value) -> Found {
        Found::read(&message).expect("a message")
    }

    #[test]
    fn only_messages_of_the_bot_itself_are_its_own() {
        let some = |id: &str| Some(id.to_owned());
        let own = Identity { user_id: some("UBOT"), bot_id: some("BBOT"), ..Identity::default() };
        for (case, author, is_own) in [
            ("as Slack shows it", json!({ "user": "UBOT", "bot_id": "BBOT" }), true),
            ("without the user", json!({ "bot_id": "BBOT", "subtype": "bot_message" }), true),
            ("without the bot", json!({ "user": "UBOT" }), true),
            ("by another app", json!({ "user": "UOTHER", "bot_id": "BOTHER", "app_id": "AOTHER" }), false),
            ("by another app that is called alike", json!({ "bot_id": "BOTHER", "username": "provision-bot" }), false),
            ("by a person", json!({ "user": "UALICE" }), false),
            ("by a person, through our app", json!({ "user": "UALICE", "bot_id": "BBOT" }), false),
            ("by another app, in our name", json!({ "user": "UBOT", "bot_id": "BOTHER" }), false),
            ("what is left of a deleted one", json!({ "user": "USLACKBOT", "subtype": "tombstone" }), false),
            ("by nobody", json!({}), false),
            ("by nobody, in other words", json!({ "user": "", "bot_id": null }), false),
            ("by what is no name", json!({ "user": ["UBOT"], "bot_id": 7 }), false),
        ] {
            let mut message = json!({ "ts": "1.000001" });
            message.as_object_mut().unwrap().extend(author.as_object().unwrap().clone());
            assert_eq!(found(message).is_by(&own), is_own, "{case}");
        }
        let ours = found(json!({ "ts": "1.000001", "user": "UBOT", "bot_id": "BBOT" }));
        assert!(!ours.is_by(&Identity::default()), "nobody is known to be the bot");
        assert!(ours.is_by(&Identity { user_id: some("UBOT"), ..Identity::default() }), "known as a user alone");
        assert!(!ours.is_by(&Identity { user_id: some("UNEW"), ..Identity::default() }), "the bot of another token");
    }

    #[test]
    fn a_message_is_read_whatever_others_put_into_it() {
        for message in [json!({}), json!({ "ts": 7 }), json!({ "ts": "" }), json!([]), json!(null)] {
            assert_eq!(Found::read(&message), None, "{message}");
        }
        for metadata in [json!(null), json!([]), json!("x"), json!({ "event_payload": [] }), json!({ "event_type": 7 })]
        {
            let message = found(json!({ "ts": "1.000001", "metadata": metadata.clone() }));
            assert_eq!(message.says("provision_request", "part"), None, "{metadata}");
        }
        let payload = json!({ "part": "root", "number": 7 });
        let ours = json!({ "event_type": "provision_request", "event_payload": payload });
        let message = found(json!({ "ts": "1.000001", "thread_ts": "1.000001", "metadata": ours }));
        assert_eq!(message.says("provision_request", "part"), Some("root"));
        assert_eq!(message.says("provision_request", "number"), None);
        assert_eq!(message.says("another", "part"), None);
        assert!(!message.is_reply(), "a message with replies");
        assert!(found(json!({ "ts": "2.000001", "thread_ts": "1.000001" })).is_reply());
    }
}
