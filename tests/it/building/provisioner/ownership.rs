//! Whose bucket it is: what does not say that it is this request's is left as it was.

use aws_sdk_s3::Client;
use provisioner_s3::REQUEST_TAG;
use serde_json::{Value, json};

use super::{World, create, exists, failure, input, put, steps, tag, tags};

/// What a stranger's bucket looked like before, it looks like after.
async fn untouched(s3: &Client, bucket: &str, tags_before: &[(String, String)]) {
    assert_eq!(tags(s3, bucket).await, tags_before);
    let objects = s3.list_object_versions().bucket(bucket).send().await.unwrap();
    let keys: Vec<_> = objects.versions().iter().map(|object| object.key().unwrap()).collect();
    assert_eq!(keys, ["mine.txt"]);
    assert!(s3.get_public_access_block().bucket(bucket).send().await.is_err());
    assert!(s3.get_bucket_policy().bucket(bucket).send().await.is_err());
}

#[tokio::test]
async fn a_bucket_of_something_else_is_neither_adopted_nor_deleted() {
    let world = World::new().await;
    // In us-east-1 CreateBucket answers 200 for a bucket of one's own.
    for region in ["us-east-1", "eu-west-1"] {
        let s3 = world.s3(region);
        for tagged in [Some((REQUEST_TAG, "checkout-another")), Some(("owner", "somebody")), None] {
            let input = input(region);
            let bucket = input.bucket_name.as_str();
            create(&s3, bucket).await;
            put(&s3, bucket, "mine.txt").await;
            if let Some((key, value)) = tagged {
                tag(&s3, bucket, key, value).await;
            }
            let before = tags(&s3, bucket).await;

            // Whatever an earlier attempt may have said.
            let claimed = json!({ "step": 1, "of": 8, "label": "Creating the bucket", "claiming": true });
            for beat in [Value::Null, claimed, json!({ "step": 4, "of": 8, "label": "…" })] {
                let attempt = if beat.is_null() { world.attempt() } else { world.attempt().after(beat) };
                let failure = failure(attempt.provision(&input).await.0);
                assert_eq!(failure.type_name(), Some("BucketTaken"), "{failure}");
                assert!(failure.is_non_retryable());
                assert!(failure.to_string().starts_with("Creating the bucket: a bucket app-checkout"), "{failure}");
                untouched(&s3, bucket, &before).await;
            }
            world.attempt().destroy(&input).await.0.unwrap();
            untouched(&s3, bucket, &before).await;
        }
    }
}

#[tokio::test]
async fn an_empty_untagged_bucket_is_ours_only_if_we_asked_for_it() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    let claimed = json!({ "step": 1, "of": 8, "label": "Creating the bucket", "claiming": true });

    // A worker died between CreateBucket and the tag.
    let ours = input("us-east-1");
    create(&s3, &ours.bucket_name).await;
    let (result, beats) = world.attempt().after(claimed.clone()).provision(&ours).await;
    result.unwrap();
    assert_eq!(steps(&beats).len(), 8);

    // Nobody asked: not ours, however empty. And destroy leaves it.
    let theirs = input("us-east-1");
    create(&s3, &theirs.bucket_name).await;
    let failure = failure(world.attempt().provision(&theirs).await.0);
    assert_eq!(failure.type_name(), Some("BucketTaken"));
    world.attempt().destroy(&theirs).await.0.unwrap();
    assert!(exists(&s3, &theirs.bucket_name).await);
    assert!(tags(&s3, &theirs.bucket_name).await.is_empty());

    // The mark leaves with the first step, and is gone behind it.
    let (_, beats) = world.attempt().provision(&input("us-east-1")).await;
    assert!(beats.contains(&claimed), "{beats:?}");
    assert!(beats.iter().filter(|beat| beat["step"] != 1).all(|beat| beat.get("claiming").is_none()), "{beats:?}");
}

#[tokio::test]
async fn a_request_without_an_id_owns_nothing() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    let mut input = input("us-east-1");
    input.application_id = String::new();
    create(&s3, &input.bucket_name).await;
    tag(&s3, &input.bucket_name, REQUEST_TAG, "").await;
    assert_eq!(failure(world.attempt().provision(&input).await.0).type_name(), Some("UnusableSettings"));
    assert_eq!(failure(world.attempt().destroy(&input).await.0).type_name(), Some("UnusableSettings"));
    assert!(exists(&s3, &input.bucket_name).await);
}

#[tokio::test]
async fn a_bucket_of_another_account_is_left_alone() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    let input = input("us-east-1");
    let stranger = || "111122223333";
    let call = s3.create_bucket().bucket(&input.bucket_name).customize();
    call.mutate_request(move |r| drop(r.headers_mut().insert("x-moto-account-id", stranger()))).send().await.unwrap();

    let failure = failure(world.attempt().provision(&input).await.0);
    assert!(failure.is_non_retryable(), "{failure}");
    world.attempt().destroy(&input).await.0.unwrap();
    let look = s3.head_bucket().bucket(&input.bucket_name).customize();
    look.mutate_request(move |r| drop(r.headers_mut().insert("x-moto-account-id", stranger()))).send().await.unwrap();
}
