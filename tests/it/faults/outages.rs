//! Deaths and outages: the bot is killed, Slack fails, Temporal goes away, and
//! the people notice nothing but the wait.

use std::time::Duration;

use harness::backends::TemporalServer;
use harness::proxy::Fault::Cut;
use harness::stack::{StackOptions, get};
use slack_simulator::{BOT_USER, Channel};
use slack_simulator::{Fault, Submitted};

use crate::building::s3_faults::{bucket, over};
use crate::operating::search_attributes::temporal;
use crate::world::{
    LOOK_AGAIN, Request, Scene, World, alone, ephemeral, eventually, options, policy, secluded, shared,
};

/// A worker that died is missed after ten seconds, and its workflow task after ten more.
const LONG: Duration = Duration::from_secs(60);
/// A moment in which Temporal does not answer, shorter than Slack waits.
const AWAY: Duration = Duration::from_millis(1_300);

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
        // The progress and the outcome: each is posted, none is answered.
        world.stack.slack.fail_times("chat.postMessage", Fault::DropAfterApply, 2);
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
    });
}

/// Reading a private channel back takes another scope than a public one.
#[test]
fn what_was_posted_in_a_private_channel_is_found_there() {
    shared(async |scene| {
        let channel = format!("G{}", &scene.channel[1..]);
        let members = [scene.alice.id(), scene.bob.id(), BOT_USER];
        scene.slack.change(|acme| acme.add_channel(Channel::private(&channel, "secret", &members)));
        scene.slack.fail_times_in(&channel, "chat.postMessage", Fault::DropAfterApply, 1);
        let form = scene.form_in(&channel, "hidden-twice").await;
        scene.fill(&form).await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let card = scene.bob.wait_for_dm(|m| m.offers("approve") && m.says("hidden-twice")).await.unwrap();
        let id = card.payload("request_id").unwrap().to_owned();
        let request = Request { root: scene.root_in(&channel, &id).await, id, card };
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
        assert_eq!(scene.roots(&channel).len(), 1, "{}", scene.slack.dump());
    });
}

/// Bob presses Approve as often as he is told to try again.
async fn approves_when_it_can(scene: &Scene, request: &Request) {
    eventually("the approval to be taken", async || {
        let clicked = scene.bob.click_as_seen(&request.card, "approve").await.unwrap();
        assert_eq!(clicked.error, None);
        (!ephemeral(&clicked).contains("try again")).then_some(())
    })
    .await;
}

#[test]
fn temporal_goes_away_and_comes_back() {
    let on_disk = StackOptions { temporal_on_disk: true, ..options(&policy("timeout = \"5m\"")) };
    secluded(on_disk, async |world| {
        let proxy = world.stack.s3_proxy.clone();
        let mut built = Vec::new();
        for application in ["built-meanwhile", "built-afterwards"] {
            let scene = world.scene();
            let request = scene.ask(application).await;
            let step = format!("{} PUT ?policy", bucket(&scene, &request));
            let before = proxy.held_so_far();
            proxy.hold(&step);
            scene.approve(&request).await;
            proxy.wait_for_one(before).await.unwrap();
            built.push((scene, request, step));
        }
        let scene = world.scene();
        let request = scene.ask("outlived").await;
        let form = scene.filled_form("submitted-in-vain").await;
        world.stack.temporal.own().kill().await;
        proxy.heal_each(&built[0].2);

        // Clicks and submissions are answered with what to do, and nothing is lost.
        scene.select(&request).await;
        let (alice, root) = (&built[0].0.alice, &built[0].1.root);
        for clicked in [
            scene.bob.click(&request.card, "approve").await.unwrap(),
            scene.bob.click(&request.card, "reject").await.unwrap(),
            alice.click(root, "cancel").await.unwrap(),
        ] {
            assert_eq!(clicked.error, None);
            assert!(ephemeral(&clicked).contains("try again"), "{}", ephemeral(&clicked));
        }
        match form.submit().await.unwrap() {
            Submitted::Errors(errors) => assert!(errors["application_name"].contains("try again"), "{errors:?}"),
            other => panic!("{other:?}"),
        }
        assert!(form.is_open());

        world.stack.temporal.own().start_again().await.unwrap();
        world.stack.wait_until_ready().await.unwrap();
        proxy.heal_each(&built[1].2);
        approves_when_it_can(&scene, &request).await;
        over(&scene, &request, "provisioned").await;
        for (scene, request, _) in &built {
            over(scene, request, "provisioned").await;
            assert_eq!(scene.buckets(&request.id).await, [bucket(scene, request)]);
            assert_eq!(scene.roots(&scene.channel).len(), 1);
        }
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("submitted-in-vain").await;
        assert_eq!(scene.temporal.count_listed("submitted-in-vain").await, 1);
        scene.approve(&request).await;
        over(&scene, &request, "provisioned").await;
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
        assert!(ephemeral(&clicked).contains("try again"), "{}", ephemeral(&clicked));
        world.stack.temporal_proxy.heal();
        world.stack.wait_until_ready().await.unwrap();
        approves_when_it_can(&scene, &request).await;
        let root = &request.root.ts;
        world.stack.s3_proxy.wait_for_one(0).await.unwrap();
        world.stack.s3_proxy.heal();
        let patient = scene.alice.with_patience(LONG);
        let ends = |m: &slack_simulator::Message| m.ts != *root && m.text.contains("provisioned");
        patient.wait_for_in_thread(&scene.channel, root, ends).await.unwrap();
        scene.ended(&request, "provisioned").await;
        assert_eq!(scene.buckets(&request.id).await.len(), 1);
    });
}

/// Waits until the bot says that it cannot serve, for this reason.
async fn not_ready(world: &World, why: &str) {
    let url = format!("{}/readyz", world.stack.bot_url());
    let says = async || get(&url).await.ok().filter(|(status, said)| *status == 503 && said.contains(why)).map(drop);
    eventually(&format!("the bot to say {why}"), says).await;
}

#[test]
fn a_namespace_that_comes_later_is_waited_for() {
    secluded(options(&policy("")), async |world| {
        world.stack.stop_bot().await.unwrap();
        world.stack.set_env("TEMPORAL_NAMESPACE", "later");
        world.stack.launch_bot(&["run"]).unwrap();
        not_ready(world, "later").await;
        let scene = world.scene();
        let form = scene.filled_form("too-early").await;
        match form.submit().await.unwrap() {
            Submitted::Errors(errors) => assert!(errors["application_name"].contains("try again"), "{errors:?}"),
            other => panic!("{other:?}"),
        }
        temporal(world, &["operator", "namespace", "create", "--namespace", "later"]).await.expect("created");
        world.stack.wait_until_ready().await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("too-early").await;
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
    });
}

/// Workers end by themselves when their polls have been refused for a minute.
#[test]
#[ignore = "takes more than a minute"]
fn a_namespace_that_goes_ends_no_process() {
    secluded(options(&policy("")), async |world| {
        temporal(world, &["operator", "namespace", "create", "--namespace", "comes-and-goes"]).await.expect("created");
        world.stack.stop_bot().await.unwrap();
        world.stack.set_env("TEMPORAL_NAMESPACE", "comes-and-goes");
        world.stack.start_bot().await.unwrap();
        let delete = ["operator", "namespace", "delete", "--yes", "--namespace", "comes-and-goes"];
        temporal(world, &delete).await.expect("deleted");
        not_ready(world, "comes-and-goes").await;
        let url = format!("{}/readyz", world.stack.bot_url());
        let deadline = tokio::time::Instant::now() + Duration::from_secs(240);
        loop {
            let (status, said) = get(&url).await.expect("the bot runs");
            assert_eq!(status, 503);
            if said.contains("of 2 run") {
                break;
            }
            assert!(tokio::time::Instant::now() < deadline, "no worker ended: {said}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let create = ["operator", "namespace", "create", "--namespace", "comes-and-goes"];
        eventually("the namespace to be made again", async || temporal(world, &create).await).await;
        world.stack.wait_until_ready().await.unwrap();
        let scene = world.scene();
        let request = scene.ask("came-back").await;
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
    });
}

/// Something is done while Temporal is away for a moment.
async fn slowly(temporal: &mut TemporalServer, deed: impl Future<Output = ()>) {
    temporal.freeze().await.unwrap();
    let back = async {
        tokio::time::sleep(AWAY).await;
        temporal.thaw().await.unwrap();
    };
    tokio::join!(deed, back);
}

#[test]
fn temporal_may_take_its_time_as_long_as_slack_waits() {
    secluded(options(&policy("")), async |world| {
        let scene = world.scene();
        let form = scene.filled_form("in-no-hurry").await;
        let temporal = world.stack.temporal.own();
        slowly(temporal, async { assert_eq!(form.submit().await.unwrap(), Submitted::Closed) }).await;
        let request = scene.asked("in-no-hurry").await;
        scene.select(&request).await;
        slowly(temporal, scene.clicks(&scene.bob, &request.card, "approve")).await;
        scene.outcome(&request, "provisioned").await;
        let other = scene.ask("in-no-hurry-either").await;
        slowly(temporal, scene.clicks(&scene.alice, &other.root, "cancel")).await;
        scene.outcome(&other, "cancelled").await;
    });
}

#[test]
fn without_temporal_people_are_told_and_nothing_is_half_done() {
    let options = StackOptions { temporal_on_disk: true, log: "off".to_owned(), ..options(&policy("")) };
    secluded(options, async |world| {
        let scene = world.scene();
        let waiting = scene.ask("waits").await;
        scene.select(&waiting).await;
        let reject = scene.bob.click(&waiting.card, "reject").await.unwrap().modal.expect("a form for the reason");
        reject.fill("reason", "Not now").await.unwrap();
        let form = scene.filled_form("patient").await;

        for outage in ["frozen", "stopped"] {
            match outage {
                "frozen" => world.stack.temporal.own().freeze().await.unwrap(),
                _ => {
                    world.stack.temporal.own().thaw().await.unwrap();
                    world.stack.temporal.own().stop().await;
                }
            }
            let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("{outage}: taken") };
            let said: Vec<_> = errors.values().collect();
            assert!(said[0].contains("try again"), "{outage}: {errors:?}");
            assert_eq!(form.value("application_name").unwrap()["value"], "patient", "what was typed stays");
            assert!(form.value("justification").unwrap()["value"].is_string());

            let clicked = scene.bob.click(&waiting.card, "approve").await.unwrap();
            assert_eq!(clicked.error, None, "{outage}");
            assert!(ephemeral(&clicked).contains("try again"), "{outage}: {}", ephemeral(&clicked));
            let clicked = scene.alice.click(&waiting.root, "cancel").await.unwrap();
            assert_eq!(clicked.error, None, "{outage}");
            assert!(ephemeral(&clicked).contains("try again"), "{outage}: {}", ephemeral(&clicked));
            let Submitted::Errors(errors) = reject.submit().await.unwrap() else { panic!("{outage}: taken") };
            assert!(errors["reason"].contains("try again"), "{outage}: {errors:?}");

            let (status, why) = get(&format!("{}/readyz", scene.bot_url)).await.unwrap();
            assert!(status == 503 && why.contains("temporal"), "{outage}: {status} {why}");
        }

        world.stack.temporal.own().start_again().await.unwrap();
        world.stack.wait_until_ready().await.unwrap();
        assert_eq!(scene.temporal.state(&waiting.id).await.unwrap()["status"], "awaiting_authorization");
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let patient = scene.asked("patient").await;
        scene.approve(&patient).await;
        scene.ended(&patient, "provisioned").await;
        assert_eq!(reject.submit().await.unwrap(), Submitted::Closed);
        scene.ended(&waiting, "rejected").await;
        assert_eq!(scene.temporal.count("patient-").await, 1, "the submissions before started nothing else");
    });
}
