//! What went wrong. Who deals with it is decided in [`crate::verdict`].

use std::error::Error;

use aws_profiles::called::Called;
use aws_profiles::codes;
use aws_profiles::no_credentials::Why;
use aws_profiles::partition::Nowhere;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;

/// What kept an activity from being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// CloudFormation, or the way to it, gave no answer that helps.
    Called(Called),
    /// What is asked for cannot be asked for: no template, no value, no name.
    Unusable(String),
    /// The stack's name belongs to somebody or something else.
    Taken(String),
    /// The stack is there already, in this state.
    Built(String),
    /// AWS made no plan of it, for this reason.
    Rejected(String),
    /// The plan that was approved does not hold any more.
    Stale(String),
    /// The stack was not made: this resource, for this reason.
    NotMade { resource: String, reason: String },
    /// The stack was not deleted: this resource, for this reason.
    NotDeleted { resource: String, reason: String },
    /// It is not known yet, or not for long: to be tried again.
    NotYet(String),
}

/// Why an activity ends before it is done.
#[derive(Debug)]
pub enum Stop {
    /// The request was withdrawn, or the worker stops.
    Cancelled,
    /// Temporal has given up this attempt: whatever comes is in the hands of another one.
    Superseded,
    /// Something was not done.
    Failed(Problem),
}

impl<P: Into<Problem>> From<P> for Stop {
    fn from(problem: P) -> Self {
        Self::Failed(problem.into())
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Problem
where
    E: ProvideErrorMetadata + Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        Self::Called(error.into())
    }
}

impl From<Why> for Problem {
    fn from(why: Why) -> Self {
        Self::Called(Called::NoCredentials(why))
    }
}

impl From<Nowhere> for Problem {
    fn from(Nowhere(said): Nowhere) -> Self {
        Self::Unusable(said)
    }
}

impl Problem {
    /// The code of CloudFormation's answer, as it is named in its documentation or in its
    /// answers: some have `Exception` behind them in the one and not in the other.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Called(Called::Refused { code, .. }) => Some(code.strip_suffix("Exception").unwrap_or(code)),
            _ => None,
        }
    }

    /// Whether the answer says that there is no such stack.
    pub fn is_no_such_stack(&self) -> bool {
        matches!(self, Self::Called(Called::Refused { code, message, .. })
            if code == "ValidationError" && message.contains("does not exist"))
    }

    /// Whether the answer says that there is no such change set, or none of such a stack.
    pub fn is_no_such_change_set(&self) -> bool {
        self.code() == Some("ChangeSetNotFound") || self.is_no_such_stack()
    }

    /// Whether the credentials in use were refused, so that they are not used again.
    pub fn blames_credentials(&self) -> bool {
        match self {
            Self::Called(Called::NoCredentials(_)) => true,
            Self::Called(Called::Refused { code, .. }) => codes::blames_credentials(code),
            _ => false,
        }
    }
}
