//! Undoing: everything goes with the bucket, so the bucket is emptied and
//! deleted. Every part may be repeated, from any state it was left in.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::failure::{Problem, Stop};
use super::ownership::{Owner, can_own, is_in_our_account, look};
use super::s3::Site;
use super::walk::Beat;

/// As many as `DeleteObjects` takes.
const PAGE: i32 = 1000;

/// Whether there is something to undo. A bucket that is not ours is not ours to
/// delete, so it counts as nothing, with a word in the log.
pub async fn is_there_something_to_undo(site: &Site) -> Result<bool, Problem> {
    can_own(&site.input)?;
    let why = match look(site).await? {
        Owner::Us => return Ok(true),
        Owner::Nobody => "there is no such bucket",
        Owner::Untagged => "it carries no tag of this request",
        Owner::Somebody => "it belongs to something else",
        Owner::Elsewhere => "it is in another region",
        Owner::Denied(problem) => match is_in_our_account(site).await {
            Ok(false) => "it belongs to another account",
            Ok(true) | Err(_) => return Err(problem),
        },
    };
    let (request, bucket) = (&site.input.application_id, site.bucket());
    tracing::info!(request.id = %request, s3.bucket = %bucket, "nothing to undo: {why}");
    Ok(false)
}

/// Uploads that were begun and never finished would keep the bucket from going.
pub async fn abort_uploads(site: &Site) -> Result<(), Stop> {
    loop {
        let page = match site.client.list_multipart_uploads().bucket(site.bucket()).send().await {
            Ok(page) => page,
            Err(error) => return gone(error.into()),
        };
        for upload in page.uploads() {
            site.walk.may_go_on()?;
            let call = site.client.abort_multipart_upload().bucket(site.bucket());
            let aborted = call.set_key(upload.key.clone()).set_upload_id(upload.upload_id.clone()).send().await;
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
pub async fn empty(site: &Site) -> Result<(), Stop> {
    let mut deleted = 0;
    let mut before = None;
    loop {
        site.walk.may_go_on()?;
        // Always the first page: what the last one showed is gone. No marker can
        // go stale, and a repeated attempt does the same as the first.
        let page = match site.client.list_object_versions().bucket(site.bucket()).max_keys(PAGE).send().await {
            Ok(page) => page,
            Err(error) => return gone(error.into()),
        };
        let versions = page.versions().iter().map(|v| (v.key(), v.version_id()));
        let markers = page.delete_markers().iter().map(|m| (m.key(), m.version_id()));
        let objects = versions
            .chain(markers)
            .filter_map(|(key, version)| Some((key?, version)))
            .map(|(key, version)| {
                ObjectIdentifier::builder().key(key).set_version_id(version.map(str::to_owned)).build()
            })
            .collect::<Result<Vec<_>, _>>()?;
        let Some(first) = objects.first().cloned() else { return Ok(()) };
        if before.as_ref() == Some(&first) {
            return Err(
                Problem::Unreachable(format!("the object {:?} was deleted and is still listed", first.key())).into()
            );
        }
        before = Some(first);

        let count = objects.len();
        let these = Delete::builder().set_objects(Some(objects)).quiet(true).build()?;
        match site.client.delete_objects().bucket(site.bucket()).delete(these).send().await {
            Ok(answer) => {
                if let Some(refused) = answer.errors().first() {
                    return Err(of_object(refused).into());
                }
            }
            Err(error) => return gone(error.into()),
        }
        deleted += count;
        tell(site, deleted).await;
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
async fn tell(site: &Site, deleted: usize) {
    let mut progress = site.walk.last().progress;
    let label = progress.label.split(':').next().unwrap_or_default();
    progress.label = format!("{label}: {deleted} deleted");
    site.walk.say(Beat { progress, claiming: false }).await;
}

/// Deletes the bucket. Someone may have written to it meanwhile: then the next
/// attempt empties it again.
pub async fn delete(site: &Site) -> Result<(), Stop> {
    match site.client.delete_bucket().bucket(site.bucket()).send().await {
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
