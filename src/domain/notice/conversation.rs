//! Where the messages about something are, each by the part it plays: the conversation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where the messages of a request are, by the part they play in its
/// conversation. The workflow carries it from notice to notice and never looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conversation(pub BTreeMap<String, MessageRef>);

/// One message, by the place it was posted in and its ID there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    pub channel: String,
    pub ts: String,
}

impl Conversation {
    /// Where the message with this part is, once it was posted.
    pub fn at(&self, part: &str) -> Option<&MessageRef> {
        self.0.get(part)
    }

    /// The latest attempt of the work that has a message of this kind.
    pub fn latest(&self, kind: &str) -> Option<u32> {
        self.0.keys().filter_map(|part| part::attempt(part, kind)).max()
    }
}

/// The names of parts. They are recorded, and looked for in what was posted: never
/// rename one.
pub mod part {
    /// The message in the channel.
    pub const ROOT: &str = "root";
    /// The authorizer's card: with it somebody was asked.
    pub const CARD: &str = "card";
    /// The reply that ends a request.
    pub const OUTCOME: &str = "outcome";
    /// The authorizer's card of a request that needs a hand; one for each attempt.
    pub const ATTENTION: &str = "attention";
    /// The progress of the work; one for each attempt.
    pub const PROGRESS: &str = "progress";

    /// The part of one attempt, of a kind that has one for each.
    pub fn of_attempt(kind: &str, attempt: u32) -> String {
        format!("{kind}-{attempt}")
    }

    /// The attempt that a part is of, if it is of this kind.
    pub fn attempt(part: &str, kind: &str) -> Option<u32> {
        part.strip_prefix(kind)?.strip_prefix('-')?.parse().ok()
    }

    /// Does this part ask the authorizer something, with buttons?
    pub fn asks(part: &str) -> bool {
        part == CARD || attempt(part, ATTENTION).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_a_kind_is_found_by_its_number() {
        let at = MessageRef { channel: "D0BOB".into(), ts: "1.2".into() };
        let parts = ["attention-2", "attention-10", "attention-2-closed", "attention", "needs-attention-11", "card"];
        let conversation = Conversation(parts.into_iter().map(|part| (part.to_owned(), at.clone())).collect());
        assert_eq!(conversation.latest(part::ATTENTION), Some(10));
        assert_eq!(conversation.latest(part::PROGRESS), None);
        let asking: Vec<_> = parts.into_iter().filter(|part| part::asks(part)).collect();
        assert_eq!(asking, ["attention-2", "attention-10", "card"]);
    }
}
