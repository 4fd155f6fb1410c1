//! Emptying a bucket of any size: what is few is deleted by calls; what is more by Lifecycle, which
//! costs nothing for each version and takes days (S3 user guide, "Emptying a bucket").

use std::time::Duration;

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures::FutureExt;
use provisioner::Remaining;
use tokio::time::Instant;

use crate::access::set_rules;
use crate::attempt::Beat;
use crate::bucket::BucketContext;
use crate::failure::{Problem, Stop};
use crate::hindrance::named;
use crate::lifecycle;
use crate::locks;
use crate::names;
use crate::ownership::still_ours;
use crate::versions::{Marker, Upload, may_not_be_in_force, until_in_force, uploads, versions};

/// As many versions and delete markers are deleted by calls, and as many uploads aborted.
pub const BY_CALLS: usize = 10_000;
/// For how long what is not deleted by calls is counted: each thousand is a call.
const COUNT_FOR: Duration = Duration::from_secs(2 * 60);
/// After how many seconds is looked what Lifecycle left: it runs once a day (S3 user guide,
/// "Expiring objects").
const AGAIN: u64 = 12 * 60 * 60;
/// Between two tries of what a policy may still deny that was changed just now.
const TRY_AGAIN: Duration = Duration::from_secs(3);

/// Whether nothing at all is in the bucket.
pub async fn is_bare(context: &BucketContext) -> Result<bool, Stop> {
    match what_is_there(context).await {
        Ok(what) => Ok(what.is_none()),
        Err(Stop::Failed(problem)) => gone(problem).map(|()| true),
        Err(stop) => Err(stop),
    }
}

/// What is in the bucket, in words.
pub async fn what_is_there(context: &BucketContext) -> Result<Option<String>, Stop> {
    let page = versions(context, &Marker::default()).await?;
    if let Some(first) = page.objects.first() {
        let more = if page.next.is_some() { "more than " } else { "" };
        return Ok(Some(format!("{more}{} are there, such as of {}", counted(page.objects.len()), named(first.key()))));
    }
    let (uploads, more) = uploads(context).await?;
    Ok(uploads.first().map(|first| {
        let more = if more { "more than " } else { "" };
        let key = named(first.key.as_deref().unwrap_or_default());
        format!("{more}{} uploads are running, such as of {key}", uploads.len())
    }))
}

/// Aborts uploads that were begun and never finished: what they brought would stay, and paid for.
pub async fn abort_uploads(context: &BucketContext) -> Result<(), Stop> {
    if !still_ours(context).await? {
        return Ok(());
    }
    let mut aborted = 0;
    while aborted < context.by_calls {
        let (these, more) = match uploads(context).await {
            Ok(page) => page,
            Err(Stop::Failed(problem)) => return gone(problem),
            Err(stop) => return Err(stop),
        };
        aborted += these.len();
        let last = !more || these.is_empty();
        for upload in these {
            context.attempt.may_go_on().await?;
            until_in_force(context, || abort(context, &upload).boxed()).await?;
        }
        // The first page again, not the next one: what it showed is gone now.
        if last {
            break;
        }
    }
    Ok(())
}

async fn abort(context: &BucketContext, upload: &Upload) -> Result<(), Problem> {
    let call = context.client.abort_multipart_upload().bucket(context.bucket());
    match call.set_key(upload.key.clone()).set_upload_id(upload.id.clone()).send().await.map_err(Problem::from) {
        Err(Problem::Refused { code, .. }) if code == "NoSuchUpload" => Ok(()),
        other => other.map(drop),
    }
}

/// Deletes every version and delete marker, or lets Lifecycle do it where there are too many. In
/// boxes: the SDK's calls are large.
pub async fn empty(context: &BucketContext) -> Result<(), Stop> {
    if !still_ours(context).await? {
        return Ok(());
    }
    let emptied = async {
        let (number, all) = count(context).boxed().await?;
        let (uploads, _) = uploads(context).boxed().await?;
        match number <= context.by_calls && uploads.is_empty() {
            true => by_calls(context).boxed().await,
            false => by_lifecycle(context, number, all, uploads.len()).boxed().await,
        }
    };
    match emptied.await {
        Err(Stop::Failed(problem)) => gone(problem),
        other => other,
    }
}

/// How many versions and delete markers are there, and whether that is all.
async fn count(context: &BucketContext) -> Result<(usize, bool), Stop> {
    let (mut number, mut marker, until) = (0, Marker::default(), Instant::now() + COUNT_FOR);
    loop {
        context.attempt.may_go_on().await?;
        let page = versions(context, &marker).await?;
        number += page.objects.len();
        match page.next {
            None => return Ok((number, true)),
            Some(_) if number > context.by_calls && Instant::now() >= until => return Ok((number, false)),
            Some(next) => marker = next,
        }
    }
}

/// Has all of it expire. Without anybody stopped it would never end.
async fn by_lifecycle(context: &BucketContext, number: usize, all: bool, uploads: usize) -> Result<(), Stop> {
    if let Some(problem) = context.writers_go_on.get() {
        return Err(problem.clone().into());
    }
    // Counting took its time.
    if !still_ours(context).await? {
        return Ok(());
    }
    set_rules(context, |rules| Ok(lifecycle::emptying(rules)?)).await?;
    let mut left = format!("{}{}", if all { "" } else { "more than " }, counted(number));
    if uploads > 0 {
        left += " and uploads that are not finished";
    }
    let _ = context.remaining.set(Remaining::new(AGAIN, left));
    Ok(())
}

/// A number of versions as a person reads it.
fn counted(number: usize) -> String {
    match number {
        1 => "1 version".to_owned(),
        ..1_000_000 => format!("{number} versions"),
        _ => format!("{:.1} million versions", number as f64 / 1e6),
    }
}

/// Deletes page by page; what may not be deleted is passed over, and then explained.
async fn by_calls(context: &BucketContext) -> Result<(), Stop> {
    let (mut deleted, mut before, mut marker, mut refused) = (0, None, Marker::default(), Vec::new());
    loop {
        context.attempt.may_go_on().await?;
        // The same part again, as long as what it showed is gone: no marker goes stale, and
        // a repeated attempt does the same as the first.
        let page = versions(context, &marker).await?;
        let Some(first) = page.objects.first().cloned() else { break };
        if before.as_ref() == Some(&first) {
            let key = first.key();
            return Err(Problem::Unreachable(format!("the object {key:?} was deleted and is still listed")).into());
        }
        let number = page.objects.len();
        let kept = delete(context, page.objects).await?;
        deleted += number - kept.len();
        tell(context, deleted).await;
        (marker, before) = match (kept.is_empty(), page.next) {
            (true, _) => (marker, Some(first)),
            (false, Some(next)) => (next, None),
            (false, None) => {
                refused.extend(kept);
                break;
            }
        };
        refused.extend(kept);
    }
    if refused.is_empty() {
        return Ok(());
    }
    match locks::explain(context, refused).await {
        Ok(remaining) => _ = context.remaining.set(remaining),
        Err(Stop::Failed(problem)) if problem.is_denied() && may_not_be_in_force(context) => {
            context.attempt.pause(TRY_AGAIN).await?;
            return Box::pin(by_calls(context)).await;
        }
        Err(stop) => return Err(stop),
    }
    Ok(())
}

/// Deletes these, and tells which of them may not be, each with why.
async fn delete(
    context: &BucketContext,
    objects: Vec<ObjectIdentifier>,
) -> Result<Vec<(ObjectIdentifier, Problem)>, Stop> {
    let (together, alone): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| names::fits_into_xml(object.key()));
    let mut kept = Vec::new();
    if !together.is_empty() {
        let these = Delete::builder().set_objects(Some(together.clone())).quiet(true).build().map_err(Problem::from)?;
        let answer = context.client.delete_objects().bucket(context.bucket()).delete(these).send().await?;
        for error in answer.errors() {
            let problem = of_object(error);
            // Some servers tell no version: then any of the name.
            let is_it = |object: &&ObjectIdentifier| {
                Some(object.key()) == error.key()
                    && (error.version_id().is_none() || error.version_id() == object.version_id())
            };
            match together.iter().find(is_it) {
                Some(object) if problem.is_denied() => kept.push((object.clone(), problem)),
                _ => return Err(problem.into()),
            }
        }
    }
    for object in alone {
        // One whose name no XML can hold: in the address, every name can be written.
        context.attempt.may_go_on().await?;
        let call = context.client.delete_object().bucket(context.bucket()).key(object.key());
        match call.set_version_id(object.version_id.clone()).send().await.map_err(Problem::from) {
            Err(Problem::Refused { code, .. }) if code == "NoSuchKey" || code == "NoSuchVersion" => {}
            Err(problem) if problem.is_denied() => kept.push((object, problem)),
            other => drop(other?),
        }
    }
    Ok(kept)
}

/// One object's error, by the same rules as an answer's: S3 gives no status.
fn of_object(error: &aws_sdk_s3::types::Error) -> Problem {
    let code = error.code().unwrap_or("InternalError").to_owned();
    let status = if code == "InternalError" { 500 } else { 400 };
    let (key, why) = (error.key().unwrap_or_default(), error.message().unwrap_or_default());
    Problem::Refused { code, message: format!("{why} (object {key:?})"), status }
}

/// Heartbeats how far the emptying is.
async fn tell(context: &BucketContext, deleted: usize) {
    let mut progress = context.attempt.last().progress;
    let label = progress.label.split(':').next().unwrap_or_default();
    progress.label = format!("{label}: {deleted} deleted");
    context.attempt.say(Beat { progress, claiming: false, ..context.attempt.last() }).await;
}

/// A bucket that is gone is what we want.
fn gone(problem: Problem) -> Result<(), Stop> {
    match problem {
        Problem::Refused { code, .. } if code == "NoSuchBucket" => Ok(()),
        other => Err(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_words() {
        for (number, words) in [
            (0, "0 versions"),
            (1, "1 version"),
            (10_001, "10001 versions"),
            (999_999, "999999 versions"),
            (1_000_000, "1.0 million versions"),
            (3_100_000, "3.1 million versions"),
        ] {
            assert_eq!(counted(number), words);
        }
    }
}
