//! Undoing, in full or from the middle.

use std::sync::{Arc, OnceLock};

use aws_sdk_s3::types::{BucketVersioningStatus, Delete, ObjectIdentifier, VersioningConfiguration};
use futures::StreamExt;
use provisioner_s3::{Provisioner, REQUEST_TAG};
use temporalio_sdk::activities::ActivityError;
use temporalio_sdk::testing::ActivityEnvironment;

use super::{World, activity_error, create, exists, input, put, steps, tag};

#[tokio::test]
async fn destroy_removes_more_than_a_page_with_markers_and_uploads() {
    let world = World::new().await;
    let s3 = world.s3("eu-west-1");
    let input = input("eu-west-1");
    let bucket = input.bucket_name.as_str();
    // Made by hand: putting through the whole plan adds nothing here.
    create(&s3, bucket).await;
    tag(&s3, bucket, REQUEST_TAG, &input.application_id).await;
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket(bucket).versioning_configuration(on).send().await.unwrap();
    let keys: Vec<String> = (0..600).map(|n| format!("many/{n}")).collect();
    let puts: Vec<_> = keys.iter().map(|key| put(&s3, bucket, key)).collect();
    futures::stream::iter(puts).buffer_unordered(8).collect::<Vec<_>>().await;
    // Deleted, each leaves a version and a delete marker: 1,200 in all.
    let objects = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let these = Delete::builder().set_objects(Some(objects.collect())).quiet(true).build().unwrap();
    s3.delete_objects().bucket(bucket).delete(these).send().await.unwrap();
    for key in ["a", "a", "b", "ü & <b>", "many/1"] {
        put(&s3, bucket, key).await;
    }
    s3.create_multipart_upload().bucket(bucket).key("unfinished").send().await.unwrap();
    let page = s3.list_object_versions().bucket(bucket).send().await.unwrap();
    assert_eq!(page.is_truncated(), Some(true));

    let (result, beats) = world.attempt().destroy(&input).await;
    result.unwrap();
    assert!(!exists(&s3, bucket).await);
    assert_eq!(steps(&beats), [1, 2, 3, 4]);
    let mut labels: Vec<_> = beats.iter().map(|beat| beat["label"].as_str().unwrap()).collect();
    labels.dedup(); // a slow call repeats the last one, as a sign of life
    assert_eq!(
        labels,
        [
            "Stopping writers",
            "Aborting unfinished uploads",
            "Emptying the bucket",
            "Emptying the bucket: 1000 deleted",
            "Emptying the bucket: 1205 deleted",
            "Deleting the bucket",
        ]
    );

    // Again: there is nothing to undo. And so it was for one that never was.
    let (result, beats) = world.attempt().destroy(&input).await;
    result.unwrap();
    assert!(beats.iter().all(|beat| beat["step"] == 1), "{beats:?}");
    // The name is free again.
    world.attempt().provision(&input).await.0.unwrap();
}

#[tokio::test]
async fn destroy_undoes_a_half_made_bucket() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    let input = input("us-east-1");
    create(&s3, &input.bucket_name).await;
    tag(&s3, &input.bucket_name, REQUEST_TAG, &input.application_id).await;
    world.attempt().destroy(&input).await.0.unwrap();
    assert!(!exists(&s3, &input.bucket_name).await);
}

#[tokio::test]
async fn cancelled_midway_it_stops_between_steps_and_can_be_undone() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    let input = input("us-east-1");
    let bucket = input.bucket_name.as_str();
    let itself: Arc<OnceLock<Arc<ActivityEnvironment>>> = Arc::default();
    let to_cancel = itself.clone();
    let (environment, beats) = world.attempt().environment(move |beat| {
        if beat["step"] == 4 {
            to_cancel.get().unwrap().cancel();
        }
    });
    let environment = Arc::new(environment);
    assert!(itself.set(environment.clone()).is_ok());
    let result = environment.run(Provisioner::provision, input.clone()).await;
    assert!(matches!(result.map_err(activity_error), Err(ActivityError::Cancelled { .. })));
    assert_eq!(steps(&beats.lock().unwrap()), [1, 2, 3, 4]);
    assert!(s3.get_bucket_ownership_controls().bucket(bucket).send().await.is_ok(), "step 4 was finished");
    assert!(s3.get_bucket_policy().bucket(bucket).send().await.is_err(), "step 6 was not begun");

    world.attempt().destroy(&input).await.0.unwrap();
    assert!(!exists(&s3, bucket).await);
}
