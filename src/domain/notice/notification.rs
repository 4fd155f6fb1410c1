//! A notice on its way to people: the input of the activity `notify`, and its result.

use serde::{Deserialize, Serialize};

use super::conversation::Conversation;
use super::{RequestSubject, Subject};

/// The input of the activity `notify`: a notice, and all there is to say about
/// what it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification<S: Subject = RequestSubject> {
    #[serde(flatten)]
    pub subject: S,
    pub notice: S::Notice,
    /// The ID of the activity that is at work now. Whoever tells that it is stays,
    /// shows its progress, and tells what came of it.
    pub at_work: Option<String>,
    /// What earlier notices left behind.
    pub conversation: Conversation,
    /// Unix seconds. From then on a notice of this subject was told of which it is not
    /// known what it posted: it failed, or was called off. Whoever tells
    /// this one looks first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_back: Option<i64>,
}

/// The result of the activity `notify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    pub conversation: Conversation,
    /// Why the authorizer could not be written to, in words for the requester.
    /// Without the question nobody can answer it.
    pub unreachable: Option<String>,
    /// Was told, too, what came of the work that went on beside it?
    #[serde(default)]
    pub outcome: bool,
}
