//! The tags of a bucket, read and written.

use std::collections::BTreeMap;

use aws_profiles::tags::all_tags;
use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{Tag, Tagging};

use crate::bucket::BucketContext;
use crate::failure::Problem;

/// Describes the bucket with all of the request's tags, which it got when it was
/// claimed; tags that others added stay.
pub async fn describe(context: &BucketContext) -> Result<(), Problem> {
    let found = context.first_tags.get_or_try_init(|| read_tags(context)).await?;
    let mut tags = found.clone();
    tags.extend(all_tags(&context.input));
    if tags == *found {
        return Ok(());
    }
    put_tags(context, tags).await
}

/// The bucket's tags.
pub async fn read_tags(context: &BucketContext) -> Result<BTreeMap<String, String>, Problem> {
    let answer = context.client.get_bucket_tagging().bucket(context.bucket()).send().await?;
    Ok(answer.tag_set().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

pub async fn put_tags(context: &BucketContext, mut tags: BTreeMap<String, String>) -> Result<(), Problem> {
    tags.retain(|key, _| !key.starts_with("aws:")); // AWS keeps its own, and refuses to be given them
    let tagging = Tagging::builder().set_tag_set(Some(tag_set(&tags)?)).build()?;
    context.client.put_bucket_tagging().bucket(context.bucket()).tagging(tagging).send().await?;
    Ok(())
}

fn tag_set(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, BuildError> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
