//! Making a bucket: each step, and going on where an attempt stopped.

use aws_sdk_s3::primitives::ByteStream;
use provisioner_s3::REQUEST_TAG;
use serde_json::{Value, json};

use super::{World, failure, input, steps, tags};

#[tokio::test]
async fn a_bucket_is_made_and_everything_set_is_there() {
    let world = World::new().await;
    for region in ["us-east-1", "eu-west-1"] {
        let s3 = world.s3(region);
        let input = input(region);
        let bucket = input.bucket_name.as_str();
        let (result, beats) = world.attempt().provision(&input).await;
        let done = result.unwrap();

        assert_eq!(steps(&beats), [1, 2, 3, 4, 5, 6, 7, 8]);
        let third = beats.iter().find(|beat| beat["step"] == 3).unwrap();
        assert_eq!(*third, json!({ "step": 3, "of": 8, "label": "Blocking public access" }));

        assert_eq!(done.application_id, input.application_id);
        assert_eq!(done.region, region);
        assert_eq!(done.summary.len(), 8);
        assert_eq!(done.summary[0], format!("created bucket {bucket} in {region}"));
        assert_eq!(done.outputs["bucketName"], *bucket);
        assert_eq!(done.outputs["bucketArn"], format!("arn:aws:s3:::{bucket}"));
        assert_eq!(done.outputs["url"], format!("{}/{bucket}/index.html", world.server.endpoint()));
        let time = &done.completion_date_time;
        assert!(time.parse::<jiff::Timestamp>().is_ok() && time.ends_with('Z') && time.len() == 20, "{time}");

        let location = s3.get_bucket_location().bucket(bucket).send().await.unwrap();
        let location = location.location_constraint().map_or("", |place| place.as_str());
        assert_eq!(location, if region == "us-east-1" { "" } else { region });
        let expected = [
            ("managed-by", "provision-bot"),
            ("provision-bot:application", "checkout"),
            ("provision-bot:authorizer", "U0AUTHORIZER"),
            (REQUEST_TAG, &input.application_id),
            ("provision-bot:requester", "U0REQUESTER"),
            ("provision-bot:team", "payments"),
        ];
        let mut expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        expected.sort();
        assert_eq!(tags(&s3, bucket).await, expected);

        let access = s3.get_public_access_block().bucket(bucket).send().await.unwrap();
        let access = access.public_access_block_configuration.unwrap();
        assert_eq!(
            [
                access.block_public_acls,
                access.ignore_public_acls,
                access.block_public_policy,
                access.restrict_public_buckets
            ],
            [Some(true); 4]
        );
        let owner = s3.get_bucket_ownership_controls().bucket(bucket).send().await.unwrap();
        assert_eq!(owner.ownership_controls.unwrap().rules[0].object_ownership.as_str(), "BucketOwnerEnforced");
        let encryption = s3.get_bucket_encryption().bucket(bucket).send().await.unwrap();
        let rules = encryption.server_side_encryption_configuration.unwrap().rules;
        assert_eq!(rules[0].apply_server_side_encryption_by_default.as_ref().unwrap().sse_algorithm.as_str(), "AES256");
        let policy = s3.get_bucket_policy().bucket(bucket).send().await.unwrap();
        let policy: Value = serde_json::from_str(policy.policy().unwrap()).unwrap();
        assert_eq!(policy["Statement"][0]["Effect"], "Deny");
        assert_eq!(policy["Statement"][0]["Condition"]["Bool"]["aws:SecureTransport"], "false");
        assert_eq!(policy["Statement"][0]["Resource"][1], format!("arn:aws:s3:::{bucket}/*"));

        let page = s3.get_object().bucket(bucket).key("index.html").send().await.unwrap();
        assert_eq!(page.content_type(), Some("text/html; charset=utf-8"));
        // GetBucketVersioning of moto does not read with this SDK.
        assert!(page.version_id().is_some_and(|id| id != "null"), "versioning is on");
        let text = String::from_utf8(page.body.collect().await.unwrap().to_vec()).unwrap();
        assert!(text.contains("<h1>checkout</h1>") && text.contains(bucket), "{text}");
    }
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_last_one_stopped() {
    let world = World::new().await;
    let input = input("eu-west-1");
    let s3 = world.s3("eu-west-1");
    world.attempt().provision(&input).await.0.unwrap();
    let versions = async || s3.list_object_versions().bucket(&input.bucket_name).send().await.unwrap().versions().len();
    assert_eq!(versions().await, 1);

    let beat = json!({ "step": 7, "of": 8, "label": "Writing the welcome page" });
    let (result, beats) = world.attempt().after(beat).provision(&input).await;
    assert_eq!(result.unwrap().summary.len(), 8, "the result tells of everything, whoever did it");
    assert_eq!(steps(&beats), [7, 8]);
    assert_eq!(versions().await, 2, "step 7 was done again");

    // Done in full by an attempt whose answer was lost: again, and nothing breaks.
    let (result, beats) = world.attempt().provision(&input).await;
    result.unwrap();
    assert_eq!(steps(&beats), [1, 2, 3, 4, 5, 6, 7, 8]);

    // Deleted meanwhile: the heartbeat says 5, but there is nothing to go on with.
    world.attempt().destroy(&input).await.0.unwrap();
    let beat = json!({ "step": 5, "of": 8, "label": "…" });
    let (result, beats) = world.attempt().after(beat).provision(&input).await;
    result.unwrap();
    assert_eq!(steps(&beats), [1, 2, 3, 4, 5, 6, 7, 8]);

    // A heartbeat of something else is no reason to fail.
    let (result, beats) = world.attempt().after(json!(["what", "is", "this"])).provision(&input).await;
    result.unwrap();
    assert_eq!(steps(&beats)[0], 1);
    let (result, beats) = world.attempt().after(json!({"step": 99, "of": 100, "label": ""})).provision(&input).await;
    result.unwrap();
    assert_eq!(steps(&beats), [8]);
}

#[tokio::test]
async fn what_differs_when_read_back_is_named() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    let input = input("us-east-1");
    let bucket = input.bucket_name.as_str();
    world.attempt().provision(&input).await.0.unwrap();
    s3.delete_bucket_policy().bucket(bucket).send().await.unwrap();
    s3.put_object().bucket(bucket).key("index.html").body(ByteStream::from_static(b"x")).send().await.unwrap();

    let beat = json!({ "step": 8, "of": 8, "label": "Verifying everything" });
    let failure = failure(world.attempt().after(beat).provision(&input).await.0);
    assert_eq!(failure.type_name(), Some("VerificationFailed"));
    let said = failure.to_string();
    assert!(said.starts_with("Verifying everything: "), "{said}");
    for difference in ["plain HTTP is not refused", "is not of type HTML", "has another content"] {
        assert!(said.contains(difference), "{said}");
    }
    assert!(!said.contains("versioning"), "{said}");
}
