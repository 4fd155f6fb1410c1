//! Who deals with what went wrong: Temporal, by trying again, or a person, at once.

use aws_profiles::called::Called;
use aws_profiles::codes::{self, Meaning, Service};
use aws_profiles::foreign_text::tidy;
use aws_profiles::partition;

use crate::failure::Problem;

/// The plan that was approved does not hold any more.
pub const STALE_PLAN: &str = "StalePlan";
/// A stack of this name is there and is not ours.
pub const STACK_TAKEN: &str = "StackTaken";
/// The stack of this request is there already.
pub const STACK_EXISTS: &str = "StackExists";
/// CloudFormation made no plan of it.
pub const PLAN_REJECTED: &str = "PlanRejected";
/// The stack could not be made.
pub const STACK_FAILED: &str = "StackFailed";
/// The stack could not be deleted.
pub const STACK_NOT_DELETED: &str = "StackNotDeleted";
/// No usable answer came from CloudFormation, or not yet.
pub const UNREACHABLE: &str = "CloudFormationUnreachable";
/// The request could not even be made.
pub const UNUSABLE: &str = "UnusableSettings";
/// The profile gives no credentials.
pub const NO_CREDENTIALS: &str = "NoCredentials";

/// What CloudFormation means by codes of its own, or that mean something else to it than to
/// other services (CloudFormation API reference, "Common errors" and those of each operation).
const FOR_A_PERSON: &[(&[&str], &str)] = &[
    (
        &["InsufficientCapabilities"],
        "The template makes what its text does not show, such as by a macro. See what CloudFormation wants to be told, \
         and change the template.",
    ),
    (
        &["LimitExceeded", "ServiceQuotaExceeded"],
        "Delete stacks that nobody needs, or have the account's quota of stacks raised, then retry.",
    ),
    (
        &["AccountProblem", "AllAccessDisabled", "NotSignedUp", "InvalidPayer"],
        "See in the AWS console what keeps the account of profile \"{profile}\" from using CloudFormation in region \
         {region}, then retry.",
    ),
    (
        &["NotImplemented", "MethodNotAllowed", "InvalidAction", "UnknownOperation"],
        "The server does not offer this; check the endpoint the provisioner is configured for.",
    ),
    (
        &["ValidationError", "Validation"],
        "Check the template of the blueprint against what CloudFormation says, then retry.",
    ),
];

const PASSING: &[&str] =
    &["AlreadyExists", "ChangeSetNotFound", "InvalidChangeSetStatus", "OperationInProgress", "TokenAlreadyExists"];

/// The verdict over a [`Problem`].
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The failure's type in Temporal.
    pub kind: String,
    /// Whether trying again, without a person, can help.
    pub retry: bool,
    /// What happened, as the end of a sentence.
    pub cause: String,
    /// What a person can do about it, a whole sentence.
    pub advice: String,
}

impl Problem {
    /// The one decision: does Temporal retry this, or does a person get it now?
    pub fn judge(&self, region: &str, profile: &str) -> Verdict {
        let fill = |advice: &str| {
            advice
                .replace("{region}", &tidy(region))
                .replace("{profile}", &tidy(profile))
                .replace("{service}", "CloudFormation")
        };
        let verdict = |kind: &str, retry: bool, cause: String, advice: &str| Verdict {
            kind: kind.to_owned(),
            retry,
            cause,
            advice: fill(advice),
        };
        match self {
            Self::Called(Called::Refused { code, message, status }) => {
                let said = if message.trim().is_empty() { format!("HTTP status {status}") } else { message.clone() };
                let (advice, retry) = match meaning(code, message, *status, region) {
                    Meaning::ForAPerson(advice) => (advice, false),
                    Meaning::Passes => ("This usually passes. If it does not, look at the stack and retry.", true),
                    Meaning::Unknown => (codes::CHECK_SETUP, true),
                };
                verdict(&tidy(code), retry, format!("CloudFormation answered {}: {}", tidy(code), tidy(&said)), advice)
            }
            Self::Called(Called::Unreachable(what) | Called::Unreadable(what)) => verdict(
                UNREACHABLE,
                true,
                format!("CloudFormation gave no usable answer: {}", tidy(what)),
                match what.contains("certificate") {
                    true => {
                        "Name the authority behind the certificate of CloudFormation, or of the proxy before it, in \
                         AWS_CA_BUNDLE (a PEM file), or check the clock, then retry."
                    }
                    false => "Check that the provisioner reaches CloudFormation in region {region}, then retry.",
                },
            ),
            Self::Called(Called::NoCredentials(why)) => {
                let said = why.said();
                let because = if said.why.is_empty() { String::new() } else { format!(": {}", said.why) };
                let cause = fill("the AWS profile \"{profile}\" gives no credentials") + &because;
                verdict(NO_CREDENTIALS, said.retry, cause, &said.advice.replace("{service}", "STS"))
            }
            Self::Called(Called::Unusable(what)) => verdict(
                UNUSABLE,
                false,
                format!("the request to CloudFormation could not be made: {}", tidy(what)),
                "Check region {region}, the endpoint and the request's values.",
            ),
            Self::Unusable(what) => {
                verdict(UNUSABLE, false, tidy(what), "Check the blueprint and its template, then retry.")
            }
            Self::Taken(how) => verdict(
                STACK_TAKEN,
                false,
                tidy(how),
                "Nothing was changed. Ask for the application again: a new request gets a new name.",
            ),
            Self::Built(status) => verdict(
                STACK_EXISTS,
                false,
                format!("the stack of this request is there already, in state {}", tidy(status)),
                "Look at it in the AWS console. To have it made anew, it has to be deleted first.",
            ),
            Self::Rejected(reason) => verdict(
                PLAN_REJECTED,
                false,
                format!("CloudFormation cannot do this: {}", tidy(reason)),
                "Change the values or the template, then plan again.",
            ),
            Self::Stale(how) => verdict(STALE_PLAN, false, tidy(how), "Plan again, and decide about that."),
            Self::NotMade { resource, reason } => {
                verdict(STACK_FAILED, false, format!("{resource}: {}", tidy(reason)), because_of(reason))
            }
            Self::NotDeleted { resource, reason } => verdict(
                STACK_NOT_DELETED,
                false,
                format!("{resource} stays: {}", tidy(reason)),
                "Remove what keeps it (a bucket has to be empty), then retry.",
            ),
            Self::NotYet(what) => verdict(UNREACHABLE, true, tidy(what), "This usually passes."),
        }
    }
}

fn because_of(reason: &str) -> &'static str {
    let says = |text: &str| reason.to_lowercase().contains(text);
    if says("accessdenied") || says("access denied") || says("not authorized") || says("unauthorized") {
        "Give the AWS profile \"{profile}\" permission for this resource in region {region}, then retry."
    } else if says("already exists") {
        "Something of that name is there already: remove or rename it, then retry."
    } else if says("limit") || says("quota") {
        "Have the account's quota raised, or remove what nobody needs, then retry."
    } else {
        "Mend what CloudFormation says, then retry."
    }
}

fn meaning(code: &str, message: &str, status: u16, region: &str) -> Meaning {
    let own = code.strip_suffix("Exception").unwrap_or(code);
    // A region that an account has not enabled answers so about credentials that are right.
    if codes::not_recognised(code) && partition::must_be_enabled(region) {
        return Meaning::ForAPerson(codes::REGION_OR_KEY);
    }
    match FOR_A_PERSON.iter().find(|(codes, _)| codes.contains(&own)) {
        // A single stack is worked on by one at a time.
        Some(_) if own == "ValidationError" && message.contains("_IN_PROGRESS state") => Meaning::Passes,
        Some((_, advice)) => Meaning::ForAPerson(advice),
        None if PASSING.contains(&own) => Meaning::Passes,
        None => codes::meaning(Service::CloudFormation, code, message, status),
    }
}

#[cfg(test)]
mod tests {
    use aws_profiles::no_credentials::Why;

    use super::*;

    fn refused(code: &str, status: u16) -> Problem {
        Problem::Called(Called::Refused { code: code.into(), message: "because.".into(), status })
    }

    #[test]
    fn what_passes_is_retried_and_the_rest_goes_to_a_person() {
        let text = || "x".to_owned();
        let (resource, reason) = (text(), text());
        for problem in [
            refused("Throttling", 400),
            refused("ThrottlingException", 400),
            refused("InternalFailure", 500),
            refused("ServiceUnavailable", 503),
            refused("SomethingNew", 400),
            refused("OperationInProgressException", 400),
            refused("AlreadyExistsException", 400),
            Problem::Called(Called::Unreachable(text())),
            Problem::Called(Called::Unreadable(text())),
            Problem::Called(Called::NoCredentials(Why::Slow)),
            Problem::NotYet(text()),
        ] {
            assert!(problem.judge("eu-west-1", "sandbox").retry, "{problem:?} should be retried");
        }
        for problem in [
            refused("AccessDenied", 403),
            refused("AccessDeniedException", 400),
            refused("InvalidClientTokenId", 403),
            refused("ExpiredToken", 403),
            refused("ValidationError", 400),
            refused("InsufficientCapabilitiesException", 400),
            refused("LimitExceededException", 400),
            Problem::Called(Called::NoCredentials(Why::None)),
            Problem::Unusable(text()),
            Problem::Taken(text()),
            Problem::Built(text()),
            Problem::Rejected(text()),
            Problem::Stale(text()),
            Problem::NotMade { resource: resource.clone(), reason: reason.clone() },
            Problem::NotDeleted { resource, reason },
        ] {
            assert!(!problem.judge("eu-west-1", "sandbox").retry, "{problem:?} should go to a person");
        }
    }

    #[test]
    fn nobody_reads_of_buckets_where_it_is_about_stacks() {
        for (codes, _) in FOR_A_PERSON {
            for code in *codes {
                let advice = refused(code, 400).judge("eu-west-1", "sandbox").advice;
                assert!(!advice.contains("bucket") && !advice.contains('{'), "{code}: {advice}");
            }
        }
    }

    #[test]
    fn a_foreign_text_is_one_bounded_line() {
        let message = format!("a\nb {}", "é".repeat(5000));
        let cause = Problem::Rejected(message).judge("r", "p").cause;
        assert!(cause.ends_with("… (cut)") && !cause.contains('\n') && cause.chars().count() < 400, "{cause}");
    }

    #[test]
    fn a_stack_that_is_at_work_is_waited_for() {
        let message = "Stack:arn is in DELETE_IN_PROGRESS state and can not be updated.".to_owned();
        let problem = Problem::Called(Called::Refused { code: "ValidationError".into(), message, status: 400 });
        assert!(problem.judge("eu-west-1", "sandbox").retry);
    }
}
