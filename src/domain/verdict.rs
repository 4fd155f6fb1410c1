//! What came of an act, as the door that sent it asks for it.

use serde::{Deserialize, Serialize};

use super::refusal::{NotCounted, Refusal};

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "why", rename_all = "snake_case")]
pub enum Verdict {
    /// It counts.
    Accepted,
    /// It waits for what it is judged by; or it counts, if it holds when it is looked at
    /// once more.
    Checking,
    Refused(Refusal),
    /// It counted, and did not hold when it was to be obeyed.
    NotCounted(NotCounted),
}
