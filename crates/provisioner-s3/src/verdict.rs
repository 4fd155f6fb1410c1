//! Who deals with what went wrong: Temporal, by trying again, or a person, at once. Decided
//! here and nowhere else; see [`Problem::judge`].

use crate::failure::Problem;
use crate::hindrance::Hindrance;
use aws_profiles::codes::{self, Meaning, Service};
use aws_profiles::foreign_text::tidy;
use aws_profiles::no_credentials::Why;
use aws_profiles::partition;

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

/// S3, or something on the way to it, shows a certificate that nobody here trusts.
const TRUST: &str = "Name the authority behind the certificate of S3, or of the proxy before it, in AWS_CA_BUNDLE \
     (a PEM file), or check the clock, then retry.";

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

impl Problem {
    /// Whether credentials that are right would be refused so, too, as long as the account
    /// has not enabled the region.
    pub fn may_be_the_regions(&self, region: &str) -> bool {
        let code = match self {
            Self::Refused { code, .. } | Self::NoCredentials(Why::Refused { code, .. }) => code,
            _ => return false,
        };
        codes::not_recognised(code) && partition::must_be_enabled(region)
    }

    /// The one decision: does Temporal retry this, or does a person get it now?
    pub fn judge(&self, region: &str, profile: &str) -> Verdict {
        self.judged(region, profile, self.may_be_the_regions(region))
    }

    /// The same, when it is known whether it is the region that has to be enabled.
    fn judged(&self, region: &str, profile: &str, regions: bool) -> Verdict {
        let fill = |advice: &str| advice.replace("{region}", &tidy(region)).replace("{profile}", &tidy(profile));
        match self {
            Self::Refused { code, message, status } => {
                let said = if message.trim().is_empty() { format!("HTTP status {status}") } else { message.clone() };
                let (advice, retry) = match codes::meaning(Service::S3, code, message, *status) {
                    Meaning::ForAPerson(_) if regions => (codes::REGION_OR_KEY, false),
                    Meaning::ForAPerson(advice) => (advice, false),
                    Meaning::Passes => {
                        ("This usually passes. If it does not, look at the state of S3 and retry.", true)
                    }
                    Meaning::Unknown => (codes::CHECK_SETUP, true),
                };
                Verdict {
                    kind: tidy(code),
                    retry,
                    cause: format!("S3 answered {}: {}", tidy(code), tidy(&said)),
                    advice: fill(advice).replace("{service}", "S3"),
                }
            }
            Self::Unreachable(what) | Self::Unreadable(what) => Verdict {
                kind: UNREACHABLE.into(),
                retry: true,
                cause: format!("S3 gave no usable answer: {}", tidy(what)),
                advice: fill(match what.contains("certificate") {
                    true => TRUST,
                    false => "Check that the provisioner reaches S3 in region {region}, then retry.",
                }),
            },
            Self::NoCredentials(why) => {
                let said = why.said();
                let advice = if regions { codes::REGION_OR_KEY } else { said.advice };
                let kind = match why {
                    Why::Refused { code, .. } => tidy(code),
                    _ => NO_CREDENTIALS.into(),
                };
                let because = if said.why.is_empty() { String::new() } else { format!(": {}", said.why) };
                Verdict {
                    kind,
                    retry: said.retry,
                    cause: fill("the AWS profile \"{profile}\" gives no credentials") + &because,
                    advice: fill(advice).replace("{service}", "STS"),
                }
            }
            Self::Compared { refused, accepted: true } => {
                Verdict { advice: fill(codes::ENABLE_REGION), ..refused.judge(region, profile) }
            }
            Self::Compared { refused, accepted: false } => refused.judged(region, profile, false),
            Self::Unusable(what) => Verdict {
                kind: UNUSABLE.into(),
                retry: false,
                cause: format!("the request to S3 could not be made: {}", tidy(what)),
                advice: fill("Check region {region}, the endpoint and the request's values."),
            },
            Self::Taken(how) => Verdict {
                kind: BUCKET_TAKEN.into(),
                retry: false,
                cause: tidy(how),
                advice: codes::TAKEN_ADVICE.into(),
            },
            Self::OwnerUnknown { how, passes } => Verdict {
                kind: OWNER_UNKNOWN.into(),
                retry: *passes,
                cause: tidy(how),
                advice: fill(
                    "Let the profile \"{profile}\" list its buckets (s3:ListAllMyBuckets), or the provisioner reach STS, \
                     then retry. Until then the bucket is left as it is.",
                ),
            },
            Self::Hindered(Hindrance { kind, how, advice, passes }) => {
                Verdict { kind: (*kind).into(), retry: *passes, cause: tidy(how), advice: (*advice).into() }
            }
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_profiles::foreign_text::FOREIGN_TEXT_MAX;

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
            refused("SomethingNew", 400),
            refused("Http302", 302),
            Problem::NoCredentials(Why::Slow),
            Problem::NoCredentials(Why::Process("ended with an error", true)),
            Problem::NoCredentials(Why::Unknown),
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
            Problem::NoCredentials(Why::None),
            Problem::NoCredentials(Why::Login),
            Problem::Unusable("no such region".into()),
            Problem::Taken("somebody has it".into()),
            Problem::Differs(vec!["versioning is off".into()]),
        ];
        for problem in told {
            assert!(!problem.judge("eu-west-1", "sandbox").retry, "{problem:?} should go to a person");
        }
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
    fn a_region_to_be_enabled_is_not_taken_for_a_wrong_key_nor_a_wrong_key_for_it() {
        let advice = |problem: &Problem, region: &str| problem.judge(region, "sandbox").advice;
        let key = refused("InvalidAccessKeyId", 403);
        assert_eq!(
            advice(&key, "eu-west-1"),
            "Check the access key and secret of the AWS profile \"sandbox\", then retry."
        );
        let sts = Why::Refused { code: "InvalidClientTokenId".into(), message: "because".into(), status: 403 };
        for problem in [key, refused("InvalidToken", 400), refused("OptInRequired", 403), Problem::NoCredentials(sts)] {
            let here = advice(&problem, "ap-east-1");
            assert!(here.starts_with("Region ap-east-1 is one that accounts have to enable"), "{here}");
            assert!(here.contains("\"sandbox\"") && here.contains("check the access key"), "{here}");
            let elsewhere = advice(&problem, "us-east-1");
            let accepted = Problem::Compared { refused: Box::new(problem.clone()), accepted: true };
            let enable = advice(&accepted, "ap-east-1");
            assert!(enable.contains("Enable region ap-east-1 for the account of profile \"sandbox\""), "{enable}");
            let not_accepted = Problem::Compared { refused: Box::new(problem.clone()), accepted: false };
            assert_eq!(advice(&not_accepted, "ap-east-1").replace("ap-east-1", "us-east-1"), elsewhere);
            assert_eq!(not_accepted.judge("ap-east-1", "sandbox").cause, problem.judge("ap-east-1", "sandbox").cause);
        }
        assert!(!advice(&refused("SignatureDoesNotMatch", 403), "ap-east-1").contains("enable"), "it knows the key");
    }

    #[test]
    fn who_meets_a_certificate_that_is_not_trusted_reads_how_to_trust_it() {
        let verdict = Problem::Unreachable("invalid peer certificate: UnknownIssuer".into()).judge("eu-west-1", "a");
        assert!(verdict.retry && verdict.advice.contains("AWS_CA_BUNDLE"), "{verdict:?}");
    }

    #[test]
    fn what_sts_says_is_sts_s() {
        let sts = |code: &str, status| {
            let why = Why::Refused { code: code.into(), message: "not authorized".into(), status };
            Problem::NoCredentials(why).judge("eu-west-1", "deploy")
        };
        let denied = sts("AccessDenied", 403);
        assert_eq!(
            denied.cause,
            "the AWS profile \"deploy\" gives no credentials: STS answers AccessDenied: not authorized"
        );
        assert!(
            denied.advice.starts_with("Let the source of the AWS profile \"deploy\" assume its role"),
            "{denied:?}"
        );
        assert!(!denied.retry);
        for (code, status, retry, advice) in [
            ("ExpiredToken", 403, false, "Renew the credentials"),
            ("ExpiredTokenException", 400, false, "Renew the credentials"),
            ("RegionDisabledException", 403, false, "Check that region eu-west-1"),
            ("InvalidIdentityToken", 400, false, "Check the web identity token"),
            ("ValidationError", 400, false, "Check what STS says"),
            ("IDPCommunicationError", 400, true, "See what the profile"),
            ("Throttling", 400, true, "See what the profile"),
            ("SomethingNew", 400, true, "Check what STS says"),
        ] {
            let verdict = sts(code, status);
            assert_eq!(verdict.retry, retry, "{code}");
            assert!(verdict.advice.starts_with(advice), "{code}: {}", verdict.advice);
        }
    }
}
