//! The example in TypeScript, `examples/cdk`, as its README says to run it: compiled, a process
//! of its own, driven by people in Slack from the form to the removal of what it built.

mod worker;

use std::time::Duration;

use ::provisioner::{InspectInput, ProvisionInput};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use harness::stack::StackOptions;
use provisioner_cloudformation::Provisioner;
use serde_json::{Value, json};
use slack_simulator::{Message, Submitted};
use temporalio_client::{ActivityStartOptions, Client, ClientOptions, Connection, ConnectionOptions};
use temporalio_common::ActivityDefinition;

use self::worker::{Compiled, Worker};
use super::planner::card;
use crate::building::cloudformation::{TEMPLATE, World as Cloud};
use crate::building::foreign::attention;
use crate::world::{Request, Scene, World, alone_with, eventually, options, policy, s3};

const QUEUE: &str = "provision-cdk";
/// A worker that is killed is missed after ten seconds, and CloudFormation is looked at every two.
const LONG: Duration = Duration::from_secs(90);

/// The blueprint that the example's README gives.
fn blueprint() -> String {
    let readme = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/cdk/README.md"));
    let (_, behind) = readme.split_once("```toml\n").expect("a blueprint in the README");
    behind.split_once("```").expect("its end").0.to_owned()
}

async fn prepared() -> (StackOptions, (Cloud, Compiled)) {
    let (cloud, compiled) = tokio::join!(Cloud::of(TEMPLATE), Compiled::make());
    (options(&(policy("timeout = \"10m\"") + "\n" + &blueprint())), (cloud, compiled))
}

#[test]
fn an_app_in_typescript_is_planned_built_and_removed() {
    alone_with(prepared, async |world: &mut World, (cloud, compiled)| {
        let worker = Worker::start(&compiled, world, &cloud).await;
        tokio::join!(
            built_although_stale(world, &cloud),
            rejected(world, &cloud),
            cancelled_in_the_middle(world, &cloud),
            tried_again(world, &cloud),
        );
        followed(world, &cloud, &compiled, worker).await;
    });
}

async fn asked(scene: &Scene, application: &str) -> Request {
    let form = scene.form(application).await;
    form.choose("team", &scene.team).await.unwrap();
    form.choose("authorizer", scene.bob.id()).await.unwrap();
    form.fill("field-purpose", "reports of the week").await.unwrap();
    assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    let card = scene.bob.wait_for_dm(|m| m.offers("plan") && m.says(application)).await.unwrap();
    let id = card.payload("request_id").unwrap().to_owned();
    Request { root: scene.root_in(&scene.channel, &id).await, id, card }
}

/// A request whose plan is shown.
async fn planned(scene: &Scene, application: &str, versions: bool) -> Request {
    let request = asked(scene, application).await;
    scene.select(&request).await;
    if versions {
        scene.bob.check(&request.card, "field-versions", &["true"]).await.unwrap();
    }
    scene.clicks(&scene.bob, &request.card, "plan").await;
    let card = card(scene, &request, "approve").await;
    Request { card, ..request }
}

/// What a request's stack and bucket are called.
fn name(scene: &Scene, request: &Request) -> String {
    let (application, suffix) = request.id.rsplit_once('-').unwrap();
    format!("app-{application}-{}-{suffix}", scene.team)
}

/// Waits until the thread says that something is built, and is not all.
async fn held(scene: &Scene, request: &Request) {
    let shows = |m: &Message| m.says("Creating Valve (AWS::CloudFormation::WaitCondition)");
    let progress = scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, shows).await.unwrap();
    assert!(progress.says("4/4"), "{}", progress.plain());
}

/// Waits until the thread says that the plan which was approved cannot be built.
async fn planned_anew(scene: &Scene, request: &Request) {
    let stale = |m: &Message| m.says("does not hold any more");
    scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, stale).await.unwrap();
}

/// Somebody deletes the change set before the yes: it is planned anew, and since it is the same
/// built. Then it is removed, and by nobody else's request.
async fn built_although_stale(world: &World, cloud: &Cloud) {
    let scene = world.scene().patient(LONG);
    let request = planned(&scene, "site", true).await;
    for words in [
        "+2 added, ~0 changed, ±0 replaced, −0 removed",
        "AWS::S3::Bucket Bucket",
        "AWS::S3::BucketPolicy",
        "Purpose: reports of the week",
        "Keep old versions for 30 days: yes",
    ] {
        let card = request.card.plain().replace("  ", " ");
        assert!(card.contains(words), "{words}: {card}");
    }
    let name = name(&scene, &request);
    assert_eq!(cloud.status(&name).await.as_deref(), Some("REVIEW_IN_PROGRESS"));
    assert!(!cloud.has_bucket(&name).await, "nothing is built before the yes");
    let state = scene.temporal.state(&request.id).await.unwrap();
    let plan = state["offer"]["plan"]["planId"].as_str().unwrap().to_owned();
    assert!(plan.starts_with("arn:aws:cloudformation:us-east-1:") && plan.contains(":changeSet/p-"), "{plan}");
    cloud.client().delete_change_set().change_set_name(&plan).send().await.unwrap();

    scene.clicks(&scene.bob, &request.card, "approve").await;
    planned_anew(&scene, &request).await;
    let outcome = scene.outcome(&request, "provisioned").await;
    assert!(outcome.says(&name), "{}", outcome.plain());
    let state = scene.ended(&request, "provisioned").await;
    assert_ne!(state["offer"]["plan"]["planId"], plan);
    let arn = format!("arn:aws:s3:::{name}");
    assert_eq!(state["resources"], json!({ "stackName": name, "bucketName": name, "bucketArn": arn }));
    assert_eq!(cloud.status(&name).await.as_deref(), Some("CREATE_COMPLETE"));
    assert!(cloud.has_bucket(&name).await);

    let input = |id: &str| ProvisionInput {
        application_id: id.to_owned(),
        region: "us-east-1".into(),
        profile: "sandbox".into(),
        resource_name: name.clone(),
        ..ProvisionInput::default()
    };
    let (ours, theirs) = (input(&request.id), input("somebody-elses"));
    let seen = async |input: &ProvisionInput| {
        let input = InspectInput { input: input.clone(), ..InspectInput::default() };
        let seen = called(world, Provisioner::inspect, &input).await.unwrap();
        (seen.exists, seen.ours, seen.drift)
    };
    assert_eq!(seen(&ours).await, (true, true, vec![]));
    let off = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    let s3 = s3(&cloud.endpoint, "us-east-1");
    s3.put_bucket_versioning().bucket(&name).versioning_configuration(off).send().await.unwrap();
    let (_, _, drift) = seen(&ours).await;
    assert!(drift.len() == 1 && drift[0].ends_with(": VersioningConfiguration.Status was changed"), "{drift:?}");
    assert_eq!(seen(&theirs).await, (true, false, vec![]));

    let refused = called(world, Provisioner::destroy, &theirs).await.unwrap_err();
    assert!(refused.contains("does not say that it is this request's"), "{refused}");
    assert!(cloud.has_bucket(&name).await, "it is not theirs");
    for _ in 0..2 {
        called(world, Provisioner::destroy, &ours).await.unwrap();
        assert_eq!((cloud.status(&name).await, cloud.has_bucket(&name).await), (None, false));
    }
    assert_eq!(seen(&ours).await, (false, false, vec![]));
}

/// Calls an activity as what comes after a request will.
async fn called<A: ActivityDefinition>(world: &World, activity: A, input: &A::Input) -> Result<A::Output, String>
where
    A::Input: Clone,
{
    let url = url::Url::parse(&format!("http://{}", world.temporal_address())).unwrap();
    let connection = Connection::connect(ConnectionOptions::new(url).build()).await.unwrap();
    let client = Client::new(connection, ClientOptions::new(&world.stack.namespace).build()).unwrap();
    let id = format!("called-{}", uuid::Uuid::new_v4());
    let options = ActivityStartOptions::with_start_to_close_timeout(QUEUE, id, LONG)
        .heartbeat_timeout(Duration::from_secs(10))
        .build();
    let called = client.start_activity(activity, input.clone(), options).await.unwrap();
    called.result().await.map_err(|error| format!("{error:?}"))
}

/// Of a plan that nobody wants nothing is left.
async fn rejected(world: &World, cloud: &Cloud) {
    let scene = world.scene().patient(LONG);
    let request = planned(&scene, "unwanted", false).await;
    assert!(request.card.says("Without versions, what is overwritten"), "{}", request.card.plain());
    let name = name(&scene, &request);
    assert!(cloud.status(&name).await.is_some());
    scene.reject(&request, "Only a test").await;
    scene.outcome(&request, "rejected").await;
    scene.ended(&request, "rejected").await;
    gone(cloud, &name).await;
}

/// It is withdrawn while the stack is built: the bucket that is there goes, and the rest never comes.
async fn cancelled_in_the_middle(world: &World, cloud: &Cloud) {
    let scene = world.scene().patient(LONG);
    let request = planned(&scene, "held-off", false).await;
    let name = name(&scene, &request);
    scene.clicks(&scene.bob, &request.card, "approve").await;
    held(&scene, &request).await;
    assert!(cloud.has_bucket(&name).await);
    let root = scene.root_now(&request).await;
    scene.clicks(&scene.alice, &root, "cancel").await;
    scene.outcome(&request, "cancelled").await;
    let state = scene.ended(&request, "cancelled").await;
    assert_eq!(state["resources"], Value::Null);
    assert_eq!((cloud.status(&name).await, cloud.has_bucket(&name).await), (None, false));
}

/// A resource fails: a person reads which and why, and lets it try again. What is left of the
/// first try goes, and the same plan, made anew, is built.
async fn tried_again(world: &World, cloud: &Cloud) {
    let scene = world.scene().patient(LONG);
    let request = planned(&scene, "held-once", false).await;
    let name = name(&scene, &request);
    scene.clicks(&scene.bob, &request.card, "approve").await;
    held(&scene, &request).await;
    cloud.turn(&name, "FAILURE").await;
    let question = attention(&scene, &request, "").await;
    for words in ["Valve (AWS::CloudFormation::WaitCondition): ", "told to fail"] {
        assert!(question.says(words), "{words}: {}", question.plain());
    }
    assert!(!cloud.has_bucket(&name).await, "it was rolled back");
    scene.clicks(&scene.bob, &question, "retry").await;
    planned_anew(&scene, &request).await;
    cloud.turn(&name, "SUCCESS").await;
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    assert!(cloud.has_bucket(&name).await);
}

/// The worker is killed while the stack is built: another one goes on watching, and begins nothing anew.
async fn followed(world: &World, cloud: &Cloud, compiled: &Compiled, worker: Worker) {
    let scene = world.scene().patient(LONG);
    let request = planned(&scene, "held", false).await;
    let name = name(&scene, &request);
    scene.clicks(&scene.bob, &request.card, "approve").await;
    let ((), next) = tokio::join!(held(&scene, &request), Worker::start(compiled, world, cloud));
    worker.kill().await;
    let watches = |m: &Message| m.says("Creating the stack");
    scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, watches).await.unwrap();
    cloud.turn(&name, "SUCCESS").await;
    let outcome = scene.outcome(&request, "provisioned").await;
    assert!(outcome.says(&name), "{}", outcome.plain());
    scene.ended(&request, "provisioned").await;
    assert_eq!(cloud.beginnings(&name).await, 1);
    next.stop().await;
}

async fn gone(cloud: &Cloud, name: &str) {
    eventually("nothing to be left behind", async || cloud.status(name).await.is_none().then_some(())).await;
}
