//! How far the work is, as it is heartbeated.

use serde::{Deserialize, Serialize};

/// The heartbeat of a provisioner: the step that is about to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// From 1 to `of`.
    pub step: u32,
    /// How many steps there are.
    pub of: u32,
    /// What is being done, as a person reads it.
    pub label: String,
}
