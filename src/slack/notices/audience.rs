//! Whose messages they are, where they go, and what marks them, so that what was posted
//! is found again.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::client;
use crate::domain::notice::Notification;
use crate::domain::notice::part::OUTCOME;
use crate::slack::ids::EVENT_TYPE;
use crate::slack::read_back::Found;
use crate::slack::views::Message;

/// Whose messages they are, in the metadata of each.
const ID: &str = "request_id";
/// The part that a message plays.
const PART: &str = "part";
/// How a request ended, in the metadata of the reply that says so.
const STATUS: &str = "status";

/// For whom the messages of a notice are, whatever it is about.
#[derive(Clone, Debug)]
pub struct Audience<'a> {
    /// Of what they tell.
    pub id: &'a str,
    pub channel: &'a str,
    /// Whom to write to where the channel cannot be posted in: a person, or a channel;
    /// `None`: nobody.
    pub requester: Option<&'a str>,
    /// `None`: a client, which asks for itself.
    pub authorizer: Option<&'a str>,
    /// Where those who operate the bot are told.
    pub operations: Option<&'a str>,
    /// May there be messages for the authorizer?
    pub was_asked: bool,
    /// How long an answer is waited for.
    pub answer_within: Duration,
    /// Where it stands now, in a word.
    pub status: &'static str,
    /// The message in the channel, for as long as there has to be one.
    pub root: Option<Message>,
    /// Unix seconds. From then on something may have been posted that nobody knows of.
    pub look_back: Option<i64>,
}

impl<'a> Audience<'a> {
    /// Of a notice about a request.
    pub(super) fn of(n: &'a Notification, was_asked: bool, root: impl FnOnce() -> Message) -> Self {
        let (request, status) = (&n.subject.request, n.notice.status());
        Self {
            id: n.subject.request_id.as_str(),
            channel: &request.channel_id,
            requester: person(&request.requester_id),
            authorizer: person(&request.authorizer_id),
            operations: None,
            was_asked,
            answer_within: Duration::from_secs(request.authorization_timeout_seconds),
            status: status.word(),
            root: (!status.is_final()).then(root),
            look_back: n.look_back,
        }
    }

    /// What every message carries: whose it is, and its part. An outcome says which one,
    /// so that no other is taken for it.
    pub fn metadata(&self, part: &str) -> BTreeMap<&'static str, String> {
        let mut metadata = BTreeMap::from([(ID, self.id.to_owned()), (PART, part.to_owned())]);
        if part == OUTCOME {
            metadata.insert(STATUS, self.status.to_owned());
        }
        metadata
    }

    /// Under which name a part is kept in the conversation.
    pub fn key(&self, part: &str) -> String {
        if part == OUTCOME { outcome_key(self.status) } else { part.to_owned() }
    }

    /// Under which name a message that was read back is kept, if it is about the same.
    pub fn key_of(&self, found: &Found) -> Option<String> {
        let says = |name: &str| found.says(EVENT_TYPE, name);
        let part = says(PART).filter(|_| says(ID) == Some(self.id))?;
        Some(if part == OUTCOME { outcome_key(says(STATUS).unwrap_or_default()) } else { part.to_owned() })
    }
}

fn person(id: &str) -> Option<&str> {
    Some(id).filter(|id| client::id(id).is_none())
}

/// The name of an outcome: a request that is reset may have several.
fn outcome_key(status: &str) -> String {
    format!("{OUTCOME}-{status}")
}
