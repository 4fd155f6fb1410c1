//! What a provisioner may say of a failure beyond its message.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The details of a failure, as JSON, so that people read more than a message. All of it
/// may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureDetails {
    /// The step that failed, in the provisioner's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The message without the step and the advice in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What somebody can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The state that the work was left in, where that matters to whoever comes after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heartbeat: Option<Value>,
}
