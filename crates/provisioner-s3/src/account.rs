//! Whose account the profile's credentials are of: the only one whose buckets can be ours.
//!
//! STS tells it to anybody who asks (`GetCallerIdentity` needs no permission), once for
//! each client. Amazon hears of its own credentials only: of another S3's, its own STS
//! beside it is asked, if there is one. What nobody tells is not known; what passes is asked
//! again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sts::config::retry::RetryConfig;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::failure::Problem;
use crate::ownership::read_tags;
use crate::s3::BucketContext;

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
fn nobody_tells(problem: &Problem) -> bool {
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

/// Whether the bucket is certainly in the profile's own account.
pub async fn is_ours(context: &BucketContext) -> Result<bool, Problem> {
    // S3 makes no bucket in another account, nor says that it is ours.
    if context.made.load(Ordering::Relaxed) || context.proven.get().is_some() {
        return Ok(true);
    }
    let named = context.in_our_account_only().await;
    let proven = if matches!(named, Ok(true)) && context.endpoint.is_none() {
        // What was read so far was read without naming the account.
        match read_tags(context).await {
            Err(Problem::Refused { code, .. }) if code == "AccessDenied" => false,
            Err(Problem::Refused { code, .. }) if code == "NoSuchTagSet" => true,
            other => other.map(|_| true)?,
        }
    } else {
        // Another S3 may not know the condition (moto 5.2 does not): see what it lists.
        match is_listed(context).await {
            Err(problem) if nobody_tells(&problem) => return Err(unknown(context.bucket(), named.as_ref().err())),
            other => other?,
        }
    };
    if proven {
        let _ = context.proven.set(());
    }
    Ok(proven)
}

/// Whose bucket it is remains unknown, for now if what kept STS from telling it may pass.
fn unknown(bucket: &str, sts: Option<&Problem>) -> Problem {
    let how = format!("nobody tells whose account the bucket {bucket} is in");
    match sts {
        None => Problem::OwnerUnknown { how, passes: false },
        Some(problem) => Problem::OwnerUnknown { how: format!("{how}: {}", said_by_sts(problem)), passes: true },
    }
}

fn said_by_sts(problem: &Problem) -> String {
    match problem {
        Problem::Refused { code, .. } => format!("STS answers {code}"),
        Problem::NoCredentials(_) => "there are no credentials to ask STS with".into(),
        _ => "STS gives no usable answer".into(),
    }
}

/// The same of a bucket that S3 does not let us see. `None`: nobody tells.
pub async fn is_listed_if_told(context: &BucketContext) -> Result<Option<bool>, Problem> {
    match is_listed(context).await {
        Ok(listed) => Ok(Some(listed)),
        Err(problem) if nobody_tells(&problem) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Whether the account of this profile owns the bucket: what tells a stranger's
/// bucket from a missing permission.
async fn is_listed(context: &BucketContext) -> Result<bool, Problem> {
    // Servers that do not know the prefix may need several pages for all there are.
    let mut pages = context.client.list_buckets().prefix(context.bucket()).into_paginator().send();
    while let Some(page) = pages.next().await {
        if page?.buckets().iter().any(|bucket| bucket.name() == Some(context.bucket())) {
            return Ok(true);
        }
    }
    Ok(false)
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
        let verdict = |sts: Option<&Problem>| unknown("app-x", sts).judge("eu-west-1", "sandbox");
        assert!(!verdict(None).retry);
        let passing = verdict(Some(&refused("ServiceUnavailable", 503)));
        assert!(passing.retry && passing.cause.ends_with("STS answers ServiceUnavailable"), "{passing:?}");
        assert!(!passing.advice.contains("Nothing was changed"), "{passing:?}");
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
