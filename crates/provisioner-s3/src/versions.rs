//! What is in a bucket: versions, delete markers, and uploads that were begun.

use std::time::Duration;

use aws_sdk_s3::types::{EncodingType, ObjectIdentifier};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::bucket::BucketContext;
use crate::failure::{Problem, Stop};
use crate::names::{self, Mend};

/// As many as `DeleteObjects` takes.
const PAGE: i32 = 1000;
/// How long a changed policy may take to be in force everywhere.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(60);
const TRY_AGAIN: Duration = Duration::from_secs(3);

/// Where a list of versions goes on.
#[derive(Clone, Debug, Default)]
pub struct Marker {
    key: Option<String>,
    version: Option<String>,
}

/// A part of the list of versions and delete markers.
pub struct Page {
    pub objects: Vec<ObjectIdentifier>,
    /// Where the next one begins; `None`: this is the last.
    pub next: Option<Marker>,
}

/// The versions and delete markers behind `marker`, at most `PAGE` of them.
pub async fn versions(context: &BucketContext, marker: &Marker) -> Result<Page, Stop> {
    let list = || async move {
        let call = context.client.list_object_versions().bucket(context.bucket()).max_keys(PAGE);
        let call = call.set_key_marker(marker.key.clone()).set_version_id_marker(marker.version.clone());
        let page = call.encoding_type(EncodingType::Url).customize().interceptor(Mend).send().await?;
        let encoding = page.encoding_type();
        let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
        let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
        let objects = versions.chain(markers).filter_map(|(key, version)| Some((key?, version)));
        let objects = objects.map(|(key, version)| {
            let key = names::told(key, encoding)?;
            Ok(ObjectIdentifier::builder().key(key).set_version_id(version.map(str::to_owned)).build()?)
        });
        let objects = objects.collect::<Result<Vec<_>, Problem>>()?;
        let key = page.next_key_marker().map(|key| names::told(key, encoding)).transpose()?;
        let next = Marker { key, version: page.next_version_id_marker().map(str::to_owned) };
        Ok(Page { objects, next: (page.is_truncated() == Some(true)).then_some(next) })
    };
    until_in_force(context, || list().boxed()).await
}

/// An upload that was begun.
pub struct Upload {
    pub key: Option<String>,
    pub id: Option<String>,
}

/// The first uploads that were begun and neither finished nor aborted, and whether there are more.
pub async fn uploads(context: &BucketContext) -> Result<(Vec<Upload>, bool), Stop> {
    let list = || async move {
        let call = context.client.list_multipart_uploads().bucket(context.bucket()).encoding_type(EncodingType::Url);
        let page = call.customize().interceptor(Mend).send().await?;
        let uploads = page.uploads().iter().map(|upload| {
            let key = upload.key().map(|key| names::told(key, page.encoding_type())).transpose()?;
            Ok(Upload { key, id: upload.upload_id.clone() })
        });
        Ok((uploads.collect::<Result<_, Problem>>()?, page.is_truncated() == Some(true)))
    };
    until_in_force(context, || list().boxed()).await
}

/// What a call answers. Refusals that come of the policy before this attempt changed it pass.
pub async fn until_in_force<'a, T>(
    context: &BucketContext,
    call: impl Fn() -> BoxFuture<'a, Result<T, Problem>> + Send,
) -> Result<T, Stop> {
    loop {
        match call().await {
            Err(problem) if problem.is_denied() && may_not_be_in_force(context) => {
                context.attempt.pause(TRY_AGAIN).await?;
            }
            answer => return Ok(answer?),
        }
    }
}

/// Whether emptying was denied by our own statement until just now.
pub fn may_not_be_in_force(context: &BucketContext) -> bool {
    context.loosened.get().is_some_and(|since: &Instant| since.elapsed() < IN_FORCE_WITHIN)
}
