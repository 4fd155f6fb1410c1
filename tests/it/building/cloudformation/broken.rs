//! What CloudFormation answers when it does not go well, and what the test server does not do
//! as Amazon's does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use temporalio_sdk::activities::ActivityError;

use super::gate::{Answer, Gate};
use super::{REGION, TEMPLATE, World, approved, failure, input};
use crate::building::provisioner::activity_error;
use crate::world::s3;
use provisioner_cloudformation::Provisioner;

const PENDING: Answer =
    Answer::Change(|said| said.replace("<Status>CREATE_COMPLETE</Status>", "<Status>CREATE_IN_PROGRESS</Status>"));
const OBSOLETE: Answer = Answer::Change(|said| said.replace(">AVAILABLE<", ">OBSOLETE<"));

#[tokio::test]
async fn a_plan_that_takes_its_time_is_waited_for() {
    let mut world = World::of(TEMPLATE).await;
    let gate = Gate::before(&mut world, |call| match (call.action.as_str(), call.before) {
        ("DescribeChangeSet", ..3) => PENDING,
        _ => Answer::Pass,
    })
    .await;
    let plan = world.attempt().plan(&input()).await.unwrap();
    assert_eq!((plan.counts.add, gate.count("DescribeChangeSet")), (1, 4));
}

#[tokio::test]
async fn what_aws_refuses_to_plan_is_told_and_leaves_nothing() {
    let mut world = World::of(TEMPLATE).await;
    Gate::before(&mut world, |call| match call.action.as_str() {
        "DescribeChangeSet" => Answer::Change(|said| {
            let reason = "<StatusReason>The bucket name is reserved.</StatusReason>";
            let said = said.replace("<StatusReason></StatusReason>", "");
            said.replace("<Status>CREATE_COMPLETE</Status>", &format!("<Status>FAILED</Status>{reason}"))
        }),
        _ => Answer::Pass,
    })
    .await;
    let input = input();
    let told = failure(world.attempt().plan(&input).await);
    assert_eq!((told.type_name(), told.is_non_retryable()), (Some("PlanRejected"), true));
    assert!(told.to_string().contains("CloudFormation cannot do this: The bucket name is reserved. "), "{told}");
    assert_eq!(world.status(&input.resource_name).await, None);
}

#[tokio::test]
async fn what_is_found_wanting_before_anything_is_made_is_told_of_its_resource() {
    let world = World::of(TEMPLATE).await;
    let input = input();
    let plan = world.attempt().plan(&input).await.unwrap();
    // Somebody else takes the name meanwhile.
    s3(&world.endpoint, REGION).create_bucket().bucket(&input.resource_name).send().await.unwrap();
    let told = failure(world.attempt().provision(&approved(&input, &plan)).await);
    assert_eq!((told.type_name(), told.is_non_retryable()), (Some("StackFailed"), true));
    let said = told.to_string();
    assert!(said.contains("Bucket (AWS::S3::Bucket): Resource of type 'AWS::S3::Bucket' with identifier"), "{said}");
    assert!(said.contains("remove or rename it") && !said.contains("DescribeEvents"), "{said}");
    assert!(world.has_bucket(&input.resource_name).await, "it is somebody else's");
}

#[tokio::test]
async fn a_plan_that_is_withdrawn_leaves_nothing() {
    let mut world = World::of(TEMPLATE).await;
    let waits = Arc::new(AtomicBool::new(false));
    let seen = waits.clone();
    Gate::before(&mut world, move |call| match call.action.as_str() {
        "DescribeChangeSet" => {
            seen.store(true, Ordering::Relaxed);
            PENDING
        }
        _ => Answer::Pass,
    })
    .await;
    let input = input();
    let (environment, _) = world.attempt().environment();
    let withdrawn = async {
        crate::world::eventually("a plan that waits", async || waits.load(Ordering::Relaxed).then_some(())).await;
        assert!(world.status(&input.resource_name).await.is_some());
        environment.cancel();
    };
    let (result, ()) = tokio::join!(environment.run(Provisioner::plan, input.clone()), withdrawn);
    let result = result.map_err(activity_error);
    assert!(matches!(result, Err(ActivityError::Cancelled { .. })), "{result:?}");
    assert_eq!(world.status(&input.resource_name).await, None);
}

/// A stack that was not built yet may show none of the tags that it was asked for with.
fn untagged(said: &str) -> String {
    let mut rest = said;
    let mut kept = String::new();
    while let Some((before, behind)) = rest.split_once("<Tags>") {
        kept += before;
        rest = behind.split_once("</Tags>").unwrap().1;
    }
    kept + rest
}

#[tokio::test]
async fn a_stack_that_shows_no_tags_yet_is_known_by_what_is_planned_in_it() {
    let mut world = World::of(TEMPLATE).await;
    Gate::before(&mut world, |call| match call.action.as_str() {
        "DescribeStacks" => Answer::Change(untagged),
        _ => Answer::Pass,
    })
    .await;
    let input = input();
    let plan = world.attempt().plan(&input).await.unwrap();
    assert_eq!(world.attempt().plan(&input).await.unwrap(), plan);
    world.attempt().discard(&input).await.unwrap();
    assert_eq!(world.status(&input.resource_name).await, None);
    world.attempt().plan(&input).await.unwrap();
    world.attempt().destroy(&input).await.unwrap();
    assert_eq!(world.status(&input.resource_name).await, None);
    // Somebody else's plan is known by its, too.
    let mut stranger = super::input();
    stranger.resource_name.clone_from(&input.resource_name);
    world.attempt().plan(&stranger).await.unwrap();
    let refused = failure(world.attempt().plan(&input).await);
    assert_eq!(refused.type_name(), Some("StackTaken"), "{refused}");
    world.attempt().destroy(&input).await.unwrap();
    assert_eq!(world.status(&input.resource_name).await.as_deref(), Some("REVIEW_IN_PROGRESS"));
}

#[tokio::test]
async fn an_answer_that_is_lost_does_nothing_twice() {
    let mut world = World::of(TEMPLATE).await;
    let gate = Gate::before(&mut world, |call| match (call.action.as_str(), call.before) {
        ("CreateChangeSet" | "ExecuteChangeSet" | "DeleteStack", 0) => Answer::Lose,
        _ => Answer::Pass,
    })
    .await;
    let input = input();
    let plan = world.attempt().plan(&input).await.unwrap();
    let done = world.attempt().provision(&approved(&input, &plan)).await.unwrap();
    assert_eq!(world.beginnings(done.outputs["stackId"].as_str().unwrap()).await, 1);
    world.attempt().destroy(&input).await.unwrap();
    assert_eq!(world.status(&input.resource_name).await, None);
    for action in ["CreateChangeSet", "ExecuteChangeSet", "DeleteStack"] {
        assert_eq!(gate.count(action), 2, "{action}");
    }
}

#[tokio::test]
async fn a_plan_that_became_obsolete_is_stale() {
    let mut world = World::of(TEMPLATE).await;
    let input = input();
    let plan = world.attempt().plan(&input).await.unwrap();
    let gate = Gate::before(&mut world, |call| match call.action.as_str() {
        "DescribeChangeSet" => OBSOLETE,
        _ => Answer::Pass,
    })
    .await;
    let told = failure(world.attempt().provision(&approved(&input, &plan)).await);
    assert_eq!((told.type_name(), told.is_non_retryable()), (Some("StalePlan"), true), "{told}");
    // In the moment between looking and executing.
    gate.speak(|call| match (call.action.as_str(), call.before) {
        ("DescribeChangeSet", 1..) => OBSOLETE,
        ("ExecuteChangeSet", _) => Answer::Refuse("InvalidChangeSetStatus", "obsolete", 400),
        _ => Answer::Pass,
    });
    let told = failure(world.attempt().provision(&approved(&input, &plan)).await);
    assert_eq!(told.type_name(), Some("StalePlan"), "{told}");
    assert!(!world.has_bucket(&input.resource_name).await);
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_goes_to_a_person() {
    let mut world = World::of(TEMPLATE).await;
    let gate = Gate::before(&mut world, |_| Answer::Pass).await;
    for (code, status, retried, advice) in [
        ("Throttling", 400, true, "usually passes"),
        ("SomethingNew", 400, true, "Check what CloudFormation says"),
        ("AccessDenied", 403, false, "Give the AWS profile \"sandbox\" permission for this in region us-east-1"),
        ("InvalidClientTokenId", 403, false, "Check the access key and secret"),
        ("ExpiredToken", 403, false, "Renew the credentials"),
        ("InsufficientCapabilitiesException", 400, false, "change the template"),
        ("LimitExceededException", 400, false, "quota of stacks"),
        ("ValidationError", 400, false, "Check the template of the blueprint"),
    ] {
        gate.speak(move |call| match call.action.as_str() {
            "CreateChangeSet" => Answer::Refuse(code, "because.", status),
            _ => Answer::Pass,
        });
        let told = failure(world.attempt().plan(&input()).await);
        assert_eq!((told.type_name(), told.is_non_retryable()), (Some(code), !retried), "{told}");
        let said = told.to_string();
        assert!(said.starts_with(&format!("Planning the stack: CloudFormation answered {code}: because. ")), "{said}");
        assert!(said.contains(advice), "{said}");
        assert!(!said.contains("demo-secret"), "{said}");
    }
}

#[tokio::test]
async fn what_was_done_and_what_failed_is_counted() {
    let mut world = World::of(TEMPLATE).await;
    let mut registry = prometheus_client::registry::Registry::default();
    world.metrics.register(&mut registry);
    world.attempt().plan(&input()).await.unwrap();
    Gate::before(&mut world, |call| match call.action.as_str() {
        "CreateChangeSet" => Answer::Refuse("ExpiredToken", "because.", 403),
        _ => Answer::Pass,
    })
    .await;
    failure(world.attempt().plan(&input()).await);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        r#"provision_step_seconds_count{step="Planning the stack"} 1"#,
        r#"provision_failures_total{step="Planning the stack",kind="ExpiredToken"} 1"#,
    ] {
        assert!(text.lines().any(|said| said == line), "{text}");
    }
}

#[tokio::test]
async fn what_cannot_be_deleted_is_told_by_its_first_reason() {
    let mut world = World::of(TEMPLATE).await;
    let input = input();
    world.attempt().provision(&input).await.unwrap();
    Gate::before(&mut world, |call| match call.action.as_str() {
        "DeleteStack" => Answer::Refuse("Throttling", "later", 400),
        _ => Answer::Pass,
    })
    .await;
    assert!(!failure(world.attempt().destroy(&input).await).is_non_retryable());
    assert_eq!(world.status(&input.resource_name).await.as_deref(), Some("CREATE_COMPLETE"));

    // A bucket with objects in it is Amazon's case, not the server's.
    let gate = Gate::before(&mut world, |_| Answer::Pass).await;
    gate.speak(|call| match call.action.as_str() {
        "DescribeStacks" if call.before > 0 => Answer::Change(|said| said.replace("DELETE_COMPLETE", "DELETE_FAILED")),
        "DescribeStackEvents" => Answer::Change(|said| {
            let reason = "<ResourceStatusReason>The bucket is not empty</ResourceStatusReason>";
            let said = said.replace("<ResourceStatusReason></ResourceStatusReason>", "");
            said.replace(">DELETE_COMPLETE</ResourceStatus>", &format!(">DELETE_FAILED</ResourceStatus>{reason}"))
        }),
        _ => Answer::Pass,
    });
    let told = failure(world.attempt().destroy(&input).await);
    assert_eq!((told.type_name(), told.is_non_retryable()), (Some("StackNotDeleted"), true), "{told}");
    assert!(told.to_string().contains("Bucket (AWS::S3::Bucket) stays: The bucket is not empty"), "{told}");
}
