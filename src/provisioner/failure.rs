//! What went wrong, and who deals with it: Temporal, by trying again, or a
//! person, at once. Decided here and nowhere else; see [`Problem::judge`].

use std::error::Error;
use std::fmt::Write as _;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{BuildError, ConnectorError, ProvideErrorMetadata, SdkError};
use serde_json::{Value, json};
use temporalio_common::error::ApplicationFailure;

/// How much of a foreign text goes into a message: enough for S3's longest
/// explanations (an ARN of the caller, an action, an ARN of the bucket), little
/// enough for a Slack message and a workflow history.
const FOREIGN_TEXT_MAX: usize = 300;

/// A bucket of this name exists and is not ours.
pub const BUCKET_TAKEN: &str = "BucketTaken";
/// What was read back is not what was set.
pub const VERIFICATION_FAILED: &str = "VerificationFailed";
/// Nobody tells whose account a bucket is in.
pub const OWNER_UNKNOWN: &str = "OwnerUnknown";
/// The profile gives no credentials.
pub const NO_CREDENTIALS: &str = "NoCredentials";
/// No usable answer came from S3.
pub const UNREACHABLE: &str = "S3Unreachable";
/// The SDK could not even make the request.
pub const UNUSABLE: &str = "UnusableSettings";

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
    NoCredentials,
    /// The request could not be made: an impossible region, endpoint or value.
    Unusable(String),
    /// The bucket's name belongs to somebody or something else.
    Taken(String),
    /// It is not known whether the bucket is in the profile's own account.
    OwnerUnknown(String),
    /// Read back, these things are not as they were set.
    Differs(Vec<String>),
}

/// Why an activity ends before its plan does.
#[derive(Debug)]
pub enum Stop {
    Cancelled,
    /// Temporal has given up this attempt: whatever comes is in the hands of another one.
    Superseded,
    Failed(Problem),
}

impl<P: Into<Problem>> From<P> for Stop {
    fn from(problem: P) -> Self {
        Self::Failed(problem.into())
    }
}

/// The verdict over a [`Problem`].
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The failure's type in Temporal.
    pub kind: String,
    /// Whether trying again, without a person, can help.
    pub retry: bool,
    /// What happened, as the end of a sentence: "S3 answered …".
    pub cause: String,
    /// What a person can do about it, a whole sentence.
    pub advice: String,
}

/// Codes of S3 that a person has to deal with, and how. Whatever is not listed
/// is judged by its HTTP status.
const FOR_A_PERSON: &[(&[&str], &str)] = &[
    (
        &["AccessDenied", "AllAccessDisabled", "UnauthorizedAccess", "AccountProblem", "OptInRequired"],
        "Give the AWS profile \"{profile}\" permission for this in region {region}, then retry.",
    ),
    (WRONG_KEYS, "Check the access key and secret of the AWS profile \"{profile}\", then retry."),
    (STALE, "Renew the credentials of the AWS profile \"{profile}\" (log in again if it uses SSO), then retry."),
    (&["BucketAlreadyExists", "BucketAlreadyOwnedByYou"], TAKEN_ADVICE),
    (&["TooManyBuckets"], "Delete unused buckets or have the account's bucket quota raised, then retry."),
    (
        &[
            "IllegalLocationConstraintException",
            "InvalidLocationConstraint",
            "AuthorizationHeaderMalformed",
            "PermanentRedirect",
            "InvalidRegion",
        ],
        "Check that region {region} exists and is enabled for the account of profile \"{profile}\".",
    ),
    (&["RequestTimeTooSkewed"], "Set the clock of the machine that runs the provisioner, then retry."),
    (
        &["NotImplemented", "MethodNotAllowed"],
        "The S3 server does not offer this; check the endpoint the provisioner is configured for.",
    ),
];

/// Codes that refuse the credentials themselves. After these the profile is read
/// anew: a person may have mended it by the next attempt.
const WRONG_KEYS: &[&str] = &["InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId", "NotSignedUp"];
const STALE: &[&str] =
    &["ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired", "RequestExpired"];

const TAKEN_ADVICE: &str = "Nothing was changed. Ask for the application again: a new request gets a new bucket name.";

/// 4xx answers that pass by themselves. `NoSuchBucket` in the middle of a plan:
/// the next attempt looks again and begins where it must.
const PASSING: &[&str] = &[
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "RequestTimeout",
    "OperationAborted",
    "ConditionalRequestConflict",
    "BucketNotEmpty",
    "NoSuchBucket",
];

impl Problem {
    /// The one decision: does Temporal retry this, or does a person get it now?
    pub fn judge(&self, region: &str, profile: &str) -> Verdict {
        let fill = |advice: &str| advice.replace("{region}", &tidy(region)).replace("{profile}", &tidy(profile));
        match self {
            Self::Refused { code, message, status } => {
                let listed = FOR_A_PERSON.iter().find(|(codes, _)| codes.contains(&code.as_str()));
                let passing = PASSING.contains(&code.as_str()) || *status >= 500 || *status == 429;
                let retry = listed.is_none() && passing;
                let advice = match listed {
                    Some((_, advice)) => fill(advice),
                    None if retry => "This usually passes. If it does not, look at the state of S3 and retry.".into(),
                    None => fill("Check what S3 says against the setup of profile \"{profile}\", then retry."),
                };
                let said = if message.trim().is_empty() { format!("HTTP status {status}") } else { message.clone() };
                Verdict {
                    kind: tidy(code),
                    retry,
                    cause: format!("S3 answered {}: {}", tidy(code), tidy(&said)),
                    advice,
                }
            }
            Self::Unreachable(what) | Self::Unreadable(what) => Verdict {
                kind: UNREACHABLE.into(),
                retry: true,
                cause: format!("S3 gave no usable answer: {}", tidy(what)),
                advice: fill("Check that the provisioner reaches S3 in region {region}, then retry."),
            },
            Self::NoCredentials => Verdict {
                kind: NO_CREDENTIALS.into(),
                retry: false,
                cause: fill("the AWS profile \"{profile}\" gives no credentials"),
                advice: fill(
                    "Check the profile \"{profile}\" in the AWS configuration of the machine that runs the provisioner \
                     (log in again if it uses SSO), then retry.",
                ),
            },
            Self::Unusable(what) => Verdict {
                kind: UNUSABLE.into(),
                retry: false,
                cause: format!("the request to S3 could not be made: {}", tidy(what)),
                advice: fill("Check region {region}, the endpoint and the request's values."),
            },
            Self::Taken(how) => {
                Verdict { kind: BUCKET_TAKEN.into(), retry: false, cause: tidy(how), advice: TAKEN_ADVICE.into() }
            }
            Self::OwnerUnknown(how) => Verdict {
                kind: OWNER_UNKNOWN.into(),
                retry: false,
                cause: tidy(how),
                advice: fill(
                    "Let the profile \"{profile}\" list its buckets (s3:ListAllMyBuckets), or the provisioner reach STS, \
                     then retry. Nothing was changed.",
                ),
            },
            Self::Differs(what) => Verdict {
                kind: VERIFICATION_FAILED.into(),
                retry: false,
                cause: format!("read back, the bucket is not as it was set: {}", tidy(&what.join("; "))),
                advice:
                    "See whether something else in the account changes buckets, then retry: it sets everything again."
                        .into(),
            },
        }
    }

    /// Whether the credentials in use were refused, so that they are not used again.
    pub fn blames_credentials(&self) -> bool {
        match self {
            Self::NoCredentials => true,
            Self::Refused { code, .. } => [WRONG_KEYS, STALE].iter().any(|codes| codes.contains(&code.as_str())),
            _ => false,
        }
    }

    /// The problem as what Temporal records and a person reads, in `step`.
    /// `open` is the heartbeat of a claim that was not settled.
    pub fn report(&self, step: &str, region: &str, profile: &str, open: Option<Value>) -> ApplicationFailure {
        let Verdict { kind, retry, cause, advice } = self.judge(region, profile);
        let mut details = json!({ "step": step, "cause": cause, "advice": advice });
        if let Some(open) = open {
            details["lastHeartbeat"] = open;
        }
        ApplicationFailure::builder(format!("{step}: {cause}. {advice}"))
            .type_name(kind)
            .non_retryable(!retry)
            .details(details)
            .build()
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Problem
where
    E: ProvideErrorMetadata + Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        if let Some(problem) = of_credentials(&error) {
            return problem;
        }
        match &error {
            SdkError::ServiceError(answer) if answer.raw().status().is_success() && answer.err().code().is_none() => {
                Self::Unreadable(chain(&error))
            }
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                let code = answer.err().code().map_or_else(|| code_of_status(status), str::to_owned);
                let message = answer.err().message().unwrap_or_default().to_owned();
                Self::Refused { code, message, status }
            }
            SdkError::ConstructionFailure(_) => Self::Unusable(chain(&error)),
            SdkError::TimeoutError(_) => Self::Unreachable("it took too long".into()),
            SdkError::DispatchFailure(failure) if failure.is_user() => Self::Unusable(chain(&error)),
            _ => Self::Unreachable(chain(&error)),
        }
    }
}

impl From<BuildError> for Problem {
    fn from(error: BuildError) -> Self {
        Self::Unusable(error.to_string())
    }
}

/// An answer without a body (to HEAD) has only its status.
fn code_of_status(status: u16) -> String {
    match status {
        403 => "AccessDenied".into(),
        404 => "NoSuchBucket".into(),
        other => format!("Http{other}"),
    }
}

/// Whether the credentials, not S3, are the trouble. Their own error texts stay
/// out of the message: they may quote what a `credential_process` printed.
fn of_credentials(error: &(dyn Error + 'static)) -> Option<Problem> {
    let credentials = causes(error).find_map(|e| e.downcast_ref::<CredentialsError>())?;
    // A token service that did not answer will; a profile that is not there will not.
    let source_out_of_reach = causes(credentials).any(|e| e.is::<ConnectorError>());
    Some(match credentials {
        CredentialsError::ProviderTimedOut(_) => Problem::Unreachable("the profile's credentials took too long".into()),
        _ if source_out_of_reach => {
            Problem::Unreachable("the source of the profile's credentials was out of reach".into())
        }
        _ => Problem::NoCredentials,
    })
}

/// An error, what caused it, what caused that, and so on.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

/// An error and its causes in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for said in causes(error).map(ToString::to_string) {
        if !text.ends_with(&said) {
            let _ = write!(text, "{}{said}", if text.is_empty() { "" } else { ": " });
        }
    }
    text
}

/// A foreign text, fit to stand in a sentence: one line, no full stop, and if it
/// had to be cut, it says so.
fn tidy(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim().trim_end_matches('.');
    match line.char_indices().nth(FOREIGN_TEXT_MAX) {
        Some((end, _)) => format!("{}… (cut)", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, status: u16) -> Problem {
        Problem::Refused { code: code.into(), message: "because.".into(), status }
    }

    #[test]
    fn what_passes_is_retried_and_the_rest_goes_to_a_person() {
        let retried = [
            refused("SlowDown", 503),
            refused("SlowDown", 400),
            refused("InternalError", 500),
            refused("ServiceUnavailable", 503),
            refused("RequestTimeout", 400),
            refused("OperationAborted", 409),
            refused("BucketNotEmpty", 409),
            refused("NoSuchBucket", 404),
            refused("Http502", 502),
            refused("Whatever", 429),
            Problem::Unreachable("connection reset".into()),
            Problem::Unreadable("half an answer".into()),
        ];
        for problem in retried {
            assert!(problem.judge("eu-west-1", "sandbox").retry, "{problem:?} should be retried");
        }
        let told = [
            refused("AccessDenied", 403),
            refused("InvalidAccessKeyId", 403),
            refused("SignatureDoesNotMatch", 403),
            refused("ExpiredToken", 400),
            refused("BucketAlreadyExists", 409),
            refused("TooManyBuckets", 400),
            refused("IllegalLocationConstraintException", 400),
            refused("PermanentRedirect", 301),
            refused("NotImplemented", 501),
            refused("MalformedPolicy", 400),
            refused("InvalidBucketName", 400),
            Problem::NoCredentials,
            Problem::Unusable("no such region".into()),
            Problem::Taken("somebody has it".into()),
            Problem::Differs(vec!["versioning is off".into()]),
        ];
        for problem in told {
            assert!(!problem.judge("eu-west-1", "sandbox").retry, "{problem:?} should go to a person");
        }
    }

    #[test]
    fn a_person_reads_the_step_the_answer_and_what_to_do() {
        let failure = refused("AccessDenied", 403).report("Blocking public access", "eu-west-1", "sandbox", None);
        assert_eq!(failure.type_name(), Some("AccessDenied"));
        assert!(failure.is_non_retryable());
        assert_eq!(
            failure.to_string(),
            "Blocking public access: S3 answered AccessDenied: because. \
             Give the AWS profile \"sandbox\" permission for this in region eu-west-1, then retry."
        );
    }

    #[test]
    fn a_foreign_text_is_one_bounded_line() {
        let problem =
            Problem::Refused { code: "Odd".into(), message: format!("a\nb\0c {}", "é".repeat(5000)), status: 400 };
        let cause = problem.judge("r", "p").cause;
        assert!(cause.starts_with("S3 answered Odd: a b c é"), "{cause}");
        assert!(cause.chars().count() < FOREIGN_TEXT_MAX + 30, "{}", cause.chars().count());
        assert!(cause.ends_with("… (cut)"), "{cause}");
        assert!(!cause.contains('\n'));
    }

    #[test]
    fn only_refused_credentials_are_read_anew() {
        assert!(refused("ExpiredToken", 400).blames_credentials());
        assert!(refused("ExpiredTokenException", 400).blames_credentials());
        assert!(Problem::NoCredentials.blames_credentials());
        assert!(!refused("SlowDown", 503).blames_credentials());
        assert!(!refused("AccessDenied", 403).blames_credentials());
    }
}
