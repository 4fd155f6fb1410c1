//! What is set on a bucket, read: what `provision` made of it, or the difference.

use std::collections::BTreeMap;

use aws_profiles::tags::all_tags;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use aws_sdk_s3::types::{BucketVersioningStatus, ObjectOwnership, ServerSideEncryption};
use futures::FutureExt;
use http_body_util::BodyExt;
use hyper::body::Bytes;
use provisioner::ProvisionInput;
use serde_json::Value;

use crate::answer::if_set;
use crate::bucket::{BucketContext, region_told};
use crate::failure::Problem;
use crate::tags::read_tags;

/// What is said of a bucket that keeps no versions.
pub const NO_VERSIONS: &str = "versioning is off";

/// What is set on a bucket.
pub struct Settings {
    /// The region that it is in, if that is another one than the request's.
    pub elsewhere: Option<String>,
    /// Whether versions are kept, as far as the server tells.
    pub versioned: Option<bool>,
    /// The text of its policy.
    pub policy: Option<String>,
    tags: BTreeMap<String, String>,
    blocks_public_access: bool,
    has_one_owner: bool,
    encrypts: bool,
}

/// Reads all of it at once.
pub async fn read(context: &BucketContext) -> Result<Settings, Problem> {
    let (client, bucket) = (&context.client, context.bucket());
    let (location, tags, access, owner, encryption, versioned, policy) = tokio::try_join!(
        if_set(client.get_bucket_location().bucket(bucket).send()),
        read_tags(context).boxed(),
        if_set(client.get_public_access_block().bucket(bucket).send()),
        if_set(client.get_bucket_ownership_controls().bucket(bucket).send()),
        if_set(client.get_bucket_encryption().bucket(bucket).send()),
        is_versioned(context).boxed(),
        if_set(client.get_bucket_policy().bucket(bucket).send()),
    )?;

    let location = location.and_then(|l| l.location_constraint).map(|l| l.as_str().to_owned());
    let told = region_told(location.as_deref());
    let mut elsewhere = None;
    if !told.eq_ignore_ascii_case(&context.input.region) {
        // Some servers tell a name of their own there, and the region in a header.
        let head = if_set(client.head_bucket().bucket(bucket).send()).await?;
        let right = head.is_some_and(|head| {
            head.bucket_region().is_some_and(|told| told.eq_ignore_ascii_case(&context.input.region))
        });
        elsewhere = (!right).then(|| told.to_owned());
    }

    let blocks_public_access = access.and_then(|a| a.public_access_block_configuration).is_some_and(|a| {
        [a.block_public_acls, a.ignore_public_acls, a.block_public_policy, a.restrict_public_buckets] == [Some(true); 4]
    });
    let rules = owner.and_then(|o| o.ownership_controls).map(|o| o.rules).unwrap_or_default();
    let has_one_owner = rules.iter().any(|rule| rule.object_ownership == ObjectOwnership::BucketOwnerEnforced);
    let rules = encryption.and_then(|e| e.server_side_encryption_configuration).map(|e| e.rules).unwrap_or_default();
    let encrypts = rules
        .iter()
        .filter_map(|rule| rule.apply_server_side_encryption_by_default.as_ref())
        .any(|default| default.sse_algorithm == ServerSideEncryption::Aes256);
    let policy = policy.and_then(|answer| answer.policy);
    Ok(Settings { elsewhere, versioned, policy, tags, blocks_public_access, has_one_owner, encrypts })
}

impl Settings {
    /// Each thing that is not as `provision` set it, as half a sentence.
    pub fn differences(&self, input: &ProvisionInput) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut expect = |right: bool, what: &str| {
            if !right {
                wrong.push(what.to_owned());
            }
        };
        if let Some(told) = &self.elsewhere {
            expect(false, &format!("it is in another region ({told})"));
        }
        for (key, value) in all_tags(input) {
            expect(self.tags.get(&key) == Some(&value), &format!("the tag {key} is missing or was changed"));
        }
        expect(self.blocks_public_access, "public access is not blocked");
        expect(self.has_one_owner, "objects may have other owners");
        expect(self.encrypts, "default encryption is not AES-256");
        expect(self.versioned.unwrap_or(true), NO_VERSIONS);
        let policy = self.policy.as_deref().and_then(|policy| serde_json::from_str::<Value>(policy).ok());
        expect(policy.is_some_and(|policy| refuses_plain_http(&policy)), "plain HTTP is not refused");
        wrong
    }
}

/// Whether versions are kept. `None`: the server answers in words that do not read.
async fn is_versioned(context: &BucketContext) -> Result<Option<bool>, Problem> {
    let call = context.client.get_bucket_versioning().bucket(context.bucket());
    match call.customize().interceptor(Renamed).send().await.map_err(Problem::from) {
        Ok(versioning) => Ok(Some(versioning.status() == Some(&BucketVersioningStatus::Enabled))),
        Err(Problem::Unreadable(_)) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Some servers (moto 5.2) answer to `GetBucketVersioning` under another name than S3, which the
/// SDK does not read.
#[derive(Debug)]
struct Renamed;

impl Intercept for Renamed {
    fn name(&self) -> &'static str {
        "Renamed"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let renamed = |data: Bytes| match std::str::from_utf8(&data) {
            Ok(text) => Bytes::from(text.replace("GetBucketVersioningResponse", "VersioningConfiguration")),
            Err(_) => data,
        };
        let body = context.response_mut().take_body().map_frame(move |frame| frame.map_data(renamed));
        *context.response_mut().body_mut() = SdkBody::from_body_1_x(body);
        Ok(())
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
