//! Whose account the profile's credentials are of: the only one whose buckets can be ours.
//!
//! STS tells it to anybody who asks (`GetCallerIdentity` needs no permission), once for
//! each client. Amazon hears of its own credentials only: of another S3's, its own STS
//! beside it is asked, if there is one. What nobody tells is not known.

use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sts::config::retry::RetryConfig;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::failure::Problem;
use super::ownership::read_tags;
use super::s3::Site;

/// Somebody waits; without an answer there is another way to tell whose a bucket is.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);
/// Where STS is out of reach it most often stays so.
const ASK_AGAIN: Duration = Duration::from_secs(10 * 60);

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
    NotBefore(Instant),
}

impl Account {
    /// Of whom STS says these settings speak for, unless it must not be asked.
    pub fn new(sdk: &SdkConfig, may_ask: bool) -> Self {
        let config = || aws_sdk_sts::config::Builder::from(sdk).retry_config(RetryConfig::disabled()).build();
        Self { sts: may_ask.then(|| aws_sdk_sts::Client::from_conf(config())), known: Mutex::default() }
    }

    /// The account's number.
    pub async fn number(&self) -> Option<String> {
        let sts = self.sts.as_ref()?;
        let mut known = self.known.lock().await;
        match &*known {
            Known::Is(number) => return Some(number.clone()),
            Known::NotBefore(moment) if Instant::now() < *moment => return None,
            Known::NotAsked | Known::NotBefore(_) => {}
        }
        let number = match timeout(ANSWERED_WITHIN, sts.get_caller_identity().send()).await {
            Ok(Ok(identity)) => identity.account.filter(|number| is_account(number)),
            Ok(Err(_)) | Err(_) => None,
        };
        *known = match &number {
            Some(number) => Known::Is(number.clone()),
            None => {
                tracing::warn!("STS does not tell the account of a profile; its list of buckets has to");
                Known::NotBefore(Instant::now() + ASK_AGAIN)
            }
        };
        number
    }
}

/// Whether the bucket is certainly in the profile's own account.
pub async fn is_ours(site: &Site) -> Result<bool, Problem> {
    // S3 makes no bucket in another account, nor says that it is ours.
    if site.made.load(Ordering::Relaxed) || site.proven.get().is_some() {
        return Ok(true);
    }
    let proven = if site.in_our_account_only().await && site.endpoint.is_none() {
        // What was read so far was read without naming the account.
        match read_tags(site).await {
            Err(Problem::Refused { code, .. }) if code == "AccessDenied" => false,
            Err(Problem::Refused { code, .. }) if code == "NoSuchTagSet" => true,
            other => other.map(|_| true)?,
        }
    } else {
        // Another S3 may not know the condition (moto 5.2 does not): see what it lists.
        match is_listed(site).await {
            Err(Problem::Refused { status: 400..500, .. }) => {
                let bucket = site.bucket();
                return Err(Problem::OwnerUnknown(format!("nobody tells whose account the bucket {bucket} is in")));
            }
            other => other?,
        }
    };
    if proven {
        let _ = site.proven.set(());
    }
    Ok(proven)
}

/// Whether the account of this profile owns the bucket: what tells a stranger's
/// bucket from a missing permission.
pub async fn is_listed(site: &Site) -> Result<bool, Problem> {
    // Servers that do not know the prefix may need several pages for all there are.
    let mut pages = site.client.list_buckets().prefix(site.bucket()).into_paginator().send();
    while let Some(page) = pages.next().await {
        if page?.buckets().iter().any(|bucket| bucket.name() == Some(site.bucket())) {
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
    fn only_an_account_is_one() {
        assert!(is_account("123456789012") && is_account("000000000000"));
        for other in ["", "12345678901", "1234567890123", "12345678901x", "１２３４５６７８９０１２", "minio"]
        {
            assert!(!is_account(other), "{other}");
        }
    }
}
