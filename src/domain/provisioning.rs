//! What is told of the work of a provisioner: how far it is, and what came of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far the work is: the step that is about to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// From 1 to `of`.
    pub step: u32,
    /// How many steps there are.
    pub of: u32,
    /// What is being done, in the provisioner's words.
    pub label: String,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provisioned {
    /// The request's ID.
    pub application_id: String,
    /// Where it is.
    pub region: String,
    /// When it was done, RFC 3339, in UTC; empty if that was not said.
    #[serde(default)]
    pub completion_date_time: String,
    /// What was done, a sentence each.
    #[serde(default)]
    pub summary: Vec<String>,
    /// What the requester gets, each thing by its name.
    #[serde(default)]
    pub outputs: BTreeMap<String, Value>,
}
