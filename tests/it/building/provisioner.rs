//! The built-in provisioner against a real S3 server process.
//!
//! What this server (moto) cannot show: it knows no conditions in policies and no
//! permissions of the caller; it
//! finds a bucket from every region; a new bucket is visible at once; for another
//! account's bucket `CreateBucket` is AccessDenied. For those answers of S3 there
//! is [`scripted`].

mod making;
mod ownership;
mod reaching;
mod scripted;
mod undoing;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use ::provisioner::{AccessInput, InspectInput, Inspected, Level, ProvisionInput, Provisioned, Remaining};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tag, Tagging};
use harness::aws_files::AwsFiles;
use harness::backends::{S3Server, Tools, Used};
use provisioner_s3::{Aws, Metrics, Provisioner};
use serde_json::Value;
use temporalio_common::error::ApplicationFailure;
use temporalio_sdk::activities::ActivityError;
use temporalio_sdk::testing::{ActivityEnvironment, ActivityEnvironmentError};

use crate::world::{s3, servers};

/// An S3 server, and what a test needs around it.
pub struct World {
    pub server: Used<S3Server>,
    pub files: AwsFiles,
    _dir: tempfile::TempDir,
}

impl World {
    /// Before the server that all tests share.
    pub async fn new() -> Self {
        Self::before(Used::Shared(servers().await.s3.clone()))
    }

    /// With a server of its own.
    pub async fn secluded() -> Self {
        let tools = Tools::find_or_install(|text| eprintln!("{text}")).await.unwrap();
        Self::before(Used::Own(S3Server::start(&tools).await.unwrap()))
    }

    fn before(server: Used<S3Server>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files = AwsFiles::write_demo(dir.path()).unwrap();
        Self { server, files, _dir: dir }
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
    by_calls: Option<usize>,
}

pub type Beats = Arc<Mutex<Vec<Value>>>;

impl Attempt {
    pub fn with(aws: Aws) -> Self {
        Self { aws, before: None, by_calls: None }
    }

    /// An earlier attempt heartbeated this last.
    pub fn after(mut self, beat: Value) -> Self {
        self.before = Some(beat);
        self
    }

    /// It deletes as many versions by calls.
    pub fn by_calls(mut self, versions: usize) -> Self {
        self.by_calls = Some(versions);
        self
    }

    /// Where it runs, and what it heartbeats; `on_beat` runs before the step does.
    pub fn environment(self, on_beat: impl Fn(&Value) + Send + Sync + 'static) -> (ActivityEnvironment, Beats) {
        let beats = Beats::default();
        let seen = beats.clone();
        let mut provisioner = Provisioner::with(self.aws, Metrics::default());
        if let Some(versions) = self.by_calls {
            provisioner = provisioner.deleting_by_calls(versions);
        }
        let mut builder = ActivityEnvironment::builder_with_default().register_activities(provisioner).on_heartbeat(
            move |details: Box<dyn Any>| {
                let beat = *details.downcast::<Value>().expect("heartbeats are JSON");
                on_beat(&beat);
                seen.lock().unwrap().push(beat);
            },
        );
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

    pub async fn destroy(self, input: &ProvisionInput) -> (Result<Option<Remaining>, ActivityError>, Vec<Value>) {
        let (environment, beats) = self.environment(|_| {});
        let result = environment.run(Provisioner::destroy, input.clone()).await.map_err(activity_error);
        let beats = beats.lock().unwrap().clone();
        (result, beats)
    }

    pub async fn access(self, input: &ProvisionInput, level: Level) -> (Result<(), ActivityError>, Vec<Value>) {
        let (environment, beats) = self.environment(|_| {});
        let input = AccessInput { input: input.clone(), level, outputs: BTreeMap::new() };
        let result = environment.run(Provisioner::access, input).await.map_err(activity_error);
        let beats = beats.lock().unwrap().clone();
        (result, beats)
    }

    pub async fn inspect(self, input: &ProvisionInput, level: Option<Level>) -> Result<Inspected, ActivityError> {
        let input = InspectInput { input: input.clone(), level, ..InspectInput::default() };
        self.environment(|_| {}).0.run(Provisioner::inspect, input).await.map_err(activity_error)
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
        application_id: format!("checkout-{suffix}"),
        application_name: "checkout".into(),
        team_id: "payments".into(),
        blueprint: "bucket".into(),
        region: region.into(),
        profile: "sandbox".into(),
        bucket_name: format!("app-checkout-payments-{suffix}"),
        requester_id: "U0REQUESTER".into(),
        authorizer_id: "U0AUTHORIZER".into(),
        ..ProvisionInput::default()
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

pub fn steps(beats: &[Value]) -> Vec<u64> {
    let mut steps: Vec<u64> = beats.iter().map(|beat| beat["step"].as_u64().unwrap()).collect();
    steps.dedup();
    steps
}
