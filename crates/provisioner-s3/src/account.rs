//! Whose account the profile's credentials are of: the only one whose buckets can be ours.
//!
//! STS tells it to anybody who asks (`GetCallerIdentity` needs no permission), once for
//! each client. Amazon hears of its own credentials only: of another S3's, its own STS
//! beside it is asked, if there is one. What nobody tells is not known; what passes is asked
//! again.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sts::config::retry::RetryConfig;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::failure::Problem;

/// Somebody waits; without an answer there is another way to tell whose a bucket is.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// Where there is no STS, or it may not be asked, that most often stays so.
const ASK_AGAIN: Duration = Duration::from_secs(10 * 60);

/// Those who wait for the same answer take a failure as theirs; nobody who tries again does.
const FAILED_JUST_NOW: Duration = Duration::from_secs(1);

/// The account behind a client.
#[derive(Debug, Default)]
pub struct Account {
    /// `None`: nobody can be asked.
    sts: Option<aws_sdk_sts::Client>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
enum Known {
    #[default]
    NotAsked,
    Is(String),
    /// Nobody tells, for good.
    NotBefore(Instant),
    /// Nobody told just now.
    Failed(Problem, Instant),
}

impl Account {
    /// Of whom STS says these settings speak for, unless it must not be asked.
    pub fn new(sdk: &SdkConfig, may_ask: bool) -> Self {
        let config = || aws_sdk_sts::config::Builder::from(sdk).retry_config(RetryConfig::disabled()).build();
        Self { sts: may_ask.then(|| aws_sdk_sts::Client::from_conf(config())), known: Mutex::default() }
    }

    /// The account's number. `None`: there is nobody who tells it, and that is remembered;
    /// whatever else kept it from being told may be over at the next try.
    pub async fn number(&self) -> Result<Option<String>, Problem> {
        let Some(sts) = self.sts.as_ref() else { return Ok(None) };
        let mut known = self.known.lock().await;
        match &*known {
            Known::Is(number) => return Ok(Some(number.clone())),
            Known::NotBefore(moment) if Instant::now() < *moment => return Ok(None),
            Known::Failed(problem, since) if since.elapsed() < FAILED_JUST_NOW => return Err(problem.clone()),
            Known::NotAsked | Known::NotBefore(_) | Known::Failed(..) => {}
        }
        let answer = match timeout(ANSWERED_WITHIN, sts.get_caller_identity().send()).await {
            Ok(Ok(identity)) => Ok(identity.account.filter(|number| is_account(number))),
            Ok(Err(error)) => match Problem::from(error) {
                problem if nobody_tells(&problem) => Ok(None),
                problem => Err(problem),
            },
            Err(_) => Err(Problem::Unreachable("it took too long".into())),
        };
        *known = match &answer {
            Ok(Some(number)) => Known::Is(number.clone()),
            Ok(None) => Known::NotBefore(Instant::now() + ASK_AGAIN),
            Err(problem) => Known::Failed(problem.clone(), Instant::now()),
        };
        if !matches!(answer, Ok(Some(_))) {
            tracing::warn!(?answer, "STS does not tell the account of a profile; its list of buckets has to");
        }
        answer
    }
}

/// Whether an answer says that this is not told here, or not to us. All else may pass, or
/// is for a person to mend.
pub fn nobody_tells(problem: &Problem) -> bool {
    const NOT_TOLD: &[&str] = &[
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "UnauthorizedAccess",
        "UnauthorizedOperation",
        "InvalidAction",
        "UnknownOperationException",
        "NotImplemented",
        "MethodNotAllowed",
    ];
    match problem {
        Problem::Refused { code, status, .. } => NOT_TOLD.contains(&code.as_str()) || matches!(status, 404 | 405 | 501),
        _ => false,
    }
}

/// An account's number has twelve digits (IAM user guide, "AWS account identifiers").
fn is_account(number: &str) -> bool {
    number.len() == 12 && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_definite_answer_is_for_good() {
        let refused = |code: &str, status| Problem::Refused { code: code.into(), message: String::new(), status };
        for (code, status) in [
            ("AccessDenied", 403),
            ("NotImplemented", 501),
            ("MethodNotAllowed", 405),
            ("InvalidAction", 400),
            ("Http405", 405),
            ("NoSuchBucket", 404),
        ] {
            assert!(nobody_tells(&refused(code, status)), "{code} {status}");
        }
        for (code, status) in [
            ("ServiceUnavailable", 503),
            ("InternalFailure", 500),
            ("Throttling", 400),
            ("TooManyRequests", 429),
            ("RequestTimeout", 400),
            ("SomethingNew", 400),
            ("ExpiredToken", 400),
            ("Http302", 302),
        ] {
            assert!(!nobody_tells(&refused(code, status)), "{code} {status}");
        }
        assert!(!nobody_tells(&Problem::Unreachable("it took too long".into())));
    }

    #[test]
    fn only_an_account_is_one() {
        assert!(is_account("123456789012") && is_account("000000000000"));
        for other in ["", "12345678901", "1234567890123", "12345678901x", "１２３４５６７８９０１２", "minio"]
        {
            assert!(!is_account(other), "{other}");
        }
    }
}
