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

use std::collections::BTreeMap;

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{Tag, Tagging};
use provisioner::ProvisionInput;
use sha2::{Digest, Sha256};

use crate::account::is_ours;
use crate::failure::Problem;
use crate::s3::BucketContext;

/// The tag that makes a bucket ours: its value is the request's ID.
pub const REQUEST_TAG: &str = "provision-bot:request";

/// The longest value of a tag (S3 user guide, "Using cost allocation S3 bucket tags").
const TAG_VALUE_MAX: usize = 256;

/// What a look at the bucket's name showed.
#[derive(Debug)]
pub enum Owner {
    /// There is no such bucket.
    Nobody,
    /// It carries this request's tag.
    Us,
    /// It is in reach and carries no tag.
    Untagged,
    /// It is in reach and carries tags, but not this request's.
    Somebody,
    /// It is in the account of somebody else, whatever its tags say.
    Stranger,
    /// It exists, but in another region.
    Elsewhere,
    /// S3 does not let us see: a stranger's, or a permission is missing.
    Denied(Problem),
}

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

/// Everything the bucket's tags say. The first makes it ours.
pub fn all_tags(input: &ProvisionInput) -> BTreeMap<String, String> {
    let ours = (REQUEST_TAG.to_owned(), identity(input));
    let mut tags = BTreeMap::from([ours, ("managed-by".to_owned(), "provision-bot".to_owned())]);
    for (key, value) in [
        ("provision-bot:application", &input.application_name),
        ("provision-bot:team", &input.team_id),
        ("provision-bot:requester", &input.requester_id),
        ("provision-bot:authorizer", &input.authorizer_id),
    ] {
        if !value.is_empty() {
            tags.insert(key.to_owned(), tag_value(value));
        }
    }
    tags
}

/// The request's ID as a tag's value. One that does not fit gets a digest, so
/// that two requests are never the same.
fn identity(input: &ProvisionInput) -> String {
    let id = &input.application_id;
    let readable = tag_value(id);
    if readable == *id {
        return readable;
    }
    let digest = hex::encode(&Sha256::digest(id.as_bytes())[..8]);
    format!("{}={digest}", &readable[..readable.len().min(TAG_VALUE_MAX - 20)])
}

/// What S3 allows in a tag's value, of letters only ASCII: its documentation
/// speaks of "letters", not of which alphabets.
fn tag_value(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " +-=._:/@".contains(c);
    text.trim().chars().take(TAG_VALUE_MAX).map(|c| if allowed(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(id: &str, application: &str) -> ProvisionInput {
        ProvisionInput {
            application_id: id.into(),
            application_name: application.into(),
            team_id: "Zahlungen & Übertrag".into(),
            blueprint: "bucket".into(),
            region: "eu-west-1".into(),
            profile: "sandbox".into(),
            bucket_name: "app-x-1".into(),
            requester_id: "U1".into(),
            authorizer_id: String::new(),
            resume_from: None,
            unheard: None,
        }
    }

    #[test]
    fn tags_hold_only_what_s3_allows() {
        let tags = all_tags(&input("checkout-1", "a<b>\u{202e}\0c"));
        assert_eq!(tags["provision-bot:request"], "checkout-1");
        assert_eq!(tags["provision-bot:application"], "a_b___c");
        assert_eq!(tags["provision-bot:team"], "Zahlungen _ _bertrag");
        assert_eq!(tags["provision-bot:requester"], "U1");
        assert!(!tags.contains_key("provision-bot:authorizer"), "an unknown value is no tag");
        assert_eq!(tag_value(&"x".repeat(5000)).len(), TAG_VALUE_MAX);
    }

    #[test]
    fn two_requests_never_share_an_identity() {
        let odd = ["a b", "a?b", "a!b", " a b", &"x".repeat(300), &"x".repeat(301)];
        let seen: std::collections::BTreeSet<_> = odd.iter().map(|id| identity(&input(id, "x"))).collect();
        assert_eq!(seen.len(), odd.len(), "{seen:?}");
        assert!(seen.iter().all(|value| value.len() <= TAG_VALUE_MAX && *value == tag_value(value)));
    }
}
