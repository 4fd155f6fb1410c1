//! Deaths and outages: the bot is killed, Slack fails, Temporal goes away, and
//! the people notice nothing but the wait.

use std::time::Duration;

use provision_bot::demo::modal::Submitted;
use provision_bot::demo::proxy::Fault::Cut;
use provision_bot::demo::record::Fault;
use provision_bot::demo::stack::StackOptions;

use crate::world::{Request, Scene, World, alone, options, policy, private};

/// A worker that died is missed after ten seconds, and its workflow task after ten more.
const LONG: Duration = Duration::from_secs(60);

/// Asks while Slack fails in one way, and finds everything said once.
async fn asks_once(world: &World, application: &str) -> (Scene, Request) {
    let scene = world.scene();
    let request = scene.ask(application).await;
    assert_eq!(scene.roots(&scene.channel).len(), 1, "{}", scene.slack.dump());
    let cards = scene.said(&request.id).iter().filter(|m| m.channel == scene.bob.dm_channel()).count();
    assert_eq!(cards, 1, "{}", scene.slack.dump());
    (scene, request)
}

async fn goes_on(scene: &Scene, request: &Request) {
    scene.approve(request).await;
    scene.outcome(request, "provisioned").await;
    scene.ended(request, "provisioned").await;
    assert_eq!(scene.roots(&scene.channel).len(), 1);
    assert_eq!(scene.buckets(&request.id).await.len(), 1);
}

#[test]
fn what_slack_fails_to_answer_is_said_once() {
    alone(options(&policy("")), async |world| {
        let slack = world.stack.slack.clone();
        for (application, fault) in [
            ("dropped", Fault::DropAfterApply),
            ("limited", Fault::RateLimited { retry_after: 1 }),
            ("broken", Fault::ServerError(500)),
        ] {
            slack.fail_next("chat.postMessage", fault);
            let (scene, request) = asks_once(world, application).await;
            goes_on(&scene, &request).await;
        }
    });
}

#[test]
fn an_outcome_whose_answer_was_lost_is_said_once() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let request = scene.ask("lost-answer").await;
        // The note, the progress and the outcome: each is posted, none is answered.
        world.stack.slack.fail_times("chat.postMessage", Fault::DropAfterApply, 3);
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
    });
}

#[test]
fn a_killed_bot_goes_on_where_it_was() {
    alone(options(&policy("")), async |world| {
        // While the request waits.
        let scene = world.scene();
        let request = scene.ask("killed-waiting").await;
        world.stack.kill_bot().await;
        world.stack.start_bot().await.unwrap();
        goes_on(&scene, &request).await;

        // While the bucket is being built.
        let scene = world.scene();
        let request = scene.ask("killed-building").await;
        world.stack.s3.freeze().await.unwrap();
        scene.approve(&request).await;
        let root = &request.root.ts;
        scene.alice.wait_for_in_thread(&scene.channel, root, |m| m.text.contains("1/8")).await.unwrap();
        world.stack.kill_bot().await;
        world.stack.s3.thaw().await.unwrap();
        world.stack.start_bot().await.unwrap();
        let patient = scene.alice.with_patience(LONG);
        let ends = |m: &provision_bot::demo::message::Message| m.ts != *root && m.text.contains("provisioned");
        patient.wait_for_in_thread(&scene.channel, root, ends).await.unwrap();
        scene.ended(&request, "provisioned").await;
        assert_eq!(scene.buckets(&request.id).await.len(), 1);
    });
}

#[test]
fn a_bot_killed_between_a_post_and_its_completion_says_it_once() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        // The card is posted, and the answer never comes back.
        let slack = world.stack.slack.clone();
        let form = scene.filled_form("killed-posting").await;
        slack.fail_next("chat.update", Fault::Hang);
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("killed-posting").await;
        scene.approve(&request).await;
        // The first edit after the approval hangs: killed there, it is done again.
        scene.temporal.wait_for(&request.id, "provisioning").await;
        world.stack.kill_bot().await;
        slack.heal();
        world.stack.start_bot().await.unwrap();
        let root = &request.root.ts;
        let patient = scene.alice.with_patience(LONG);
        let ends = |m: &provision_bot::demo::message::Message| m.ts != *root && m.text.contains("provisioned");
        patient.wait_for_in_thread(&scene.channel, root, ends).await.unwrap();
        scene.ended(&request, "provisioned").await;
    });
}

#[test]
fn temporal_goes_away_and_comes_back() {
    let on_disk = StackOptions { temporal_on_disk: true, ..options(&policy("timeout = \"5m\"")) };
    alone(on_disk, async |world| {
        let scene = world.scene();
        let request = scene.ask("outlived").await;
        let form = scene.filled_form("submitted-in-vain").await;
        world.stack.temporal.kill().await;

        // Clicks and submissions are answered with what to do, and nothing is lost.
        scene.select(&request).await;
        let clicked = scene.bob.click(&request.card, "approve").await.unwrap();
        assert!(private(&clicked).contains("try again"), "{}", private(&clicked));
        match form.submit().await.unwrap() {
            Submitted::Errors(errors) => assert!(errors["application_name"].contains("try again"), "{errors:?}"),
            other => panic!("{other:?}"),
        }
        assert!(form.is_open());

        world.stack.temporal.start_again().await.unwrap();
        world.stack.wait_until_ready().await.unwrap();
        scene.clicks(&scene.bob, &request.card, "approve").await;
        scene.outcome(&request, "provisioned").await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        scene.asked("submitted-in-vain").await;
    });
}

#[test]
fn a_bot_that_is_asked_to_stop_stops() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let request = scene.ask("stopped").await;
        assert_eq!(world.stack.stop_bot().await.unwrap(), Some(0));
        world.stack.start_bot().await.unwrap();
        goes_on(&scene, &request).await;
    });
}

#[test]
fn a_line_that_is_cut_is_used_again_when_it_is_back() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let request = scene.ask("cut-off").await;
        scene.select(&request).await;
        for proxy in [&world.stack.temporal_proxy, &world.stack.s3_proxy] {
            proxy.fail(Cut);
        }
        let clicked = scene.bob.click(&request.card, "approve").await.unwrap();
        assert!(private(&clicked).contains("try again"), "{}", private(&clicked));
        world.stack.temporal_proxy.heal();
        world.stack.wait_until_ready().await.unwrap();
        scene.clicks(&scene.bob, &request.card, "approve").await;
        let root = &request.root.ts;
        world.stack.s3_proxy.wait_for_one(0).await.unwrap();
        world.stack.s3_proxy.heal();
        let patient = scene.alice.with_patience(LONG);
        let ends = |m: &provision_bot::demo::message::Message| m.ts != *root && m.text.contains("provisioned");
        patient.wait_for_in_thread(&scene.channel, root, ends).await.unwrap();
        scene.ended(&request, "provisioned").await;
        assert_eq!(scene.buckets(&request.id).await.len(), 1);
    });
}
