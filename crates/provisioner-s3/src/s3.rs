//! What is set on a bucket: an idempotent function for each thing.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, ObjectOwnership, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use serde_json::{Value, json};

use crate::bucket::BucketContext;
use crate::failure::Problem;
use crate::welcome::{HTML, WELCOME_PAGE, welcome_page};

/// Whatever an ACL or a policy says, nothing in the bucket becomes public.
pub async fn block_public_access(context: &BucketContext) -> Result<(), Problem> {
    let everything = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    let call = context.client.put_public_access_block().bucket(context.bucket());
    call.public_access_block_configuration(everything).send().await?;
    Ok(())
}

/// All objects belong to the bucket's owner; ACLs are off.
pub async fn enforce_ownership(context: &BucketContext) -> Result<(), Problem> {
    let owner_only = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced).build()?;
    let controls = OwnershipControls::builder().rules(owner_only).build()?;
    context.client.put_bucket_ownership_controls().bucket(context.bucket()).ownership_controls(controls).send().await?;
    Ok(())
}

/// Objects are encrypted with keys that S3 manages, unless whoever writes them says more.
pub async fn encrypt(context: &BucketContext) -> Result<(), Problem> {
    let aes = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256).build()?;
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(aes).build();
    let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build()?;
    let call = context.client.put_bucket_encryption().bucket(context.bucket());
    call.server_side_encryption_configuration(rules).send().await?;
    Ok(())
}

/// What is overwritten or deleted can be had back.
pub async fn keep_versions(context: &BucketContext) -> Result<(), Problem> {
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    context.client.put_bucket_versioning().bucket(context.bucket()).versioning_configuration(on).send().await?;
    Ok(())
}

/// Requests over plain HTTP are refused.
///
/// A server that we reach by plain HTTP itself is for trying things out (moto in
/// the demo): enforced there, the policy would shut out everyone. moto goes
/// further: it knows no conditions, and refuses all that the action names. It
/// compares actions by case, though, which IAM does not (IAM reference, "Action"):
/// spelled `S3:*`, the policy is in place and the bucket can be used.
pub async fn refuse_plain_http(context: &BucketContext) -> Result<(), Problem> {
    let plain = context.endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
    let policy = https_only(&context.arn(), if plain { "S3:*" } else { "s3:*" }).to_string();
    context.client.put_bucket_policy().bucket(context.bucket()).policy(policy).send().await?;
    Ok(())
}

fn https_only(arn: &str, every_action: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "RefusePlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": every_action,
            "Resource": [arn, format!("{arn}/*")],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } }
        }]
    })
}

/// The page that greets whoever opens the bucket.
pub async fn write_welcome_page(context: &BucketContext) -> Result<(), Problem> {
    let page = ByteStream::from(welcome_page(&context.input).into_bytes());
    let call = context.client.put_object().bucket(context.bucket()).key(WELCOME_PAGE);
    call.content_type(HTML).body(page).send().await?;
    Ok(())
}
