//! Whose bucket is it? Ours only if its tag names this request: `provision`
//! adopts nothing else and `destroy` deletes nothing else.
//!
//! **The crash between creating and tagging.** `CreateBucket` takes tags, but not
//! everywhere: some regions and partitions of Amazon's refuse them, so do some
//! servers that speak S3, and others ignore them. So a bucket is created without and
//! tagged at once, and a worker may die in between. An untagged bucket is therefore
//! taken for ours only if all of this holds:
//!
//! 1. this activity saw the name free, and then asked for it: this attempt did,
//!    or an earlier one said so in its heartbeat ([`Beat::claiming`]) before it
//!    sent `CreateBucket`;
//! 2. the bucket carries no tag at all;
//! 3. nothing is in it: no object, no old version, no delete marker.
//!
//! Anything else is left alone, and a person is told. The price: should the
//! worker die in that moment before the heartbeat has left the machine, an empty
//! bucket remains and the request fails. The other mistake would be worse.
//!
//! `destroy` does not know the mark. So what was just created and cannot be tagged is
//! taken back at once, and an attempt that finds the mark tags the bucket before it
//! obeys a cancellation.
//!
//! **Why look before creating.** In `us-east-1` S3 answers 200 when asked to
//! create a bucket that the account already owns, and resets its ACL.
//!
//! [`Beat::claiming`]: super::walk::Beat::claiming

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tag, Tagging};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::failure::{Problem, Stop};
use super::s3::Site;
use super::walk::Beat;
use crate::domain::provisioning::ProvisionInput;

/// The tag that makes a bucket ours: its value is the request's ID.
pub const REQUEST_TAG: &str = "provision-bot:request";

/// The longest value of a tag (S3 user guide, "Using cost allocation S3 bucket tags").
const TAG_VALUE_MAX: usize = 256;

/// A new bucket is visible after this time at the latest, or something is wrong.
const VISIBLE_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks for a new bucket.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

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
pub async fn look(site: &Site) -> Result<Owner, Problem> {
    let problem = match read_tags(site).await {
        Ok(tags) => {
            let owner = match tags.get(REQUEST_TAG) {
                Some(request) if *request == identity(&site.input) => Owner::Us,
                None if tags.is_empty() => Owner::Untagged,
                _ => Owner::Somebody,
            };
            if matches!(owner, Owner::Us) {
                let _ = site.first_tags.set(tags);
            }
            return Ok(owner);
        }
        Err(problem) => problem,
    };
    match &problem {
        Problem::Refused { code, .. } => match code.as_str() {
            "NoSuchBucket" => Ok(Owner::Nobody),
            "NoSuchTagSet" => Ok(Owner::Untagged),
            "PermanentRedirect" | "AuthorizationHeaderMalformed" => Ok(Owner::Elsewhere),
            "AccessDenied" | "AllAccessDisabled" => Ok(Owner::Denied(problem)),
            _ => Err(problem),
        },
        _ => Err(problem),
    }
}

/// The look that an attempt begins with: where to go on and what the first step has
/// to do are decided by one and the same.
pub async fn first_look(site: &Site) -> Result<&Owner, Problem> {
    site.first_look.get_or_try_init(|| look(site)).await
}

/// Makes the bucket exist and carry this request's tags, or fails.
pub async fn claim(site: &Site) -> Result<(), Stop> {
    match first_look(site).await? {
        Owner::Us => return Ok(()),
        Owner::Nobody => return make(site).await,
        // A stranger's, of which CreateBucket says so; or the permission to read tags
        // is missing, without which nothing is begun.
        Owner::Denied(problem) => match is_in_our_account(site).await {
            Ok(false) => return make(site).await,
            Ok(true) | Err(_) => return Err(problem.clone().into()),
        },
        Owner::Untagged => {} // an earlier attempt's, perhaps
        other => return Err(taken(site, other).into()),
    }
    // From here to the tag there is no obeying a cancellation: `destroy` would
    // find a bucket that it cannot tell from a stranger's.
    settle(site).await
}

/// Creates the bucket, which nobody has, and tags it. What cannot be tagged goes again.
async fn make(site: &Site) -> Result<(), Stop> {
    say_claiming(site).await;
    let made = async {
        create(site).await?;
        settle(site).await
    };
    let made = made.await;
    if made.as_ref().is_err_and(|stop| !matches!(stop, Stop::Failed(Problem::Taken(_)))) {
        take_back(site).await;
    }
    made
}

/// Leaves the mark, unless it already stands.
async fn say_claiming(site: &Site) {
    let last = site.walk.last();
    if !last.claiming {
        site.walk.say(Beat { claiming: true, ..last }).await;
    }
}

async fn create(site: &Site) -> Result<(), Problem> {
    let mut call = site.client.create_bucket().bucket(site.bucket());
    if let Some(region) = site.location_constraint() {
        let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region));
        call = call.create_bucket_configuration(place.build());
    }
    match call.send().await.map_err(Problem::from) {
        Ok(_) => Ok(()),
        // An answer lost on the way and a repetition look like this: see `settle`.
        Err(Problem::Refused { code, .. }) if code == "BucketAlreadyOwnedByYou" => Ok(()),
        Err(Problem::Refused { code, .. }) if code == "BucketAlreadyExists" => {
            Err(Problem::Taken(format!("the bucket name {} belongs to another AWS account", site.bucket())))
        }
        Err(problem) => Err(problem),
    }
}

/// After `CreateBucket`: waits until the bucket is visible, and makes sure it
/// carries the tags.
async fn settle(site: &Site) -> Result<(), Stop> {
    let deadline = Instant::now() + VISIBLE_WITHIN;
    loop {
        match look(site).await? {
            Owner::Us => return Ok(()),
            Owner::Untagged if site.walk.last().claiming && is_empty(site).await? => {
                let tags = all_tags(&site.input);
                put_tags(site, tags.clone()).await?;
                let _ = site.first_tags.set(tags);
                return Ok(());
            }
            Owner::Nobody if Instant::now() < deadline => sleep(LOOK_AGAIN).await,
            Owner::Nobody => return Err(Problem::Unreachable("the new bucket is still not visible".into()).into()),
            Owner::Denied(problem) => return Err(problem.into()),
            other => return Err(taken(site, &other).into()),
        }
    }
}

/// A bucket that this attempt saw free, asked for and could not tag goes again, as far
/// as that can be: the next attempt, or `destroy`, finds either nothing or the tag.
/// S3 deletes no bucket that has anything in it.
async fn take_back(site: &Site) {
    let untagged = matches!(look(site).await, Ok(Owner::Untagged | Owner::Denied(_)));
    if untagged && is_empty(site).await.is_ok_and(|empty| empty) {
        let gone = site.client.delete_bucket().bucket(site.bucket()).send().await.map_err(Problem::from);
        tracing::warn!(s3.bucket = site.bucket(), ?gone, "a new bucket could not be tagged, and was taken back");
    }
}

/// Why the bucket is not touched.
pub fn taken(site: &Site, owner: &Owner) -> Problem {
    let bucket = site.bucket();
    Problem::Taken(match owner {
        Owner::Untagged => format!("a bucket {bucket} already exists and carries no tag that makes it this request's"),
        Owner::Elsewhere => format!("a bucket {bucket} already exists, outside region {}", site.input.region),
        _ => format!("a bucket {bucket} already exists and belongs to something else"),
    })
}

async fn is_empty(site: &Site) -> Result<bool, Problem> {
    let page = site.client.list_object_versions().bucket(site.bucket()).max_keys(1).send().await?;
    Ok(page.versions().is_empty() && page.delete_markers().is_empty())
}

/// Whether the account of this profile owns the bucket: what tells a stranger's
/// bucket from a missing permission.
pub async fn is_in_our_account(site: &Site) -> Result<bool, Problem> {
    let answer = site.client.list_buckets().prefix(site.bucket()).send().await?;
    Ok(answer.buckets().iter().any(|bucket| bucket.name() == Some(site.bucket())))
}

/// Describes the bucket with all of the request's tags, which it got when it was
/// claimed; tags that others added stay.
pub async fn describe(site: &Site) -> Result<(), Problem> {
    let found = site.first_tags.get_or_try_init(|| read_tags(site)).await?;
    let mut tags = found.clone();
    tags.extend(all_tags(&site.input));
    if tags == *found {
        return Ok(());
    }
    put_tags(site, tags).await
}

/// The bucket's tags.
pub async fn read_tags(site: &Site) -> Result<BTreeMap<String, String>, Problem> {
    let answer = site.client.get_bucket_tagging().bucket(site.bucket()).send().await?;
    Ok(answer.tag_set().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

async fn put_tags(site: &Site, mut tags: BTreeMap<String, String>) -> Result<(), Problem> {
    tags.retain(|key, _| !key.starts_with("aws:")); // AWS keeps its own, and refuses to be given them
    let tagging = Tagging::builder().set_tag_set(Some(tag_set(&tags)?)).build()?;
    site.client.put_bucket_tagging().bucket(site.bucket()).tagging(tagging).send().await?;
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
