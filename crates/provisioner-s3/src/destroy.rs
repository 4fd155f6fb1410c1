//! Undoing: everything goes with the bucket, so the bucket is emptied and
//! deleted. Every part may be repeated, from any state it was left in.
//!
//! Whoever made the bucket may be silent and yet not be dead: see [`activity_lease`]. A
//! `provision` of which nobody heard how it ended may have asked for the bucket, which
//! then appears only now.

use std::time::Duration;

use aws_sdk_s3::types::{Delete, EncodingType, ObjectIdentifier};

use tokio::time::Instant;

use crate::attempt::{Beat, claimed_before, may_have_made};
use crate::bucket::{BucketContext, Owner};
use crate::failure::{Problem, Stop};
use crate::names::{self, Mend};
use crate::ownership::{can_own, is_empty, is_listed_if_told, look};

/// As many as `DeleteObjects` takes.
const PAGE: i32 = 1000;

/// For how long a bucket may still appear that a silent attempt asked for. Its requests
/// leave within eight seconds of its last heartbeat, a living process gives up each after
/// ten, and undoing begins ten seconds after that heartbeat at the earliest: see
/// `activity_lease`, `clients`.
const LATE: Duration = Duration::from_secs(15);
/// Between two looks for it.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// Whether there is something to undo. A bucket that is not ours is not ours to
/// delete. It counts as nothing, with a word in the log, where this request's `provision`
/// certainly made none; else it may be what was made, and say so no more (its tags were
/// replaced, the profile speaks for another account by now), which a person is told.
pub async fn is_there_something_to_undo(context: &BucketContext) -> Result<bool, Stop> {
    can_own(&context.input)?;
    context.credentials.ready().await?;
    let claimed = claimed_before(&context.input);
    let silent = context.input.unheard.as_ref().is_some_and(|unheard| unheard.silent);
    let deadline = Instant::now() + if silent && claimed != Some(false) { LATE } else { Duration::ZERO };
    let why = loop {
        match look(context).await? {
            Owner::Nobody if Instant::now() < deadline => context.attempt.pause(LOOK_AGAIN).await?,
            other => break other,
        }
    };
    let why = match why {
        Owner::Us => return Ok(true),
        Owner::Nobody => return nothing(context, "there is no such bucket"),
        Owner::Untagged if claimed != Some(false) && is_empty(context).await? => {
            let bucket = context.bucket();
            let unmarked = format!("{bucket} is empty and carries no tag, so it may be this request's or somebody's");
            // It was seen free, and then asked for: `claim` tells why that is enough.
            return if claimed == Some(true) { Ok(true) } else { Err(Problem::Taken(unmarked).into()) };
        }
        Owner::Untagged => "it carries no tag of this request",
        Owner::Stranger => "it belongs to another account",
        Owner::Somebody => "it belongs to something else",
        Owner::Elsewhere => "it is in another region",
        Owner::Denied(problem) => match is_listed_if_told(context).await? {
            Some(false) => "it belongs to another account",
            Some(true) | None => return Err(problem.into()),
        },
    };
    match may_have_made(&context.input) {
        true => Err(Problem::Taken(format!(
            "a bucket {} is there, and it does not (any more) say that it is this request's: {why}; nothing was changed",
            context.bucket()
        ))
        .into()),
        false => nothing(context, why),
    }
}

fn nothing(context: &BucketContext, why: &str) -> Result<bool, Stop> {
    let (request, bucket) = (&context.input.application_id, context.bucket());
    tracing::info!(request.id = %request, s3.bucket = %bucket, "nothing to undo: {why}");
    Ok(false)
}

/// Uploads that were begun and never finished would keep the bucket from going.
pub async fn abort_uploads(context: &BucketContext) -> Result<(), Stop> {
    loop {
        let call = context.client.list_multipart_uploads().bucket(context.bucket()).encoding_type(EncodingType::Url);
        let page = match call.customize().interceptor(Mend).send().await {
            Ok(page) => page,
            Err(error) => return gone(error.into()),
        };
        for upload in page.uploads() {
            context.attempt.may_go_on().await?;
            let key = upload.key().map(|key| names::told(key, page.encoding_type())).transpose()?;
            let call = context.client.abort_multipart_upload().bucket(context.bucket());
            let aborted = call.set_key(key).set_upload_id(upload.upload_id.clone()).send().await;
            match aborted.map_err(Problem::from) {
                Err(Problem::Refused { code, .. }) if code == "NoSuchUpload" => {}
                other => drop(other?),
            }
        }
        // The first page again, not the next one: what it showed is gone now.
        if page.is_truncated() != Some(true) || page.uploads().is_empty() {
            return Ok(());
        }
    }
}

/// Deletes every version and delete marker, page by page.
pub async fn empty(context: &BucketContext) -> Result<(), Stop> {
    let mut deleted = 0;
    let mut before = None;
    loop {
        context.attempt.may_go_on().await?;
        // Always the first page: what the last one showed is gone. No marker can
        // go stale, and a repeated attempt does the same as the first.
        let call = context.client.list_object_versions().bucket(context.bucket()).max_keys(PAGE);
        let page = match call.encoding_type(EncodingType::Url).customize().interceptor(Mend).send().await {
            Ok(page) => page,
            Err(error) => return gone(error.into()),
        };
        let versions = page.versions().iter().map(|v| (v.key(), v.version_id()));
        let markers = page.delete_markers().iter().map(|m| (m.key(), m.version_id()));
        let objects = versions
            .chain(markers)
            .filter_map(|(key, version)| Some((key?, version)))
            .map(|(key, version)| {
                let key = names::told(key, page.encoding_type())?;
                Ok(ObjectIdentifier::builder().key(key).set_version_id(version.map(str::to_owned)).build()?)
            })
            .collect::<Result<Vec<_>, Problem>>()?;
        let Some(first) = objects.first().cloned() else { return Ok(()) };
        if before.as_ref() == Some(&first) {
            return Err(
                Problem::Unreachable(format!("the object {:?} was deleted and is still listed", first.key())).into()
            );
        }
        before = Some(first);

        let count = objects.len();
        let (together, alone): (Vec<_>, Vec<_>) =
            objects.into_iter().partition(|object| names::fits_into_xml(object.key()));
        if !together.is_empty()
            && let Err(problem) = delete_together(context, together).await
        {
            return gone(problem);
        }
        for object in alone {
            context.attempt.may_go_on().await?;
            if let Err(problem) = delete_alone(context, object).await {
                return gone(problem);
            }
        }
        deleted += count;
        tell(context, deleted).await;
    }
}

/// At most a page of objects, in one call.
async fn delete_together(context: &BucketContext, objects: Vec<ObjectIdentifier>) -> Result<(), Problem> {
    let these = Delete::builder().set_objects(Some(objects)).quiet(true).build()?;
    let answer = context.client.delete_objects().bucket(context.bucket()).delete(these).send().await?;
    answer.errors().first().map_or(Ok(()), |refused| Err(of_object(refused)))
}

/// One object whose name no XML can hold: in the address, every name can be written.
async fn delete_alone(context: &BucketContext, object: ObjectIdentifier) -> Result<(), Problem> {
    let call = context.client.delete_object().bucket(context.bucket()).key(object.key);
    match call.set_version_id(object.version_id).send().await.map_err(Problem::from) {
        Err(Problem::Refused { code, .. }) if code == "NoSuchKey" || code == "NoSuchVersion" => Ok(()),
        other => other.map(drop),
    }
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

/// Deletes the bucket. Someone may have written to it meanwhile: then the next
/// attempt empties it again.
pub async fn delete(context: &BucketContext) -> Result<(), Stop> {
    match context.client.delete_bucket().bucket(context.bucket()).send().await {
        Ok(_) => Ok(()),
        Err(error) => gone(error.into()),
    }
}

/// A bucket that is gone is what we want.
fn gone(problem: Problem) -> Result<(), Stop> {
    match problem {
        Problem::Refused { code, .. } if code == "NoSuchBucket" => Ok(()),
        other => Err(other.into()),
    }
}
