//! Where S3 is not as in `us-east-1`: it takes no tags with a new bucket, or is in
//! another partition of Amazon's, or at somebody else's.

use harness::proxy::{Fault, Proxy};
use provisioner_s3::{Aws, Provisioner, REQUEST_TAG};
use serde_json::{Value, json};
use temporalio_sdk::activities::ActivityError;

use crate::building::provisioner::{Attempt, World, activity_error, create, exists, failure, input, tags};

fn claimed() -> Value {
    json!({ "step": 1, "of": 8, "label": "Creating the bucket", "claiming": true })
}

#[tokio::test]
async fn what_cannot_be_tagged_is_taken_back() {
    let world = World::new().await;
    let proxy = Proxy::start(&world.server.endpoint()).await.unwrap();
    let attempt = || Attempt::with(Aws { endpoint_url: Some(proxy.url()), ..world.aws() });
    for (region, fault) in [
        ("us-east-1", Fault::refuse(403, "AccessDenied")),
        ("eu-west-1", Fault::refuse(400, "InvalidTag")),
        ("eu-west-1", Fault::refuse(503, "SlowDown")),
    ] {
        let (input, s3) = (input(region), world.s3(region));
        let what = format!("PUT {} ?tagging", input.bucket_name);
        proxy.fail_each(&what, fault);
        let failure = failure(attempt().provision(&input).await.0);
        assert!(failure.to_string().starts_with("Creating the bucket: "), "{failure}");
        assert!(proxy.met(&what) > 0);
        assert!(!exists(&s3, &input.bucket_name).await, "nobody would know whose it is");
        proxy.heal_each(&what);
        attempt().provision(&input).await.0.unwrap();
        assert!(tags(&s3, &input.bucket_name).await.contains(&(REQUEST_TAG.into(), input.application_id.clone())));
    }
}

#[tokio::test]
async fn what_an_earlier_attempt_created_is_tagged_although_it_is_cancelled() {
    let world = World::new().await;
    let (input, s3) = (input("eu-west-1"), world.s3("eu-west-1"));
    create(&s3, &input.bucket_name).await;
    let (environment, _) = Attempt::with(world.aws()).after(claimed()).environment(|_| {});
    environment.cancel();
    let result = environment.run(Provisioner::provision, input.clone()).await.map_err(activity_error);
    assert!(matches!(result, Err(ActivityError::Cancelled { .. })), "{result:?}");
    assert!(tags(&s3, &input.bucket_name).await.contains(&(REQUEST_TAG.into(), input.application_id.clone())));
    Attempt::with(world.aws()).destroy(&input).await.0.unwrap();
    assert!(!exists(&s3, &input.bucket_name).await);
}

#[tokio::test]
async fn arns_are_those_of_the_regions_partition() {
    let world = World::new().await;
    for (region, partition) in [
        ("us-east-1", "aws"),
        ("ap-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        // Not Amazon's: such servers say `aws`, whatever they call their place.
        ("fsn1", "aws"),
    ] {
        let (input, s3) = (input(region), world.s3(region));
        let done = Attempt::with(world.aws()).provision(&input).await.0.unwrap();
        let arn = format!("arn:{partition}:s3:::{}", input.bucket_name);
        assert_eq!(done.outputs["bucketArn"], *arn, "{region}");
        let policy = s3.get_bucket_policy().bucket(&input.bucket_name).send().await.unwrap();
        let policy: Value = serde_json::from_str(policy.policy().unwrap()).unwrap();
        assert_eq!(policy["Statement"][0]["Resource"], json!([arn, format!("{arn}/*")]), "{region}");
    }
}

#[tokio::test]
async fn at_amazons_nothing_is_begun_in_a_region_that_is_like_none() {
    let world = World::new().await;
    for region in ["mars", "us-isog-east-1", "eusd-de-east-1"] {
        let amazons = Aws { endpoint_url: None, ..world.aws() };
        let failure = failure(Attempt::with(amazons).provision(&input(region)).await.0);
        assert_eq!(failure.type_name(), Some("UnusableSettings"), "{failure}");
        assert!(failure.to_string().contains(&format!("is called \"{region}\"")), "{failure}");
        assert!(failure.is_non_retryable());
    }
}
