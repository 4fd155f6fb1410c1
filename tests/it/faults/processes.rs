//! The web side and the workers as processes of their own, one or several, any of
//! which dies: what is left goes on, and nothing is lost or there twice.

use futures::future::join_all;
use harness::bot::Bot;
use harness::proxy::{Fault, Proxy};
use slack_simulator::Submitted;

use crate::building::s3_faults::{bucket, over};
use crate::world::{Request, Scene, World, alone, options, policy};

const WEB: [&str; 3] = ["run", "--only", "web"];
const WORKER: [&str; 3] = ["run", "--only", "worker"];

/// The request ends well, and there is one of everything.
async fn ends_well(scene: &Scene, request: &Request) {
    over(scene, request, "provisioned").await;
    assert_eq!(scene.roots(&scene.channel).len(), 1, "{}", scene.slack.dump());
    let cards = scene.said(&request.id).iter().filter(|m| m.channel == scene.bob.dm_channel()).count();
    assert_eq!(cards, 1, "{}", scene.slack.dump());
    // Root, progress, outcome.
    assert_eq!(scene.alice.thread(&scene.channel, &request.root.ts).len(), 3, "{}", scene.slack.dump());
    assert_eq!(scene.buckets(&request.id).await, [bucket(scene, request)]);
    let application = request.id.rsplit_once('-').unwrap().0;
    assert_eq!(scene.temporal.count_listed(application).await, 1);
}

/// Asks and approves, and returns in the middle of building.
pub async fn halfway(world: &World, application: &str) -> (Scene, Request) {
    let scene = world.scene();
    let request = scene.ask(application).await;
    let before = scene.s3_proxy.held_so_far();
    scene.s3_proxy.hold(&format!("{} PUT ?policy", bucket(&scene, &request)));
    scene.approve(&request).await;
    scene.s3_proxy.wait_for_one(before).await.unwrap();
    (scene, request)
}

/// Starts one more web side, and has Slack deliver to it.
async fn web(world: &World) -> Bot {
    let web = world.stack.start_beside(&WEB).await.unwrap();
    world.stack.slack.connect_bot(&web.url());
    web
}

async fn worker(world: &World) -> Bot {
    world.stack.start_beside(&WORKER).await.unwrap()
}

#[test]
fn a_form_outlives_the_bot_that_opened_it() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let slack = world.stack.slack.clone();
        let died_open = world.scene();
        let open = died_open.filled_form("died-open").await;
        // The other form is taken, its workflow started, and the answer lost.
        let died_silent = world.scene();
        let way = Proxy::start(&world.stack.bot_url()).await.unwrap();
        slack.connect_bot(&way.url());
        let silent = died_silent.filled_form("died-silent").await;
        way.fail_times("POST /slack/interactions", Fault::LoseAnswer, 1);
        assert!(matches!(silent.submit().await.unwrap(), Submitted::Trouble(_)));
        died_silent.asked("died-silent").await;

        world.stack.kill_bot().await;
        assert!(matches!(open.submit().await.unwrap(), Submitted::Trouble(_)));
        world.stack.start_bot().await.unwrap();
        for (scene, form, application) in [(died_open, open, "died-open"), (died_silent, silent, "died-silent")] {
            assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
            let request = scene.asked(application).await;
            scene.approve(&request).await;
            ends_well(&scene, &request).await;
        }
    });
}

#[test]
fn the_web_side_and_the_worker_die_apart() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        world.stack.stop_bot().await.unwrap();
        let proxy = world.stack.s3_proxy.clone();
        let (first_web, first_worker) = (web(world).await, worker(world).await);

        // While a request waits. A click meets Slack's own warning, or is kept.
        let scene = world.scene();
        let request = scene.ask("waiting").await;
        scene.select(&request).await;
        first_web.kill().await;
        assert!(scene.bob.click(&request.card, "approve").await.unwrap().error.is_some());
        let second_web = web(world).await;
        first_worker.kill().await;
        scene.clicks(&scene.bob, &request.card, "approve").await;
        let second_worker = worker(world).await;
        ends_well(&scene, &request).await;

        // While one is built: without the web side it goes on at once.
        let (scene, request) = halfway(world, "without-web").await;
        second_web.kill().await;
        proxy.open();
        ends_well(&scene, &request).await;

        let _third_web = web(world).await;
        let (scene, request) = halfway(world, "without-worker").await;
        second_worker.kill().await;
        proxy.open();
        let _third_worker = worker(world).await;
        ends_well(&scene, &request).await;
    });
}

#[test]
fn of_two_of_each_any_may_die() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        world.stack.stop_bot().await.unwrap();
        let slack = world.stack.slack.clone();
        let (one_web, other_web) = (web(world).await, web(world).await);
        let (one_worker, _other_worker) = (worker(world).await, worker(world).await);

        // Both hear of the same submission.
        let waits = world.scene();
        let form = waits.filled_form("waits").await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let submission = slack.last_delivery("view_submission").unwrap();
        slack.connect_bot(&one_web.url());
        assert_eq!(slack.redeliver(&submission).await.status, Some(200));
        let waiting = waits.asked("waits").await;
        waits.select(&waiting).await;

        let mut built = Vec::new();
        for n in 0..4 {
            built.push(halfway(world, &format!("built-{n}")).await);
        }
        one_web.kill().await;
        one_worker.kill().await;
        slack.connect_bot(&other_web.url());
        waits.clicks(&waits.bob, &waiting.card, "approve").await;
        world.stack.s3_proxy.open();
        built.push((waits, waiting));
        join_all(built.iter().map(|(scene, request)| ends_well(scene, request))).await;
    });
}
