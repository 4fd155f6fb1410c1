//! Undoing waits as long as it takes, and people hear of it when that is long.

use std::time::Duration;

use harness::proxy::Fault;
use slack_simulator::Message;
use tokio::time::{Instant, sleep};

use crate::building::s3_faults::{LONG, bucket, over};
use crate::world::{LOOK_AGAIN, Request, Scene, World, alone, options, policy};

/// A queue may wait for a minute, behind ten seconds of silence, or as long as undoing is
/// tried before people hear of it, on a busy machine.
const LONGER: Duration = Duration::from_secs(120);

/// Waits until the history tells that undoing was given up once.
async fn first_round_over(scene: &Scene, request: &Request) {
    let deadline = Instant::now() + LONGER;
    while !scene.temporal.tells_of(&request.id, "ActivityTaskTimedOut").await {
        assert!(Instant::now() < deadline, "undoing was not given up");
        sleep(LOOK_AGAIN).await;
    }
}

/// A request that is withdrawn while it is built, and held in this call of undoing.
async fn being_undone(world: &World, application: &str, step: &str) -> (Scene, Request) {
    let proxy = &world.stack.s3_proxy;
    let scene = world.scene();
    let request = scene.ask(application).await;
    let bucket = bucket(&scene, &request);
    let (last, undoing) = (format!("{bucket} GET /index.html"), format!("{bucket} {step}"));
    let before = proxy.held_so_far();
    proxy.hold(&last);
    scene.approve(&request).await;
    proxy.wait_for_one(before).await.unwrap();
    let root = scene.alice.refresh(&request.root).unwrap();
    scene.clicks(&scene.alice, &root, "cancel").await;
    let before = proxy.held_so_far();
    proxy.hold(&undoing);
    proxy.heal_each(&last);
    proxy.wait_for_one(before).await.unwrap();
    (scene, request)
}

#[test]
fn undoing_waits_for_a_provisioner_that_is_away() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let (scene, request) = being_undone(world, "away", "GET ?uploads").await;
        world.stack.kill_bot().await;
        world.stack.s3_proxy.open();
        // Nobody is there for longer than a queue may wait.
        first_round_over(&scene, &request).await;
        assert_eq!(scene.buckets(&request.id).await.len(), 1, "nobody could remove it");
        world.stack.start_bot().await.unwrap();

        let still = |m: &Message| m.says("Still there") && m.says("Nobody takes work from the task queue");
        let patient = scene.alice.with_patience(LONG);
        let note = patient.wait_for_in_thread(&scene.channel, &request.root.ts, still).await.unwrap();
        assert!(note.says(&bucket(&scene, &request)), "{}", note.plain());
        let outcome = over(&scene, &request, "cancelled").await;
        assert!(outcome.says("Everything that had been built is removed."), "{}", outcome.text);
        assert!(scene.buckets(&request.id).await.is_empty());
        let thread = scene.alice.thread(&scene.channel, &request.root.ts);
        assert_eq!(thread.iter().filter(|m| still(m)).count(), 1, "said once: {}", scene.slack.dump());
    });
}

#[test]
fn undoing_waits_for_somebody_to_log_in_again() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let (scene, request) = being_undone(world, "logged-out", "GET ?uploads").await;
        let (proxy, bucket) = (&world.stack.s3_proxy, bucket(&scene, &request));
        proxy.fail_each(&bucket, Fault::refuse(400, "ExpiredToken"));
        proxy.heal_each(&format!("{bucket} GET ?uploads"));

        let still = |m: &Message| m.says("Still there") && m.says("Renew the credentials of the AWS profile");
        let patient = scene.alice.with_patience(LONGER);
        let note = patient.wait_for_in_thread(&scene.channel, &request.root.ts, still).await.unwrap();
        assert!(note.says(&bucket), "{}", note.plain());
        assert_eq!(scene.buckets(&request.id).await, std::slice::from_ref(&bucket), "nobody could remove it");
        proxy.heal_each(&bucket);
        let outcome = over(&scene, &request, "cancelled").await;
        assert!(outcome.says("Everything that had been built is removed."), "{}", outcome.text);
        assert!(scene.buckets(&request.id).await.is_empty());
        let thread = scene.alice.thread(&scene.channel, &request.root.ts);
        assert_eq!(thread.iter().filter(|m| still(m)).count(), 1, "said once: {}", scene.slack.dump());
    });
}
