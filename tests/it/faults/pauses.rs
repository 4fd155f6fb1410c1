//! Workers that are paused for longer than Temporal waits for them, and go on: what they
//! do then changes nothing, and nothing is left that nobody knows of.

use std::time::Duration;

use futures::future::join_all;
use harness::bot::Bot;
use tokio::time::{Instant, sleep};

use crate::building::s3_faults::{LONG, bucket, over_within};
use crate::faults::deaths::STEPS;
use crate::world::{LOOK_AGAIN, Request, Scene, World, alone, eventually, options, policy};

/// The server still hands out work to the polls that a paused worker had open: each takes
/// one task along, which is handed out again only when its time is over, five seconds for
/// a step of the workflow and ten for an activity.
const PAUSED: Duration = Duration::from_secs(180);

const WEB: [&str; 3] = ["run", "--only", "web"];
const WORKER: [&str; 3] = ["run", "--only", "worker"];

/// The web side, and one worker that can be paused.
async fn apart(world: &mut World) -> (Bot, Bot) {
    world.stack.stop_bot().await.unwrap();
    let web = world.stack.start_beside(&WEB).await.unwrap();
    world.stack.slack.connect_bot(&web.url());
    (web, world.stack.start_beside(&WORKER).await.unwrap())
}

/// A request whose building waits in this call.
async fn held_at(world: &World, application: &str, step: &str) -> (Scene, Request, String) {
    let scene = world.scene();
    let request = scene.ask(application).await;
    let what = format!("{} {step}", bucket(&scene, &request));
    world.stack.s3_proxy.hold(&what);
    scene.approve(&request).await;
    eventually("the call", async || (world.stack.s3_proxy.met(&what) > 0).then_some(())).await;
    (scene, request, what)
}

/// Alice withdraws the request, and the server knows: of what is paused from here on
/// there is no further attempt.
async fn withdraw(scene: &Scene, request: &Request) {
    let root = scene.alice.refresh(&request.root).unwrap();
    scene.clicks(&scene.alice, &root, "cancel").await;
    let known = async || scene.temporal.tells_of(&request.id, "ActivityTaskCancelRequested").await.then_some(());
    eventually("the cancellation to be known", known).await;
}

/// Whether the bucket is there, whosever it is.
async fn is_there(scene: &Scene, bucket: &str) -> bool {
    scene.s3("us-east-1").head_bucket().bucket(bucket).send().await.is_ok()
}

#[test]
fn what_a_paused_worker_creates_after_it_was_undone_is_removed() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let (_web, mut paused) = apart(world).await;
        let proxy = world.stack.s3_proxy.clone();
        // In the call that creates, and between that and the tag that makes it ours.
        let (creating, created, held) = held_at(world, "creating", "PUT").await;
        let (claiming, claimed, _) = held_at(world, "claiming", "PUT ?tagging").await;
        for (scene, request) in [(&creating, &created), (&claiming, &claimed)] {
            withdraw(scene, request).await;
        }
        paused.freeze().await.unwrap();
        let other = world.stack.start_beside(&WORKER).await.unwrap();
        for (scene, request) in [(&creating, &created), (&claiming, &claimed)] {
            let outcome = over_within(PAUSED, scene, request, "cancelled").await;
            assert!(outcome.says("Everything that had been built is removed."), "{}", outcome.text);
            assert!(!is_there(scene, &bucket(scene, request)).await);
        }
        // Now it is created, and its maker goes on.
        let late = bucket(&creating, &created);
        let removal = format!("{late} DELETE");
        proxy.hold(&removal);
        proxy.heal_each(&held);
        eventually("the late bucket", async || is_there(&creating, &late).await.then_some(())).await;
        paused.thaw().await.unwrap();
        eventually("its removal", async || (proxy.met(&removal) > 0).then_some(())).await;
        proxy.open();
        eventually("its end", async || (!is_there(&creating, &late).await).then_some(())).await;
        assert!(!is_there(&claiming, &bucket(&claiming, &claimed)).await);
        other.kill().await;
    });
}

#[test]
fn a_bucket_that_appears_while_it_is_undone_is_removed() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let (_web, mut paused) = apart(world).await;
        let (scene, request, held) = held_at(world, "appearing", "PUT").await;
        let name = bucket(&scene, &request);
        withdraw(&scene, &request).await;
        paused.freeze().await.unwrap();
        let proxy = world.stack.s3_proxy.clone();
        let look = format!("GET {name} ?tagging");
        proxy.hold(&look);
        let _other = world.stack.start_beside(&WORKER).await.unwrap();
        let looked = async || {
            // Behind ten seconds of silence, and as many in which the paused worker is
            // asked first.
            let deadline = Instant::now() + LONG;
            while proxy.met(&look) == 0 {
                assert!(Instant::now() < deadline, "nobody looked");
                sleep(LOOK_AGAIN).await;
            }
        };
        looked().await;
        proxy.heal_each(&look);
        // It found nothing, so it looks again.
        proxy.hold(&look);
        looked().await;
        assert!(!is_there(&scene, &name).await);
        proxy.heal_each(&held);
        eventually("the late bucket", async || is_there(&scene, &name).await.then_some(())).await;
        proxy.heal_each(&look);
        over_within(PAUSED, &scene, &request, "cancelled").await;
        assert!(!is_there(&scene, &name).await);
        // Its maker never goes on.
        paused.kill().await;
        assert!(!is_there(&scene, &name).await);
    });
}

#[test]
fn a_paused_worker_that_was_overtaken_changes_nothing() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let (_web, mut paused) = apart(world).await;
        let proxy = world.stack.s3_proxy.clone();
        let mut held = Vec::new();
        for (application, step) in STEPS {
            let step = if application == "tags" { "PUT ?encryption" } else { step };
            held.push(held_at(world, application, step).await);
        }
        paused.freeze().await.unwrap();
        proxy.open();
        let other = world.stack.start_beside(&WORKER).await.unwrap();
        join_all(held.iter().map(|(scene, request, _)| over_within(PAUSED, scene, request, "provisioned"))).await;

        // From here on whatever is asked for these buckets is the paused one's.
        let changes: Vec<String> = held
            .iter()
            .flat_map(|(scene, request, _)| {
                ["PUT", "POST", "DELETE"].map(|m| format!("{m} /{}", bucket(scene, request)))
            })
            .collect();
        changes.iter().for_each(|what| proxy.hold(what));
        other.kill().await;
        paused.thaw().await.unwrap();
        // It is alive and well, and works for others.
        let scene = world.scene().patient(LONG);
        let request = scene.ask("next").await;
        scene.approve(&request).await;
        over_within(PAUSED, &scene, &request, "provisioned").await;
        for what in changes {
            assert_eq!(proxy.met(&what), 0, "{what}");
        }
        for (scene, request, _) in &held {
            assert_eq!(scene.buckets(&request.id).await, [bucket(scene, request)]);
            let s3 = scene.s3("us-east-1");
            s3.get_object().bucket(bucket(scene, request)).key("index.html").send().await.expect("it is whole");
        }
    });
}
