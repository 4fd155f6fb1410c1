//! The built-in provisioner against a real S3 server process.
//!
//! What this server (moto) cannot show: it knows no conditions in policies and no
//! permissions of the caller; it
//! finds a bucket from every region; a new bucket is visible at once; for another
//! account's bucket `CreateBucket` is AccessDenied. For those answers of S3 there
//! is [`Scripted`].

use std::any::Any;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use ::provisioner::{ProvisionInput, Provisioned};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, Delete, ObjectIdentifier, Tag,
    Tagging, VersioningConfiguration,
};
use futures::StreamExt;
use harness::aws_files::AwsFiles;
use harness::backends::{S3Server, Tools};
use provisioner_s3::{Aws, Metrics, Provisioner, REQUEST_TAG};
use serde_json::{Value, json};
use temporalio_common::error::ApplicationFailure;
use temporalio_sdk::activities::ActivityError;
use temporalio_sdk::testing::{ActivityEnvironment, ActivityEnvironmentError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::s3;

/// One S3 server for one test, and what the test needs around it.
pub struct World {
    pub server: S3Server,
    pub files: AwsFiles,
    _dir: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        let tools = Tools::find_or_install(|text| eprintln!("{text}")).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let files = AwsFiles::write_demo(dir.path()).unwrap();
        Self { server: S3Server::start(&tools).await.unwrap(), files, _dir: dir }
    }

    pub fn aws(&self) -> Aws {
        Aws {
            endpoint_url: Some(self.server.endpoint()),
            config_file: Some(self.files.config.clone()),
            credentials_file: Some(self.files.credentials.clone()),
            ..Aws::default()
        }
    }

    /// A client of our own, to look and to interfere.
    pub fn s3(&self, region: &str) -> Client {
        s3(&self.server.endpoint(), region)
    }

    pub fn attempt(&self) -> Attempt {
        Attempt::with(self.aws())
    }
}

/// One attempt of an activity.
pub struct Attempt {
    aws: Aws,
    before: Option<Value>,
}

pub type Beats = Arc<Mutex<Vec<Value>>>;

impl Attempt {
    pub fn with(aws: Aws) -> Self {
        Self { aws, before: None }
    }

    /// An earlier attempt heartbeated this last.
    pub fn after(mut self, beat: Value) -> Self {
        self.before = Some(beat);
        self
    }

    /// Where it runs, and what it heartbeats; `on_beat` runs before the step does.
    pub fn environment(self, on_beat: impl Fn(&Value) + Send + Sync + 'static) -> (ActivityEnvironment, Beats) {
        let beats = Beats::default();
        let seen = beats.clone();
        let mut builder = ActivityEnvironment::builder_with_default()
            .register_activities(Provisioner::with(self.aws, Metrics::default()))
            .on_heartbeat(move |details: Box<dyn Any>| {
                let beat = *details.downcast::<Value>().expect("heartbeats are JSON");
                on_beat(&beat);
                seen.lock().unwrap().push(beat);
            });
        if let Some(beat) = self.before {
            builder = builder.heartbeat_details(beat).unwrap();
        }
        (builder.build(), beats)
    }

    pub async fn provision(self, input: &ProvisionInput) -> (Result<Provisioned, ActivityError>, Vec<Value>) {
        let (environment, beats) = self.environment(|_| {});
        let result = environment.run(Provisioner::provision, input.clone()).await.map_err(activity_error);
        let beats = beats.lock().unwrap().clone();
        (result, beats)
    }

    pub async fn destroy(self, input: &ProvisionInput) -> (Result<(), ActivityError>, Vec<Value>) {
        let (environment, beats) = self.environment(|_| {});
        let result = environment.run(Provisioner::destroy, input.clone()).await.map_err(activity_error);
        let beats = beats.lock().unwrap().clone();
        (result, beats)
    }
}

pub fn activity_error(error: ActivityEnvironmentError) -> ActivityError {
    match error {
        ActivityEnvironmentError::Activity(error) => error,
        other => panic!("{other}"),
    }
}

pub fn failure<T: std::fmt::Debug>(result: Result<T, ActivityError>) -> ApplicationFailure {
    match result {
        Err(ActivityError::Application(failure)) => *failure,
        other => panic!("not a failure: {other:?}"),
    }
}

pub fn input(region: &str) -> ProvisionInput {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let suffix = format!("{:010x}", NUMBER.fetch_add(1, Ordering::Relaxed));
    ProvisionInput {
        resume_from: None,
        unheard: None,
        application_id: format!("checkout-{suffix}"),
        application_name: "checkout".into(),
        team_id: "payments".into(),
        blueprint: "bucket".into(),
        region: region.into(),
        profile: "sandbox".into(),
        bucket_name: format!("app-checkout-payments-{suffix}"),
        requester_id: "U0REQUESTER".into(),
        authorizer_id: "U0AUTHORIZER".into(),
    }
}

pub async fn exists(s3: &Client, bucket: &str) -> bool {
    s3.head_bucket().bucket(bucket).send().await.is_ok()
}

pub async fn create(s3: &Client, bucket: &str) {
    let region = s3.config().region().unwrap().as_ref().to_owned();
    let mut call = s3.create_bucket().bucket(bucket);
    if region != "us-east-1" {
        let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(&*region));
        call = call.create_bucket_configuration(place.build());
    }
    call.send().await.unwrap();
}

pub async fn tag(s3: &Client, bucket: &str, key: &str, value: &str) {
    let tags = Tagging::builder().tag_set(Tag::builder().key(key).value(value).build().unwrap()).build().unwrap();
    s3.put_bucket_tagging().bucket(bucket).tagging(tags).send().await.unwrap();
}

pub async fn tags(s3: &Client, bucket: &str) -> Vec<(String, String)> {
    let Ok(answer) = s3.get_bucket_tagging().bucket(bucket).send().await else { return Vec::new() };
    let mut tags: Vec<_> = answer.tag_set().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
    tags.sort();
    tags
}

async fn put(s3: &Client, bucket: &str, key: &str) {
    s3.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"precious")).send().await.unwrap();
}

fn steps(beats: &[Value]) -> Vec<u64> {
    let mut steps: Vec<u64> = beats.iter().map(|beat| beat["step"].as_u64().unwrap()).collect();
    steps.dedup();
    steps
}

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
    assert_eq!(steps(&beats), [1, 2, 3]);
    let mut labels: Vec<_> = beats.iter().map(|beat| beat["label"].as_str().unwrap()).collect();
    labels.dedup(); // a slow call repeats the last one, as a sign of life
    assert_eq!(
        labels,
        [
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
        .args(["provisioner::a_profile_that_does_not_exist_goes_to_a_person_at_once", "--exact"])
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
    let mut world = World::new().await;
    let input = input("us-east-1");
    world.server.kill().await;
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

/// A server that answers as S3 would where moto does not: `answer` gets the
/// request's first line and its body, and gives the status and the body.
struct Scripted {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    async fn new(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let all = heard.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut part = [0; 4096];
                while !whole(&request) {
                    match stream.read(&mut part).await {
                        Ok(n) if n > 0 => request.extend_from_slice(&part[..n]),
                        _ => break,
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let line = request.split(" HTTP/1.1").next().unwrap_or_default().to_owned();
                let (status, body) = answer(&line);
                all.lock().unwrap().push(request);
                let length = body.len();
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        Self { url, heard }
    }

    fn attempt(&self, world: &World) -> Attempt {
        Attempt::with(Aws { endpoint_url: Some(self.url.clone()), ..world.aws() })
    }

    /// The first lines of what was asked, without the SDK's own `x-id`.
    fn asked(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|request| request.split([' ', '\r']).take(2).collect::<Vec<_>>().join(" ")).collect()
    }
}

fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    body.len() >= length
}

fn error(code: &str) -> String {
    format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}, says S3</Message></Error>")
}

fn tagged(request: &str) -> String {
    format!("<Tagging><TagSet><Tag><Key>{REQUEST_TAG}</Key><Value>{request}</Value></Tag></TagSet></Tagging>")
}

fn listed(bucket: &str) -> String {
    format!(
        "<ListAllMyBucketsResult><Buckets><Bucket><Name>{bucket}</Name></Bucket></Buckets></ListAllMyBucketsResult>"
    )
}

#[tokio::test]
async fn what_s3_says_of_a_strangers_bucket_is_obeyed() {
    let world = World::new().await;
    let input = input("us-east-1");
    let server = Scripted::new(|line| match line {
        line if line.contains("tagging") => (403, error("AccessDenied")),
        line if line.starts_with("PUT") => (409, error("BucketAlreadyExists")),
        _ => (200, "<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>".into()),
    })
    .await;
    let failure = failure(server.attempt(&world).provision(&input).await.0);
    assert_eq!(failure.type_name(), Some("BucketTaken"), "{failure}");
    assert!(failure.to_string().contains("belongs to another AWS account"), "{failure}");

    // Nothing to undo: the list of our own buckets does not have it.
    server.attempt(&world).destroy(&input).await.0.unwrap();
    let asked = server.asked();
    assert!(asked.iter().all(|line| !line.starts_with("DELETE") && !line.starts_with("POST")), "{asked:?}");
}

#[tokio::test]
async fn a_missing_permission_is_not_taken_for_a_strangers_bucket() {
    let world = World::new().await;
    let input = input("us-east-1");
    let bucket = input.bucket_name.clone();
    let server = Scripted::new(move |line| match line {
        line if line.contains("tagging") => (403, error("AccessDenied")),
        _ => (200, listed(&bucket)),
    })
    .await;
    let failure = failure(server.attempt(&world).destroy(&input).await.0);
    assert_eq!(failure.type_name(), Some("AccessDenied"), "{failure}");
    assert!(failure.to_string().contains("Give the AWS profile \"sandbox\" permission"), "{failure}");
}

#[tokio::test]
async fn the_bucket_is_created_without_tags_which_not_everybody_takes() {
    let world = World::new().await;
    for region in ["us-east-1", "eu-west-1"] {
        created_without_tags(&world, input(region)).await;
    }
}

async fn created_without_tags(world: &World, input: ProvisionInput) {
    let request = input.application_id.clone();
    let looks = AtomicU32::new(0);
    let server = Scripted::new(move |line| match line {
        // Free at first, and ours as soon as it is there.
        line if line.starts_with("GET") && line.contains("tagging") => match looks.fetch_add(1, Ordering::Relaxed) {
            0..3 => (404, error("NoSuchBucket")),
            _ => (200, tagged(&request)),
        },
        // As after an answer that was lost: it is ours already.
        line if line.starts_with("PUT") && !line.contains('?') => (409, error("BucketAlreadyOwnedByYou")),
        _ => (403, error("AccessDenied")),
    })
    .await;
    // The fourth look finds it; tagging it further is refused, which ends this test.
    let (result, beats) = server.attempt(world).provision(&input).await;
    let failure = failure(result);
    assert!(failure.to_string().starts_with("Tagging the bucket: S3 answered AccessDenied"), "{failure}");
    assert_eq!(steps(&beats), [1, 2]);
    let heard = server.heard.lock().unwrap();
    let creation = heard.iter().find(|request| request.starts_with("PUT") && !request.contains("?tagging")).unwrap();
    match input.region.as_str() {
        "us-east-1" => assert!(!creation.contains("CreateBucketConfiguration"), "{creation}"),
        region => {
            assert!(creation.contains(&format!("<LocationConstraint>{region}</LocationConstraint>")), "{creation}")
        }
    }
    assert!(!creation.contains("Tag"), "{creation}");
    let tagging = heard.iter().find(|request| request.starts_with("PUT") && request.contains("?tagging")).unwrap();
    let tag = format!("<Tag><Key>{REQUEST_TAG}</Key><Value>{}</Value></Tag>", input.application_id);
    assert!(tagging.contains(&tag), "{tagging}");
    assert!(!creation.contains("demo-secret"));
}

#[tokio::test]
async fn throttling_is_retried_and_an_object_that_stays_is_not_looped_over() {
    let world = World::new().await;
    let input = input("us-east-1");
    let server = Scripted::new(|_| (503, error("SlowDown"))).await;
    let slow = failure(server.attempt(&world).provision(&input).await.0);
    assert_eq!(slow.type_name(), Some("SlowDown"));
    assert!(!slow.is_non_retryable());

    let (request, bucket) = (input.application_id.clone(), input.bucket_name.clone());
    let server = Scripted::new(move |line| match line {
        line if line.contains("tagging") => (200, tagged(&request)),
        line if line.starts_with("GET /?") => (200, listed(&bucket)),
        line if line.contains("uploads") => (200, "<ListMultipartUploadsResult/>".into()),
        line if line.starts_with("POST") => (200, "<DeleteResult/>".into()),
        _ => {
            let stays = "<Version><Key>a</Key><VersionId>1</VersionId></Version>";
            (200, format!("<ListVersionsResult>{stays}</ListVersionsResult>"))
        }
    })
    .await;
    let stuck = failure(server.attempt(&world).destroy(&input).await.0);
    assert!(stuck.to_string().contains("still listed"), "{stuck}");
    assert!(!stuck.is_non_retryable());

    let (request, bucket) = (input.application_id.clone(), input.bucket_name.clone());
    let server = Scripted::new(move |line| match line {
        line if line.contains("tagging") => (200, tagged(&request)),
        line if line.starts_with("GET /?") => (200, listed(&bucket)),
        line if line.contains("uploads") => (200, "<ListMultipartUploadsResult/>".into()),
        line if line.starts_with("POST") => {
            let locked = "<Error><Key>a</Key><Code>AccessDenied</Code><Message>locked</Message></Error>";
            (200, format!("<DeleteResult>{locked}</DeleteResult>"))
        }
        _ => (200, "<ListVersionsResult><Version><Key>a</Key></Version></ListVersionsResult>".into()),
    })
    .await;
    let locked = failure(server.attempt(&world).destroy(&input).await.0);
    assert!(locked.is_non_retryable(), "{locked}");
    assert!(locked.to_string().contains("AccessDenied: locked (object \"a\")"), "{locked}");
    assert!(server.asked().iter().all(|line| !line.starts_with("DELETE")));
}
