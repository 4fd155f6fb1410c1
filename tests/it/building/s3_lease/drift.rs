//! What `inspect` finds: each thing that somebody changed, and nothing else.

use ::provisioner::Inspected;
use ::provisioner::Level::{Closed, Open, ReadOnly};
use aws_sdk_s3::types::{
    BucketVersioningStatus, ObjectOwnership, OwnershipControls, OwnershipControlsRule, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use provisioner_s3::REQUEST_TAG;

use super::{REGION, Used, put_rules, rule};
use crate::building::provisioner::{World, create, input, tag};
use crate::building::s3_dialects::server::{Dialect, Speech};

/// The drift is this and no more.
async fn is(used: &Used, expected: &[&str]) {
    assert_eq!(used.drift(Open).await, expected);
}

#[tokio::test]
async fn each_change_is_found_and_nothing_else() {
    let used = Used::new().await;
    let (s3, bucket) = (&used.s3, used.bucket());
    is(&used, &[]).await;
    // What people do with a bucket is theirs.
    assert!(used.can_write().await);
    put_rules(s3, bucket, vec![rule("daily")]).await;
    used.add_to_policy(super::THEIRS).await;
    is(&used, &[]).await;

    let off = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    s3.put_bucket_versioning().bucket(bucket).versioning_configuration(off).send().await.unwrap();
    is(&used, &["versioning is off"]).await;

    let kms = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms).build().unwrap();
    let kms = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(kms).build();
    let kms = ServerSideEncryptionConfiguration::builder().rules(kms).build().unwrap();
    s3.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(kms).send().await.unwrap();
    is(&used, &["default encryption is not AES-256", "versioning is off"]).await;

    super::keep_versions(s3, bucket).await;
    s3.delete_public_access_block().bucket(bucket).send().await.unwrap();
    is(&used, &["public access is not blocked", "default encryption is not AES-256"]).await;

    let writer = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::ObjectWriter).build().unwrap();
    let writer = OwnershipControls::builder().rules(writer).build().unwrap();
    s3.put_bucket_ownership_controls().bucket(bucket).ownership_controls(writer).send().await.unwrap();
    s3.delete_bucket_encryption().bucket(bucket).send().await.unwrap();
    let so_far = ["public access is not blocked", "objects may have other owners", "default encryption is not AES-256"];
    is(&used, &so_far).await;

    s3.delete_bucket_policy().bucket(bucket).send().await.unwrap();
    is(&used, &[&so_far[..], &["plain HTTP is not refused"]].concat()).await;

    tag(s3, bucket, REQUEST_TAG, &used.input.application_id).await;
    let tags = used.drift(Open).await;
    assert!(tags.contains(&"the tag provision-bot:team is missing or was changed".to_owned()), "{tags:?}");
    assert!(!tags.iter().any(|what| what.contains("payments")), "no value is told: {tags:?}");
}

#[tokio::test]
async fn a_level_that_was_lifted_is_found() {
    let used = Used::new().await;
    put_rules(&used.s3, used.bucket(), vec![rule("daily")]).await;
    let open = used.policy().await.unwrap();
    for (level, words) in [(ReadOnly, "the bucket can be changed"), (Closed, "the bucket can be used")] {
        used.set(level).await;
        let frozen = used.policy().await.unwrap();
        used.put_policy(&open).await;
        assert_eq!(
            used.drift(level).await,
            [format!("the statement ProvisionBotAccess of its policy is missing: {words}")]
        );
        let untold = used.attempt().inspect(&used.input, None).await.unwrap().drift;
        assert_eq!(untold.len(), 1, "the rules tell: {untold:?}");
        used.put_policy(
            &frozen.replace(r#""Sid":"ProvisionBotAccess""#, r#""Sid":"ProvisionBotAccess","Condition":{}"#),
        )
        .await;
        assert_eq!(used.drift(level).await, ["the statement ProvisionBotAccess of its policy was changed"]);
        used.put_policy(&frozen).await;
        put_rules(&used.s3, used.bucket(), vec![rule("daily")]).await;
        assert_eq!(used.drift(level).await, [r#"the lifecycle rule "daily" is on"#]);
        used.set(level).await;
        assert_eq!(used.drift(level).await, [""; 0]);
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_ours_is_told_and_nothing_is_ever_written() {
    let world = World::new().await;
    let s3 = world.s3(REGION);
    let dialect = Dialect::before(&world, Speech::default()).await;
    let seen = |exists, ours| Inspected { exists, ours, drift: Vec::new() };

    let missing = input(REGION);
    assert_eq!(dialect.attempt(&world).inspect(&missing, None).await.unwrap(), seen(false, false));
    for tagged in [None, Some("checkout-another")] {
        let input = input(REGION);
        create(&s3, &input.bucket_name).await;
        if let Some(request) = tagged {
            tag(&s3, &input.bucket_name, REQUEST_TAG, request).await;
        }
        assert_eq!(dialect.attempt(&world).inspect(&input, None).await.unwrap(), seen(true, false));
    }
    let ours = input(REGION);
    world.attempt().provision(&ours).await.0.unwrap();
    assert_eq!(dialect.attempt(&world).inspect(&ours, None).await.unwrap(), seen(true, true));

    let elsewhere = Some("<LocationConstraint>eu-central-1</LocationConstraint>");
    dialect.speak(Speech { location: elsewhere, region: Some("eu-central-1"), ..Speech::default() });
    assert_eq!(dialect.attempt(&world).inspect(&ours, None).await.unwrap(), seen(true, false));
    // Of somebody in another account, the tag and all.
    dialect.speak(Speech { list: Some((200, "")), ..Speech::default() });
    assert_eq!(dialect.attempt(&world).inspect(&ours, None).await.unwrap(), seen(true, false));
    assert_eq!(dialect.changes(), []);
}
