//! Planning and building: what is shown is what is built, once, whoever is left to watch it.

use ::provisioner::{Change, Counts, Unheard};
use serde_json::{Value, json};
use temporalio_sdk::activities::ActivityError;

use super::{Attempt, Beats, TEMPLATE, World, approved, failure, input, with_a_valve};
use crate::building::provisioner::activity_error;

use provisioner_cloudformation::Provisioner;
use provisioner_cloudformation::template::Template;

/// Begins to build, and is killed when the stack is held by its valve.
async fn killed(world: &World, attempt: Attempt, input: &::provisioner::ProvisionInput) -> Value {
    let (environment, mut beats) = attempt.environment();
    let work = environment.run(Provisioner::provision, input.clone());
    let held = async { beats.wait_for("a stack that is held", |beat| beat["step"] == 3).await };
    let beat = tokio::select! {
        done = work => panic!("it is done, and should be held: {:?}", done.map_err(activity_error)),
        beat = held => beat,
    };
    assert_eq!(world.status(&input.resource_name).await.as_deref(), Some("CREATE_IN_PROGRESS"));
    beat
}

#[tokio::test]
async fn a_plan_says_what_would_be_made_and_makes_nothing() {
    let world = World::of(TEMPLATE).await;
    let input = input();
    let plan = world.attempt().plan(&input).await.unwrap();
    assert_eq!(plan.counts, Counts { add: 1, ..Counts::default() });
    assert_eq!(plan.changes, [Change { action: "add".into(), kind: "AWS::S3::Bucket".into(), name: "Bucket".into() }]);
    assert!(plan.plan_id.starts_with("arn:aws:cloudformation:us-east-1:"), "{plan:?}");
    assert!(plan.findings.is_empty() && plan.link.is_none(), "{plan:?}");
    assert_eq!(world.status(&input.resource_name).await.as_deref(), Some("REVIEW_IN_PROGRESS"));
    assert!(!world.has_bucket(&input.resource_name).await);

    let set = world.client().describe_change_set().change_set_name(&plan.plan_id).send().await.unwrap();
    let mut tags: Vec<_> = set.tags().iter().map(|tag| (tag.key().unwrap(), tag.value().unwrap())).collect();
    tags.sort_unstable();
    let expected = [
        ("managed-by", "provision-bot"),
        ("provision-bot:application", "checkout"),
        ("provision-bot:authorizer", "U0AUTHORIZER"),
        ("provision-bot:request", &input.application_id),
        ("provision-bot:requester", "U0REQUESTER"),
        ("provision-bot:team", "payments"),
    ];
    assert_eq!(tags, expected);
    assert_eq!(set.on_stack_failure().unwrap().as_str(), "DELETE");

    // Asked again it is the same one; with other values another.
    assert_eq!(world.attempt().plan(&input).await.unwrap(), plan);
    let mut other = input.clone();
    other.parameters.insert("versions".into(), json!("Enabled"));
    assert_ne!(world.attempt().plan(&other).await.unwrap().plan_id, plan.plan_id);
}

#[tokio::test]
async fn what_was_approved_is_built_and_nothing_else() {
    let world = World::of(TEMPLATE).await;
    let mut input = input();
    input.parameters.insert("versions".into(), json!("Enabled"));
    let name = input.resource_name.clone();
    let plan = world.attempt().plan(&input).await.unwrap();

    // Since then the blueprint got another template.
    let mut later = World::of(&TEMPLATE.replace("  Bucket:\n", "  Other:\n").replace("Ref Bucket", "Ref Other")).await;
    later.door.clone_from(&world.door);
    let done = later.attempt().provision(&approved(&input, &plan)).await.unwrap();
    assert_eq!(done.application_id, input.application_id);
    assert_eq!(done.outputs["BucketName"], *name);
    assert_eq!(done.outputs["stackName"], *name);
    let stack_id = done.outputs["stackId"].as_str().unwrap();
    assert!(stack_id.contains(&format!(":stack/{name}/")), "{stack_id}");
    assert_eq!(done.summary, [format!("created stack {name} in us-east-1"), "created Bucket (AWS::S3::Bucket)".into()]);
    let time = &done.completion_date_time;
    assert!(time.parse::<jiff::Timestamp>().is_ok() && time.ends_with('Z') && time.len() == 20, "{time}");
    assert!(world.has_bucket(&name).await);

    // Done in full by an attempt whose answer was lost.
    let again = world.attempt().provision(&approved(&input, &plan)).await.unwrap();
    assert_eq!(again.outputs, done.outputs);
    assert_eq!(world.beginnings(stack_id).await, 1);
}

#[tokio::test]
async fn where_nobody_was_asked_it_plans_itself() {
    let world = World::of(TEMPLATE).await;
    let input = input();
    let done = world.attempt().provision(&input).await.unwrap();
    assert_eq!(done.outputs["BucketName"], *input.resource_name);
    assert!(world.has_bucket(&input.resource_name).await);
    let again = world.attempt().provision(&input).await.unwrap();
    assert_eq!(again.outputs, done.outputs);
    assert_eq!(world.beginnings(done.outputs["stackId"].as_str().unwrap()).await, 1);
    // What is built already is not planned.
    let told = failure(world.attempt().plan(&input).await);
    assert_eq!((told.type_name(), told.is_non_retryable()), (Some("StackExists"), true));
    assert!(world.has_bucket(&input.resource_name).await);
}

#[tokio::test]
async fn progress_is_counted_in_resources_and_names_them() {
    let world = World::of(&with_a_valve()).await;
    let input = input();
    let plan = world.attempt().plan(&input).await.unwrap();
    let (environment, mut beats): (_, Beats) = world.attempt().environment();
    let turned = async {
        let beat = beats.wait_for("the third of three", |beat| beat["step"] == 3).await;
        world.turn(&input.resource_name, "SUCCESS").await;
        beat
    };
    let (done, held) = tokio::join!(environment.run(Provisioner::provision, approved(&input, &plan)), turned);
    done.map_err(activity_error).unwrap();
    assert_eq!(held["of"], 3);
    assert_eq!(held["label"], "Creating Valve (AWS::CloudFormation::WaitCondition)");
    assert_eq!((held["changeSet"].as_str(), held["asked"].as_bool()), (Some(&*plan.plan_id), Some(true)));
    assert_eq!(beats.steps().last(), Some(&3));
    assert!(beats.steps().is_sorted(), "{:?}", beats.steps());
}

#[tokio::test]
async fn a_worker_that_dies_is_followed_by_one_that_goes_on_watching() {
    let world = World::of(&with_a_valve()).await;
    // Whether or not anybody heard the one that died; and where nobody was asked.
    for (heard, asked) in [(true, true), (false, true), (true, false), (false, false)] {
        let mut input = input();
        if asked {
            let plan = world.attempt().plan(&input).await.unwrap();
            input = approved(&input, &plan);
        }
        let beat = killed(&world, world.attempt(), &input).await;
        let stack = beat["stackId"].as_str().unwrap().to_owned();
        let next = if heard { world.attempt().after(beat) } else { world.attempt() };
        let (done, ()) = tokio::join!(next.provision(&input), world.turn(&input.resource_name, "SUCCESS"));
        assert_eq!(done.unwrap().outputs["stackId"], *stack, "{heard} {asked}");
        assert_eq!(world.beginnings(&stack).await, 1, "{heard} {asked}");
    }
}

#[tokio::test]
async fn a_failure_is_told_by_the_resource_and_its_reason_and_leaves_nothing() {
    let world = World::of(&with_a_valve()).await;
    let input = input();
    let name = &input.resource_name;
    let plan = world.attempt().plan(&input).await.unwrap();
    let input = approved(&input, &plan);
    let (result, ()) = tokio::join!(world.attempt().provision(&input), world.turn(name, "FAILURE"));
    let told = failure(result);
    assert_eq!((told.type_name(), told.is_non_retryable()), (Some("StackFailed"), true));
    assert!(
        told.to_string().starts_with("Building the stack: Valve (AWS::CloudFormation::WaitCondition): ")
            && told.to_string().contains("told to fail"),
        "{told}"
    );
    assert_eq!(world.status(name).await, None);
    assert!(!world.has_bucket(name).await);
}

/// What the workflow hands to a `provision` after one that failed.
async fn tried_again(world: &World, failed: &::provisioner::ProvisionInput) -> ::provisioner::ProvisionInput {
    let (environment, beats) = world.attempt().environment();
    let run = environment.run(Provisioner::provision, failed.clone());
    let (result, ()) = tokio::join!(run, world.turn(&failed.resource_name, "FAILURE"));
    failure(result.map_err(activity_error));
    let last = beats.all.lock().unwrap().last().cloned();
    ::provisioner::ProvisionInput {
        resume_from: Some("Building the stack".into()),
        unheard: Some(Unheard { last_heartbeat: last, silent: false }),
        ..failed.clone()
    }
}

#[tokio::test]
async fn tried_again_the_same_is_planned_anew_and_built() {
    let world = World::of(&with_a_valve()).await;
    let input = input();
    let plan = world.attempt().plan(&input).await.unwrap();
    let again = tried_again(&world, &approved(&input, &plan)).await;
    let (done, ()) = tokio::join!(world.attempt().provision(&again), world.turn(&input.resource_name, "SUCCESS"));
    assert_eq!(done.unwrap().outputs["BucketName"], *input.resource_name);
}

#[tokio::test]
async fn tried_again_what_is_not_the_same_any_more_is_stale() {
    let mut world = World::of(&with_a_valve()).await;
    let input = input();
    let plan = world.attempt().plan(&input).await.unwrap();
    let again = tried_again(&world, &approved(&input, &plan)).await;
    // The blueprint got another template meanwhile.
    world.templates.insert("site".into(), Template::parse(TEMPLATE).unwrap());
    let told = failure(world.attempt().provision(&again).await);
    assert_eq!((told.type_name(), told.is_non_retryable()), (Some("StalePlan"), true), "{told}");
    assert_eq!(world.status(&input.resource_name).await, None, "what was planned for that is gone");

    // What is approved then is built, whatever was heard of the try before.
    let plan = world.attempt().plan(&input).await.unwrap();
    let done = world.attempt().provision(&approved(&again, &plan)).await.unwrap();
    assert_eq!(done.summary.len(), 2, "{:?}", done.summary);
}

#[tokio::test]
async fn a_plan_that_is_gone_is_stale() {
    let world = World::of(TEMPLATE).await;
    let input = input();
    let plan = world.attempt().plan(&input).await.unwrap();
    world.client().delete_change_set().change_set_name(&plan.plan_id).send().await.unwrap();
    let told = failure(world.attempt().provision(&approved(&input, &plan)).await);
    assert_eq!((told.type_name(), told.is_non_retryable()), (Some("StalePlan"), true), "{told}");
    world.client().delete_stack().stack_name(&input.resource_name).send().await.unwrap();
    let told = failure(world.attempt().provision(&approved(&input, &plan)).await);
    assert_eq!(told.type_name(), Some("StalePlan"), "{told}");
    assert!(!world.has_bucket(&input.resource_name).await);
}

#[tokio::test]
async fn the_plan_of_another_request_is_not_built() {
    let world = World::of(TEMPLATE).await;
    let (theirs, ours) = (input(), input());
    let plan = world.attempt().plan(&theirs).await.unwrap();
    let told = failure(world.attempt().provision(&approved(&ours, &plan)).await);
    assert_eq!(told.type_name(), Some("StalePlan"), "{told}");
    assert_eq!(world.status(&theirs.resource_name).await.as_deref(), Some("REVIEW_IN_PROGRESS"));
}

#[tokio::test]
async fn withdrawn_while_it_is_built_the_stack_goes() {
    let world = World::of(&with_a_valve()).await;
    let input = input();
    let name = &input.resource_name;
    let plan = world.attempt().plan(&input).await.unwrap();
    let (environment, mut beats) = world.attempt().environment();
    let withdrawn = async {
        beats.wait_for("a stack that is held", |beat| beat["step"] == 3).await;
        assert!(world.has_bucket(name).await);
        environment.cancel();
    };
    let (result, ()) = tokio::join!(environment.run(Provisioner::provision, approved(&input, &plan)), withdrawn);
    let result = result.map_err(activity_error);
    assert!(matches!(result, Err(ActivityError::Cancelled { .. })), "{result:?}");
    assert_eq!(world.status(name).await, None);
    assert!(!world.has_bucket(name).await);
}

#[tokio::test]
async fn what_differs_from_the_template_is_found() {
    let world = World::of(TEMPLATE).await;
    let mut input = input();
    input.parameters.insert("versions".into(), json!("Enabled"));
    let name = &input.resource_name;
    let inspect = async || serde_json::to_value(world.attempt().inspect(&input).await.unwrap()).unwrap();
    assert_eq!(inspect().await, json!({ "exists": false, "ours": false, "drift": [] }));
    world.attempt().plan(&input).await.unwrap();
    assert_eq!(inspect().await, json!({ "exists": false, "ours": true, "drift": [] }));
    world.attempt().provision(&input).await.unwrap();
    assert_eq!(inspect().await, json!({ "exists": true, "ours": true, "drift": [] }));

    let s3 = crate::world::s3(&world.endpoint, super::REGION);
    use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
    let off = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    s3.put_bucket_versioning().bucket(name).versioning_configuration(off).send().await.unwrap();
    let drift = ["Bucket (AWS::S3::Bucket): VersioningConfiguration.Status was changed"];
    assert_eq!(inspect().await, json!({ "exists": true, "ours": true, "drift": drift }));

    s3.delete_bucket().bucket(name).send().await.unwrap();
    let drift = ["Bucket (AWS::S3::Bucket) was deleted"];
    assert_eq!(inspect().await, json!({ "exists": true, "ours": true, "drift": drift }));

    let stranger = super::input();
    world.strangers_stack(&stranger.resource_name, &[]).await;
    let seen = world.attempt().inspect(&stranger).await.unwrap();
    assert!(seen.exists && !seen.ours && seen.drift.is_empty(), "{seen:?}");
}
