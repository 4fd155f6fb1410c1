//! What went wrong, as it is told to Temporal and to people: what was not done, why, and what
//! to do about it.

use provisioner::{FailureDetails, ProvisionInput};
use serde_json::Value;
use temporalio_common::error::ApplicationFailure;

use crate::failure::Problem;
use crate::verdict::Verdict;

/// What an activity was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Planning,
    Building,
    Discarding,
    Undoing,
    Inspecting,
}

impl Doing {
    pub fn words(self) -> &'static str {
        match self {
            Self::Planning => "Planning the stack",
            Self::Building => "Building the stack",
            Self::Discarding => "Discarding the plan",
            Self::Undoing => "Deleting the stack",
            Self::Inspecting => "Inspecting the stack",
        }
    }
}

impl Problem {
    /// The problem as what Temporal records and a person reads. `open` is the last heartbeat,
    /// if a stack may be there, or was. What is there waits for credentials to be removed:
    /// somebody logs in in the end, and given up it would stay.
    pub fn report(&self, doing: Doing, input: &ProvisionInput, open: Option<Value>) -> ApplicationFailure {
        let Verdict { kind, retry, cause, advice } = self.judge(&input.region, &input.profile);
        let (retry, advice) = match doing {
            Doing::Planning | Doing::Building | Doing::Inspecting => (retry, advice),
            // Nobody has to say so.
            Doing::Discarding | Doing::Undoing => {
                let waits = self.blames_credentials() && (open.is_some() || input.unheard.is_some());
                (retry || waits, advice.replace(", then retry.", ".").replace(" Then retry.", ""))
            }
        };
        let step = doing.words();
        let message = format!("{step}: {cause}. {advice}");
        let details = FailureDetails {
            step: Some(step.to_owned()),
            cause: Some(cause),
            advice: Some(advice),
            last_heartbeat: open,
        };
        ApplicationFailure::builder(message).type_name(kind).non_retryable(!retry).details(details).build()
    }
}
