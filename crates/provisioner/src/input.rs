//! What a provisioner is told.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The input of both activities of a provisioner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionInput {
    /// The request's ID: what the resources are tagged with.
    pub application_id: String,
    /// The application it is for.
    pub application_name: String,
    /// On whose behalf it was asked for.
    pub team_id: String,
    /// The ID of what was asked for.
    pub blueprint: String,
    /// Where to build it, as it was approved.
    pub region: String,
    /// With which credentials, by name, as it was approved.
    pub profile: String,
    /// The name that a bucket gets, the request's own.
    pub bucket_name: String,
    /// Who asked, for the resources' tags.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub requester_id: String,
    /// Who approved, for the resources' tags.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authorizer_id: String,
    /// The step that failed, in the words of the provisioner, when a person chose to
    /// try again: where to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_from: Option<String>,
    /// Present when a `provision` before this call did not say itself how it ended, or
    /// may have left something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unheard: Option<Unheard>,
}

/// What is known of a `provision` that was not heard to its end, or may have left something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unheard {
    /// What it heartbeated last; absent if that is not known, or was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heartbeat: Option<Value>,
    /// An attempt fell silent: its worker may have died, or may go on after a while and
    /// finish what it had begun.
    #[serde(default)]
    pub silent: bool,
}
