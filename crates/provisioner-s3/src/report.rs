//! What went wrong, as it is told to Temporal and to people: which step was not done, why, and
//! what to do about it.

use provisioner::{FailureDetails, ProvisionInput};
use serde_json::Value;
use temporalio_common::error::ApplicationFailure;

use crate::failure::Problem;
use crate::plan::Plan;
use crate::verdict::Verdict;

impl Problem {
    /// The problem as what Temporal records and a person reads, in `step` of `plan`.
    /// `open` is the last heartbeat, if a bucket may be there. Such a bucket is undone as
    /// soon as credentials count again: somebody logs in in the end, and given up it would
    /// stay.
    pub fn report(&self, step: &str, input: &ProvisionInput, open: Option<Value>, plan: Plan) -> ApplicationFailure {
        let Verdict { kind, retry, cause, advice } = self.judge(&input.region, &input.profile);
        let (retry, advice) = match plan {
            Plan::Provision | Plan::Access(_) | Plan::Inspect => (retry, advice),
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
}
