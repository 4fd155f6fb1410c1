//! The provisioner of CloudFormation stacks against a real server process, which makes real
//! buckets.
//!
//! What this server (ministack) cannot show, or does otherwise than Amazon: it plans within the
//! call; it does not compare what a template needs with what it was told; it takes no request
//! twice for one and the same; it deletes a bucket with objects in it. For those answers there
//! is a [`gate`] before it. Nothing is built at a pace, so what has to last is held by a valve.

mod broken;
pub mod gate;
mod living;
mod making;
mod policy;
mod removing;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use ::provisioner::{InspectInput, Inspected, Plan, ProvisionInput, Provisioned};
use aws_credential_types::Credentials;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::config::{BehaviorVersion, Region};
use aws_sdk_cloudformation::types::Tag;
use harness::aws_files::AwsFiles;
use harness::backends::{CloudFormationServer, Tools};
use provisioner_cloudformation::Provisioner;
use provisioner_cloudformation::template::Template;
use provisioner_s3::{Aws, Metrics};
use serde_json::{Value, json};
use temporalio_sdk::activities::ActivityError;
use temporalio_sdk::testing::ActivityEnvironment;
use tokio::sync::{OnceCell, watch};

use crate::building::provisioner::{activity_error, failure};
use crate::world::{eventually, on_the_runtime, s3};

const REGION: &str = "us-east-1";

/// A bucket, and a valve behind it.
pub const TEMPLATE: &str = r#"
Parameters:
  ResourceName: { Type: String }
  Versions: { Type: String, Default: "Suspended", AllowedValues: ["Enabled", "Suspended"] }
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Ref ResourceName
      VersioningConfiguration: { Status: !Ref Versions }
Outputs:
  BucketName: { Value: !Ref Bucket }
"#;

/// The same, held until the valve is opened.
fn with_a_valve() -> String {
    let valve = r#"
  Handle:
    Type: AWS::CloudFormation::WaitConditionHandle
    DependsOn: Bucket
  Valve:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: Bucket
    Properties: { Handle: !Ref Handle, Timeout: "300", Count: 1 }
Outputs:"#;
    TEMPLATE.replace("\nOutputs:", valve)
}

static SERVER: OnceCell<CloudFormationServer> = OnceCell::const_new();

/// The server, and what a test needs around it.
pub struct World {
    pub endpoint: String,
    /// Where the provisioner finds it: it, or a gate before it.
    pub door: String,
    pub files: AwsFiles,
    pub templates: BTreeMap<String, Template>,
    pub metrics: Metrics,
    _dir: tempfile::TempDir,
}

impl World {
    /// Where the blueprint `site` has this template.
    pub async fn of(template: &str) -> Self {
        let start = async || {
            on_the_runtime(async {
                let program = Tools::cloudformation_server(|text| eprintln!("{text}")).await.unwrap();
                CloudFormationServer::start(&program).await.unwrap()
            })
            .await
        };
        let endpoint = SERVER.get_or_init(start).await.endpoint();
        let dir = tempfile::tempdir().unwrap();
        let files = AwsFiles::write_demo(dir.path()).unwrap();
        let templates = BTreeMap::from([("site".to_owned(), Template::parse(template).unwrap())]);
        Self { door: endpoint.clone(), endpoint, files, templates, metrics: Metrics::default(), _dir: dir }
    }

    pub fn aws(&self) -> Aws {
        Aws {
            endpoint_url: Some(self.door.clone()),
            config_file: Some(self.files.config.clone()),
            credentials_file: Some(self.files.credentials.clone()),
            ..Aws::default()
        }
    }

    /// A client of our own, to look and to interfere.
    pub fn client(&self) -> Client {
        let config = aws_sdk_cloudformation::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(&self.endpoint)
            .http_client(aws_profiles::http::client(None, None))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"));
        Client::from_conf(config.build())
    }

    pub fn attempt(&self) -> Attempt {
        Attempt {
            provisioner: Provisioner::new(self.aws(), self.templates.clone(), self.metrics.clone()),
            before: None,
        }
    }

    pub async fn has_bucket(&self, name: &str) -> bool {
        s3(&self.endpoint, REGION).head_bucket().bucket(name).send().await.is_ok()
    }

    /// The stack's state; `None`: there is none.
    pub async fn status(&self, name: &str) -> Option<String> {
        let answer = self.client().describe_stacks().stack_name(name).send().await.ok()?;
        let status = answer.stacks().first()?.stack_status()?.as_str().to_owned();
        (status != "DELETE_COMPLETE").then_some(status)
    }

    /// Waits until the valve of a stack can be turned.
    async fn valve(&self, name: &str) -> String {
        eventually("the valve of the stack", async || {
            let call = self.client().describe_stack_resources().stack_name(name).send().await.ok()?;
            let state = |id: &str| {
                let resource = call.stack_resources().iter().find(|it| it.logical_resource_id() == Some(id))?;
                Some((resource.physical_resource_id()?.to_owned(), resource.resource_status()?.as_str().to_owned()))
            };
            let (handle, made) = state("Handle")?;
            (made == "CREATE_COMPLETE" && self.status(name).await? == "CREATE_IN_PROGRESS").then_some(handle)
        })
        .await
    }

    /// Lets the stack go on, or fail.
    pub async fn turn(&self, name: &str, status: &str) {
        let url = self.valve(name).await;
        let said = json!({ "Status": status, "UniqueId": "1", "Reason": "told to fail", "Data": "x" }).to_string();
        let put = hyper::Request::put(url).body(axum::body::Body::from(said)).unwrap();
        let answer = gate::client().request(put).await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// A stack by somebody else's hand.
    pub async fn strangers_stack(&self, name: &str, tags: &[(&str, &str)]) {
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build());
        let call = self.client().create_stack().stack_name(name).set_tags(Some(tags.collect()));
        let template = r#"{"Resources":{"Handle":{"Type":"AWS::CloudFormation::WaitConditionHandle"}}}"#;
        call.template_body(template).send().await.unwrap();
        eventually("a stack of somebody else", async || (self.status(name).await? == "CREATE_COMPLETE").then_some(()))
            .await;
    }

    /// How often the making of a stack began, whatever became of it.
    pub async fn beginnings(&self, stack_id: &str) -> usize {
        let events = self.client().describe_stack_events().stack_name(stack_id).send().await.unwrap();
        let begins = |event: &&aws_sdk_cloudformation::types::StackEvent| {
            event.physical_resource_id() == event.stack_id()
                && event.resource_status().is_some_and(|status| status.as_str() == "CREATE_IN_PROGRESS")
        };
        events.stack_events().iter().filter(begins).count()
    }
}

/// One attempt of an activity.
pub struct Attempt {
    provisioner: Provisioner,
    before: Option<Value>,
}

/// What was heartbeated; the newest can be waited for.
pub struct Beats {
    pub all: Arc<Mutex<Vec<Value>>>,
    newest: watch::Receiver<Value>,
}

impl Beats {
    pub async fn wait_for(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let waited = tokio::time::timeout(std::time::Duration::from_secs(60), self.newest.wait_for(|beat| is(beat)));
        waited.await.unwrap_or_else(|_| panic!("waited in vain for {what}: {:?}", self.all.lock())).unwrap().clone()
    }

    fn steps(&self) -> Vec<u64> {
        let mut steps: Vec<u64> = self.all.lock().unwrap().iter().filter_map(|beat| beat["step"].as_u64()).collect();
        steps.dedup();
        steps
    }
}

impl Attempt {
    /// An earlier attempt heartbeated this last.
    pub fn after(mut self, beat: Value) -> Self {
        self.before = Some(beat);
        self
    }

    /// Where it runs, and what it heartbeats.
    pub fn environment(self) -> (ActivityEnvironment, Beats) {
        let (tell, newest) = watch::channel(Value::Null);
        let all = Arc::<Mutex<Vec<Value>>>::default();
        let seen = all.clone();
        let mut builder = ActivityEnvironment::builder_with_default()
            .register_activities(self.provisioner)
            .on_heartbeat(move |details: Box<dyn Any>| {
                let beat = *details.downcast::<Value>().expect("heartbeats are JSON");
                seen.lock().unwrap().push(beat.clone());
                let _ = tell.send(beat);
            });
        if let Some(beat) = self.before {
            builder = builder.heartbeat_details(beat).unwrap();
        }
        (builder.build(), Beats { all, newest })
    }

    pub async fn plan(self, input: &ProvisionInput) -> Result<Plan, ActivityError> {
        self.environment().0.run(Provisioner::plan, input.clone()).await.map_err(activity_error)
    }

    pub async fn provision(self, input: &ProvisionInput) -> Result<Provisioned, ActivityError> {
        self.environment().0.run(Provisioner::provision, input.clone()).await.map_err(activity_error)
    }

    pub async fn discard(self, input: &ProvisionInput) -> Result<(), ActivityError> {
        self.environment().0.run(Provisioner::discard, input.clone()).await.map_err(activity_error)
    }

    pub async fn destroy(self, input: &ProvisionInput) -> Result<(), ActivityError> {
        self.environment().0.run(Provisioner::destroy, input.clone()).await.map_err(activity_error)
    }

    pub async fn inspect(self, input: &ProvisionInput) -> Result<Inspected, ActivityError> {
        let input = InspectInput { input: input.clone(), ..InspectInput::default() };
        self.environment().0.run(Provisioner::inspect, input).await.map_err(activity_error)
    }
}

pub fn input() -> ProvisionInput {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let suffix = format!("{:010x}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let name = format!("app-stack-payments-{suffix}");
    ProvisionInput {
        application_id: format!("stack-{suffix}"),
        application_name: "checkout".into(),
        team_id: "payments".into(),
        blueprint: "site".into(),
        region: REGION.into(),
        profile: "sandbox".into(),
        resource_name: name.clone(),
        bucket_name: name,
        requester_id: "U0REQUESTER".into(),
        authorizer_id: "U0AUTHORIZER".into(),
        ..ProvisionInput::default()
    }
}

/// The same request, with a plan that was approved.
pub fn approved(input: &ProvisionInput, plan: &Plan) -> ProvisionInput {
    ProvisionInput { plan_id: Some(plan.plan_id.clone()), ..input.clone() }
}
