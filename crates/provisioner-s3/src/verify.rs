//! Reading back: the bucket is what the plan says, or the difference is named.

use std::time::Duration;

use aws_profiles::tags::all_tags;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::types::{BucketVersioningStatus, ObjectOwnership, ServerSideEncryption};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::bucket::{BucketContext, region_told};
use crate::failure::{Problem, Stop};
use crate::tags::read_tags;
use crate::welcome::{HTML, WELCOME_PAGE, welcome_page};

/// A setting just made may be read back old: S3 promises that for objects only.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Reads everything back; what differs after some looks is a failure.
pub async fn verify(context: &BucketContext) -> Result<(), Stop> {
    for look in 1.. {
        let found = context.attempt.unless_cancelled(async { Ok(differences(context).await?) }).await?;
        if found.is_empty() {
            return Ok(());
        }
        if look == LOOKS {
            return Err(Problem::Differs(found).into());
        }
        context.attempt.pause(BETWEEN_LOOKS).await?;
    }
    Ok(())
}

/// Each thing that is not as it should be, as half a sentence. All is read at once:
/// somebody waits.
async fn differences(context: &BucketContext) -> Result<Vec<String>, Problem> {
    let (client, bucket) = (&context.client, context.bucket());
    let (location, tags, access, owner, encryption, versioned, policy, page) = tokio::try_join!(
        if_set(client.get_bucket_location().bucket(bucket).send()),
        read_tags(context).boxed(),
        if_set(client.get_public_access_block().bucket(bucket).send()),
        if_set(client.get_bucket_ownership_controls().bucket(bucket).send()),
        if_set(client.get_bucket_encryption().bucket(bucket).send()),
        is_versioned(context).boxed(),
        if_set(client.get_bucket_policy().bucket(bucket).send()),
        if_set(client.get_object().bucket(bucket).key(WELCOME_PAGE).send()),
    )?;

    let mut wrong = Vec::new();
    let mut expect = |right: bool, what: &str| {
        if !right {
            wrong.push(what.to_owned());
        }
    };

    let location = location.and_then(|l| l.location_constraint).map(|l| l.as_str().to_owned());
    let told = region_told(location.as_deref());
    if !told.eq_ignore_ascii_case(&context.input.region) {
        // Some servers tell a name of their own there, and the region in a header.
        let head = if_set(client.head_bucket().bucket(bucket).send()).await?;
        let right = head.is_some_and(|head| {
            head.bucket_region().is_some_and(|told| told.eq_ignore_ascii_case(&context.input.region))
        });
        expect(right, &format!("it is in another region ({told})"));
    }

    for (key, value) in all_tags(&context.input) {
        expect(tags.get(&key) == Some(&value), &format!("the tag {key} is not {value:?}"));
    }

    let access = access.and_then(|a| a.public_access_block_configuration);
    let blocked = access.is_some_and(|a| {
        [a.block_public_acls, a.ignore_public_acls, a.block_public_policy, a.restrict_public_buckets] == [Some(true); 4]
    });
    expect(blocked, "public access is not blocked");

    let rules = owner.and_then(|o| o.ownership_controls).map(|o| o.rules).unwrap_or_default();
    let enforced = rules.iter().any(|rule| rule.object_ownership == ObjectOwnership::BucketOwnerEnforced);
    expect(enforced, "objects may have other owners");

    let rules = encryption.and_then(|e| e.server_side_encryption_configuration).map(|e| e.rules).unwrap_or_default();
    let aes = rules
        .iter()
        .filter_map(|rule| rule.apply_server_side_encryption_by_default.as_ref())
        .any(|default| default.sse_algorithm == ServerSideEncryption::Aes256);
    expect(aes, "default encryption is not AES-256");

    let policy = policy.and_then(|p| serde_json::from_str::<Value>(p.policy()?).ok());
    expect(policy.is_some_and(|p| refuses_plain_http(&p)), "plain HTTP is not refused");

    match page {
        Some(page) => {
            let has_version = page.version_id().is_some_and(|id| id != "null");
            expect(versioned.unwrap_or(has_version), "versioning is off");
            expect(page.content_type() == Some(HTML), "the welcome page is not of type HTML");
            let body = page.body.collect().await.map_err(|error| Problem::Unreachable(error.to_string()))?;
            let right = body.into_bytes() == welcome_page(&context.input).as_bytes();
            expect(right, "the welcome page has another content");
        }
        None => expect(false, "the welcome page is missing"),
    }
    Ok(wrong)
}

/// Whether versions are kept. `None`: some servers (moto 5.2) answer under another
/// name, which the SDK does not read. Then the welcome page tells: only with
/// versioning it has a version.
async fn is_versioned(context: &BucketContext) -> Result<Option<bool>, Problem> {
    match context.client.get_bucket_versioning().bucket(context.bucket()).send().await.map_err(Problem::from) {
        Ok(versioning) => Ok(Some(versioning.status() == Some(&BucketVersioningStatus::Enabled))),
        Err(Problem::Unreadable(_)) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Whether a policy denies what does not come over TLS. AWS may write the same
/// thing back in another form (a list for one value, a boolean for a text).
fn refuses_plain_http(policy: &Value) -> bool {
    fn list(value: &Value) -> Vec<&Value> {
        value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
    }
    list(&policy["Statement"]).into_iter().any(|statement| {
        let insecure = &statement["Condition"]["Bool"]["aws:SecureTransport"];
        let is_false = |value: &&Value| value.as_str() == Some("false") || value.as_bool() == Some(false);
        let is_every_action = |value: &&Value| value.as_str().is_some_and(|it| it.eq_ignore_ascii_case("s3:*"));
        statement["Effect"] == "Deny"
            && list(&statement["Action"]).iter().any(is_every_action)
            && list(insecure).iter().any(is_false)
    })
}

/// What a call answers. That something is not set is an answer. In a box: the SDK's
/// calls are large, and several side by side too large for a stack.
fn if_set<'a, T, E>(
    call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'a,
) -> BoxFuture<'a, Result<Option<T>, Problem>>
where
    Problem: From<SdkError<E, HttpResponse>>,
{
    let read = async {
        match call.await.map_err(Problem::from) {
            Ok(found) => Ok(Some(found)),
            Err(Problem::Refused { code, status: 404, .. }) if code != "NoSuchBucket" => Ok(None),
            Err(problem) => Err(problem),
        }
    };
    read.boxed()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_policy_is_recognised_in_every_form() {
        let policy = |effect: &str, action: Value, value: Value| json!({"Statement": {"Effect": effect, "Action": action, "Condition": {"Bool": {"aws:SecureTransport": value}}}});
        assert!(refuses_plain_http(&policy("Deny", json!("s3:*"), json!("false"))));
        assert!(refuses_plain_http(&policy("Deny", json!(["s3:*"]), json!([false]))));
        assert!(!refuses_plain_http(&policy("Allow", json!("s3:*"), json!("false"))));
        assert!(!refuses_plain_http(&policy("Deny", json!("s3:*"), json!("true"))));
        assert!(!refuses_plain_http(&policy("Deny", json!("s3:PutObject"), json!("false"))));
        assert!(!refuses_plain_http(&json!({})));
    }
}
