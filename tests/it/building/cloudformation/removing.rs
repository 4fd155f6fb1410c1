//! Removing: plans that were not taken, and stacks; never what is not this request's.

use ::provisioner::Unheard;
use serde_json::json;

use super::{TEMPLATE, World, approved, failure, input, with_a_valve};
use crate::building::provisioner::activity_error;
use provisioner_cloudformation::Provisioner;

#[tokio::test]
async fn a_plan_that_is_not_taken_leaves_nothing() {
    let world = World::of(TEMPLATE).await;
    let input = input();
    let name = &input.resource_name;
    for known in [true, false] {
        let plan = world.attempt().plan(&input).await.unwrap();
        let discarded = if known { approved(&input, &plan) } else { input.clone() };
        for _ in 0..2 {
            world.attempt().discard(&discarded).await.unwrap();
            assert_eq!(world.status(name).await, None, "{known}");
        }
        let gone = world.client().describe_change_set().change_set_name(&plan.plan_id).send().await;
        assert!(gone.is_err(), "{gone:?}");
    }
    // Its change set is gone, and its stack is not.
    let plan = world.attempt().plan(&input).await.unwrap();
    world.client().delete_change_set().change_set_name(&plan.plan_id).send().await.unwrap();
    world.attempt().discard(&approved(&input, &plan)).await.unwrap();
    assert_eq!(world.status(name).await, None);
}

#[tokio::test]
async fn with_another_plan_in_it_the_stack_stays() {
    let world = World::of(TEMPLATE).await;
    let input = input();
    let first = world.attempt().plan(&input).await.unwrap();
    let mut other = input.clone();
    other.parameters.insert("versions".into(), json!("Enabled"));
    let second = world.attempt().plan(&other).await.unwrap();
    world.attempt().discard(&approved(&input, &first)).await.unwrap();
    assert_eq!(world.status(&input.resource_name).await.as_deref(), Some("REVIEW_IN_PROGRESS"));
    let stays = world.client().describe_change_set().change_set_name(&second.plan_id).send().await;
    assert!(stays.is_ok(), "{stays:?}");
    let gone = world.client().describe_change_set().change_set_name(&first.plan_id).send().await;
    assert!(gone.is_err(), "{gone:?}");
    // Without an ID, all of this request's.
    world.attempt().plan(&input).await.unwrap();
    world.attempt().discard(&input).await.unwrap();
    assert_eq!(world.status(&input.resource_name).await, None);
}

#[tokio::test]
async fn what_is_built_is_not_discarded() {
    let world = World::of(TEMPLATE).await;
    let input = input();
    let plan = world.attempt().plan(&input).await.unwrap();
    world.attempt().provision(&approved(&input, &plan)).await.unwrap();
    for discarded in [approved(&input, &plan), input.clone()] {
        world.attempt().discard(&discarded).await.unwrap();
        assert_eq!(world.status(&input.resource_name).await.as_deref(), Some("CREATE_COMPLETE"));
    }
}

#[tokio::test]
async fn a_stack_goes_with_all_that_is_in_it_from_wherever_it_got_to() {
    let world = World::of(&with_a_valve()).await;
    // Nothing there.
    world.attempt().destroy(&input()).await.unwrap();
    // Planned and never built.
    let planned = input();
    world.attempt().plan(&planned).await.unwrap();
    world.attempt().destroy(&planned).await.unwrap();
    assert_eq!(world.status(&planned.resource_name).await, None);
    // Built, and under way.
    for built in [true, false] {
        let input = input();
        let name = &input.resource_name;
        let (environment, mut beats) = world.attempt().environment();
        let work = environment.run(Provisioner::provision, input.clone());
        if built {
            let (done, ()) = tokio::join!(work, world.turn(name, "SUCCESS"));
            done.map_err(activity_error).unwrap();
        } else {
            tokio::select! {
                done = work => panic!("{:?}", done.map_err(activity_error)),
                _ = beats.wait_for("a stack that is held", |beat| beat["step"] == 3) => {}
            }
        }
        assert!(world.has_bucket(name).await);
        for _ in 0..2 {
            world.attempt().destroy(&input).await.unwrap();
            assert_eq!(world.status(name).await, None);
        }
        assert!(!world.has_bucket(name).await);
    }
}

#[tokio::test]
async fn a_strangers_stack_is_not_touched() {
    let world = World::of(TEMPLATE).await;
    for tags in [&[][..], &[("provision-bot:request", "another-1")]] {
        let input = input();
        let name = &input.resource_name;
        world.strangers_stack(name, tags).await;
        let unheard = ::provisioner::ProvisionInput { unheard: Some(Unheard::default()), ..input.clone() };
        for refused in [
            failure(world.attempt().plan(&input).await),
            failure(world.attempt().provision(&input).await),
            failure(world.attempt().destroy(&unheard).await),
        ] {
            assert_eq!((refused.type_name(), refused.is_non_retryable()), (Some("StackTaken"), true), "{refused}");
            assert!(
                refused.to_string().contains(name) && refused.to_string().contains("othing was changed"),
                "{refused}"
            );
        }
        // Of which nothing was ever asked for.
        world.attempt().destroy(&input).await.unwrap();
        world.attempt().discard(&input).await.unwrap();
        assert_eq!(world.status(name).await.as_deref(), Some("CREATE_COMPLETE"));
    }
}

#[tokio::test]
async fn what_others_plan_under_the_name_is_not_touched() {
    let world = World::of(TEMPLATE).await;
    let input = input();
    let name = &input.resource_name;
    let template = r#"{"Resources":{"Handle":{"Type":"AWS::CloudFormation::WaitConditionHandle"}}}"#;
    let call = world.client().create_change_set().stack_name(name).change_set_name("theirs").template_body(template);
    call.change_set_type(aws_sdk_cloudformation::types::ChangeSetType::Create).send().await.unwrap();
    let refused = failure(world.attempt().plan(&input).await);
    assert_eq!(refused.type_name(), Some("StackTaken"), "{refused}");
    world.attempt().destroy(&input).await.unwrap();
    world.attempt().discard(&input).await.unwrap();
    assert_eq!(world.status(name).await.as_deref(), Some("REVIEW_IN_PROGRESS"));
}

#[tokio::test]
async fn what_a_silent_attempt_asked_for_and_comes_late_is_removed() {
    let world = World::of(TEMPLATE).await;
    let mut input = input();
    let beat = json!({ "step": 1, "of": 1, "label": "Planning", "asked": true });
    input.unheard = Some(Unheard { last_heartbeat: Some(beat), silent: true });
    let (environment, mut beats) = world.attempt().environment();
    let late = async {
        // A sign of life: it has looked, and found nothing.
        beats.wait_for("a destroy that looks again", |beat| !beat.is_null()).await;
        world.attempt().plan(&input).await.unwrap();
    };
    let (done, ()) = tokio::join!(environment.run(Provisioner::destroy, input.clone()), late);
    done.map_err(activity_error).unwrap();
    assert_eq!(world.status(&input.resource_name).await, None);
}
