//! What went wrong, as it is told to Temporal and to people. Who deals with it is decided
//! in [`crate::verdict`].

use provisioner::{FailureDetails, ProvisionInput};
use serde_json::Value;
use temporalio_common::error::ApplicationFailure;

use crate::codes::{self, Meaning, Service};
use crate::credentials::Why;
use crate::partition;
use crate::plan::Plan;
use crate::verdict::Verdict;

/// What kept a step from being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// S3 answered with an error.
    Refused { code: String, message: String, status: u16 },
    /// No answer: timeouts, connections.
    Unreachable(String),
    /// S3 says it went well, in words that do not read.
    Unreadable(String),
    /// The profile does not exist, is incomplete, or its credentials' source refuses.
    NoCredentials(Why),
    /// The credentials were refused in a region that accounts have to enable, and tried
    /// where they need not: whether they count there.
    Compared { refused: Box<Problem>, accepted: bool },
    /// The request could not be made: an impossible region, endpoint or value.
    Unusable(String),
    /// The bucket's name belongs to somebody or something else.
    Taken(String),
    /// It is not known whether the bucket is in the profile's own account, and whether what
    /// keeps it from being known may pass.
    OwnerUnknown { how: String, passes: bool },
    /// Read back, these things are not as they were set.
    Differs(Vec<String>),
}

/// Why an activity ends before its plan does.
#[derive(Debug)]
pub enum Stop {
    /// The request was withdrawn.
    Cancelled,
    /// Temporal has given up this attempt: whatever comes is in the hands of another one.
    Superseded,
    /// A step was not done.
    Failed(Problem),
}

impl<P: Into<Problem>> From<P> for Stop {
    fn from(problem: P) -> Self {
        Self::Failed(problem.into())
    }
}

impl Problem {
    /// Whether what was asked for was certainly not done.
    pub fn is_a_refusal(&self) -> bool {
        match self {
            Self::Taken(_) => true,
            Self::Refused { code, message, status: 400..500 } => {
                matches!(codes::meaning(Service::S3, code, message, 400), Meaning::ForAPerson(_))
            }
            _ => false,
        }
    }

    /// Whether the credentials in use were refused, so that they are not used again.
    pub fn blames_credentials(&self) -> bool {
        match self {
            Self::NoCredentials(_) => true,
            Self::Compared { refused, .. } => refused.blames_credentials(),
            Self::Refused { code, .. } => codes::blames_credentials(code),
            _ => false,
        }
    }

    /// Whether credentials that are right would be refused so, too, as long as the account
    /// has not enabled the region.
    pub fn may_be_the_regions(&self, region: &str) -> bool {
        let code = match self {
            Self::Refused { code, .. } | Self::NoCredentials(Why::Refused { code, .. }) => code,
            _ => return false,
        };
        codes::not_recognised(code) && partition::must_be_enabled(region)
    }

    /// The problem as what Temporal records and a person reads, in `step` of `plan`.
    /// `open` is the last heartbeat, if a bucket may be there. Such a bucket is undone as
    /// soon as credentials count again: somebody logs in in the end, and given up it would
    /// stay.
    pub fn report(&self, step: &str, input: &ProvisionInput, open: Option<Value>, plan: Plan) -> ApplicationFailure {
        let Verdict { kind, retry, cause, advice } = self.judge(&input.region, &input.profile);
        let (retry, advice) = match plan {
            Plan::Provision => (retry, advice),
            // Nobody has to say so.
            Plan::Undo => {
                let waits = open.is_some() && self.blames_credentials();
                (retry || waits, advice.replace(", then retry.", ".").replace(" Then retry.", ""))
            }
        };
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input() -> ProvisionInput {
        let words = ["applicationId", "applicationName", "teamId", "blueprint", "bucketName"];
        let mut input: Value = words.into_iter().map(|word| (word.to_owned(), json!("x"))).collect();
        input["region"] = json!("eu-west-1");
        input["profile"] = json!("sandbox");
        serde_json::from_value(input).expect("an input")
    }

    fn refused(code: &str, status: u16) -> Problem {
        Problem::Refused { code: code.into(), message: "because.".into(), status }
    }

    #[test]
    fn a_person_reads_the_step_the_answer_and_what_to_do() {
        let failure = refused("AccessDenied", 403).report("Blocking public access", &input(), None, Plan::Provision);
        assert_eq!(failure.type_name(), Some("AccessDenied"));
        assert!(failure.is_non_retryable());
        assert_eq!(
            failure.to_string(),
            "Blocking public access: S3 answered AccessDenied: because. \
             Give the AWS profile \"sandbox\" permission for this in region eu-west-1, then retry."
        );
    }

    #[test]
    fn what_is_there_waits_for_credentials_to_be_removed() {
        let tried_again = |code: &str, open: bool, plan: Plan| {
            let open = open.then(|| json!({}));
            !refused(code, 403).report("Removing the bucket", &input(), open, plan).is_non_retryable()
        };
        for code in ["ExpiredToken", "InvalidAccessKeyId"] {
            assert!(tried_again(code, true, Plan::Undo), "{code}");
            assert!(!tried_again(code, false, Plan::Undo), "{code}: there is nothing");
            assert!(!tried_again(code, true, Plan::Provision), "{code}: a person is asked");
        }
        assert!(!tried_again("AccessDenied", true, Plan::Undo));
    }

    #[test]
    fn only_refused_credentials_are_read_anew() {
        assert!(refused("ExpiredToken", 400).blames_credentials());
        assert!(refused("ExpiredTokenException", 400).blames_credentials());
        assert!(Problem::NoCredentials(Why::Slow).blames_credentials());
        assert!(!refused("SlowDown", 503).blames_credentials());
        assert!(!refused("AccessDenied", 403).blames_credentials());
    }
}
