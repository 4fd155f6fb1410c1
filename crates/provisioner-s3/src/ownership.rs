//! Whose bucket is it? Ours only if its tag names this request: `provision`
//! adopts nothing else and `destroy` deletes nothing else.
//!
//! **In whose account.** A tag can be written by anybody who knows the request's ID, in an
//! account of their own; such a bucket is not ours whatever it says. So a bucket that this
//! attempt did not make itself counts only once S3 has said whose it is: it refuses what
//! names another account as the expected owner (Amazon's does), or lists it among the
//! account's own buckets. Where neither is to be had, the bucket is left alone, and a
//! person is told. From then on each request names the account, so that a bucket that
//! changes hands on the way is not touched either.

use std::sync::atomic::Ordering;

use aws_profiles::tags::{REQUEST_TAG, identity};
use provisioner::ProvisionInput;

use crate::account::nobody_tells;
use crate::bucket::{BucketContext, Owner};
use crate::failure::{Problem, Stop};
use crate::hindrance::Hindrance;
use crate::tags::read_tags;

/// A request without an ID owns nothing: its tag would be anybody's.
pub fn can_own(input: &ProvisionInput) -> Result<(), Problem> {
    if input.application_id.trim().is_empty() || input.bucket_name.is_empty() {
        return Err(Problem::Unusable("the request has no ID or no bucket name".into()));
    }
    Ok(())
}

/// Looks whose the bucket is; changes nothing.
pub async fn look(context: &BucketContext) -> Result<Owner, Problem> {
    let problem = match read_tags(context).await {
        Ok(tags) => {
            let owner = match tags.get(REQUEST_TAG) {
                Some(request) if *request == identity(&context.input) => Owner::Us,
                None if tags.is_empty() => Owner::Untagged,
                _ => Owner::Somebody,
            };
            if !matches!(owner, Owner::Somebody) && !is_ours(context).await? {
                return Ok(Owner::Stranger);
            }
            if matches!(owner, Owner::Us) {
                let _ = context.first_tags.set(tags);
            }
            return Ok(owner);
        }
        Err(problem) => problem,
    };
    match &problem {
        Problem::Refused { code, .. } => match code.as_str() {
            "NoSuchBucket" => Ok(Owner::Nobody),
            "NoSuchTagSet" if is_ours(context).await? => Ok(Owner::Untagged),
            "NoSuchTagSet" => Ok(Owner::Stranger),
            "PermanentRedirect" | "AuthorizationHeaderMalformed" => Ok(Owner::Elsewhere),
            "AccessDenied" | "AllAccessDisabled" => Ok(Owner::Denied(problem)),
            _ => Err(problem),
        },
        _ => Err(problem),
    }
}

/// The look that an attempt begins with: where to go on and what the first step has
/// to do are decided by one and the same.
pub async fn first_look(context: &BucketContext) -> Result<&Owner, Problem> {
    context.first_look.get_or_try_init(|| look(context)).await
}

/// Whether the bucket is there and this request's at this moment: asked before each step that
/// changes it, since a name that is given up is free for strangers. `false`: it is gone. An
/// error: it is somebody else's.
pub async fn still_ours(context: &BucketContext) -> Result<bool, Stop> {
    let bucket = context.bucket();
    let why = match look(context).await? {
        Owner::Us => return Ok(true),
        Owner::Nobody => return Ok(false),
        // One that was made and never tagged, as `destroy` found it.
        Owner::Untagged if context.untagged_is_ours.load(Ordering::Relaxed) && is_empty(context).await? => {
            return Ok(true);
        }
        Owner::Untagged => "it carries no tag of this request",
        Owner::Somebody => "it belongs to something else",
        Owner::Stranger => "it belongs to another AWS account",
        Owner::Elsewhere => "it is in another region",
        Owner::Denied(problem) => match is_listed_if_told(context).await? {
            Some(false) => "it belongs to another AWS account",
            Some(true) | None => return Err(problem.into()),
        },
    };
    Err(Hindrance::not_ours(bucket, why).into())
}

/// Why the bucket is not touched.
pub fn taken(context: &BucketContext, owner: &Owner) -> Problem {
    let bucket = context.bucket();
    Problem::Taken(match owner {
        Owner::Untagged => format!("a bucket {bucket} already exists and carries no tag that makes it this request's"),
        Owner::Elsewhere => format!("a bucket {bucket} already exists, outside region {}", context.input.region),
        Owner::Stranger => format!("a bucket {bucket} already exists and belongs to another AWS account"),
        _ => format!("a bucket {bucket} already exists and belongs to something else"),
    })
}

/// Whether nothing is in the bucket.
pub async fn is_empty(context: &BucketContext) -> Result<bool, Problem> {
    let page = context.client.list_object_versions().bucket(context.bucket()).max_keys(1).send().await?;
    Ok(page.versions().is_empty() && page.delete_markers().is_empty())
}

/// Whether the bucket is certainly in the profile's own account.
async fn is_ours(context: &BucketContext) -> Result<bool, Problem> {
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

/// Whether a bucket that S3 does not let us see is in the profile's own account. `None`: nobody
/// tells.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_tells_is_asked_again_if_it_may_pass() {
        let verdict = |sts: Option<&Problem>| unknown("app-x", sts).judge("eu-west-1", "sandbox");
        assert!(!verdict(None).retry);
        let busy = Problem::Refused { code: "ServiceUnavailable".into(), message: String::new(), status: 503 };
        let passing = verdict(Some(&busy));
        assert!(passing.retry && passing.cause.ends_with("STS answers ServiceUnavailable"), "{passing:?}");
        assert!(!passing.advice.contains("Nothing was changed"), "{passing:?}");
    }
}
