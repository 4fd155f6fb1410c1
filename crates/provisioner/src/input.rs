//! What a provisioner is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The input of every activity of a provisioner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The name for what is built, the request's own: it fits whatever has at most 63
    /// characters.
    #[serde(default)]
    pub resource_name: String,
    /// The same, by the name it had first.
    pub bucket_name: String,
    /// Who asked, for the resources' tags.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub requester_id: String,
    /// Who approved, for the resources' tags.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authorizer_id: String,
    /// What the blueprint asks for beyond the name, by the ID of its field.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// The plan that was approved, or that is to be discarded.
    #[serde(default)]
    pub plan_id: Option<String>,
    /// The step that failed, in the words of the provisioner, when a person chose to
    /// try again: where to go on.
    #[serde(default)]
    pub resume_from: Option<String>,
    /// The outputs of the parts that this one comes after, by their IDs.
    #[serde(default)]
    pub parts: BTreeMap<String, Value>,
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
