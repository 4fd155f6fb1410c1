//! Reaching S3 at all: credentials, and servers that do not answer.

use std::time::{Duration, Instant};

use provisioner_s3::{Aws, Provisioner};
use serde_json::json;
use temporalio_sdk::activities::ActivityError;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::{Attempt, World, activity_error, failure, input};

#[tokio::test]
async fn a_profile_that_does_not_exist_goes_to_a_person_at_once() {
    let world = World::new().await;
    let mut input = input("us-east-1");
    input.profile = "prodution".into();
    let failure = failure(world.attempt().provision(&input).await.0);
    assert_eq!(failure.type_name(), Some("NoCredentials"), "{failure}");
    assert!(failure.is_non_retryable());
    assert!(failure.to_string().contains("\"prodution\""), "{failure}");
}

/// The test above again, in a process whose environment has keys.
#[test]
fn keys_in_the_environment_do_not_stand_in_for_a_profile() {
    let again = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["building::provisioner::reaching::a_profile_that_does_not_exist_goes_to_a_person_at_once", "--exact"])
        .env("AWS_ACCESS_KEY_ID", "environment")
        .env("AWS_SECRET_ACCESS_KEY", "environment")
        .output()
        .unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stdout));
}

#[tokio::test]
async fn renewed_credentials_count_without_a_restart() {
    let world = World::new().await;
    let mut input = input("us-east-1");
    input.profile = "late".into();
    let (environment, _) = world.attempt().environment(|_| {});
    let first = environment.run(Provisioner::provision, input.clone()).await.map_err(activity_error);
    assert_eq!(failure(first).type_name(), Some("NoCredentials"));
    std::fs::write(&world.files.credentials, "[late]\naws_access_key_id = a\naws_secret_access_key = b\n").unwrap();
    environment.run(Provisioner::provision, input.clone()).await.unwrap();
}

#[tokio::test]
async fn without_an_answer_temporal_retries_and_signs_of_life_go_on() {
    let mut world = World::secluded().await;
    let input = input("us-east-1");
    world.server.own().kill().await;
    let failure_ = failure(world.attempt().provision(&input).await.0);
    assert_eq!(failure_.type_name(), Some("S3Unreachable"), "{failure_}");
    assert!(!failure_.is_non_retryable());

    // A server that takes the request and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let aws = Aws { endpoint_url: Some(format!("http://{}", silent.local_addr().unwrap())), ..world.aws() };
    let silence = tokio::spawn(async move {
        let mut taken = Vec::new();
        while let Ok((mut stream, _)) = silent.accept().await {
            let mut some = [0; 16];
            let _ = stream.read(&mut some).await;
            taken.push(stream);
        }
    });
    let beat = json!({ "step": 5, "of": 8, "label": "Turning on encryption and versions" });
    let (environment, beats) = Attempt::with(aws).after(beat.clone()).environment(|_| {});
    let begun = Instant::now();
    let run = environment.run(Provisioner::provision, input.clone());
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        environment.cancel();
    };
    let (result, ()) = tokio::join!(run, cancel);
    assert!(matches!(result.map_err(activity_error), Err(ActivityError::Cancelled { .. })));
    assert!(begun.elapsed() < Duration::from_secs(4), "cancelled while it only looked: {:?}", begun.elapsed());
    let beats = beats.lock().unwrap();
    assert!(beats.len() >= 2, "a sign of life each second");
    assert!(beats.iter().all(|said| *said == beat), "they keep the place: {beats:?}");
    silence.abort();
}
