//! What becomes of a plan of which nothing is built: it is removed, once, and nobody waits for
//! that.

use super::planner::{OPERATIONS, Planner, ask, card, show, shown, with_planner};
use crate::world::{ADA, Request, Scene, alone};

#[test]
fn what_a_plan_left_is_removed_after_every_end_without_building() {
    alone(with_planner("timeout = \"10m\""), async |world| {
        let mut planner = Planner::start(world).await;
        rejected(&world.scene(), &planner).await;
        rejected_meanwhile(&world.scene(), &planner).await;
        cancelled(&world.scene(), &planner).await;
        cancelled_meanwhile(&world.scene(), &planner).await;
        undisturbed(&world.scene(), &planner).await;
        lingering(&world.scene(), &planner).await;
        kept(&world.scene(), &planner).await;
        given_up(&world.scene(), &planner).await;
        planner_killed(world, &mut planner).await;
        bot_killed(world, &planner).await;
    });
}

#[test]
fn a_request_with_a_plan_expires_all_the_same() {
    alone(with_planner("timeout = \"6s\""), async |world| {
        let planner = Planner::start(world).await;
        let scene = world.scene();
        let request = shown(&scene, "expires").await;
        scene.outcome(&request, "expired").await;
        scene.ended(&request, "expired").await;
        assert_eq!(planner.plans("discard", &request), [Some("us-east-1-1".to_owned())]);
        assert_eq!(planner.calls("provision", &request).len(), 0);
    });
}

async fn rejected(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "refused").await;
    scene.reject(&request, "Too many walls").await;
    scene.outcome(&request, "rejected").await;
    scene.ended(&request, "rejected").await;
    assert_eq!(planner.plans("discard", &request), [Some("us-east-1-1".to_owned())]);
    assert_eq!((planner.calls("provision", &request).len(), planner.calls("destroy", &request).len()), (0, 0));
}

async fn rejected_meanwhile(scene: &Scene, planner: &Planner) {
    let request = underway(scene, "slow-no").await;
    scene.reject(&request, "I know that plan").await;
    scene.outcome(&request, "rejected").await;
    scene.ended(&request, "rejected").await;
    assert_eq!(planner.plans("discard", &request), [None], "it was called off");
}

async fn cancelled(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "withdrawn").await;
    let root = scene.root_now(&request).await;
    scene.clicks(&scene.alice, &root, "cancel").await;
    scene.outcome(&request, "cancelled").await;
    scene.ended(&request, "cancelled").await;
    assert_eq!(planner.plans("discard", &request), [Some("us-east-1-1".to_owned())]);
}

async fn cancelled_meanwhile(scene: &Scene, planner: &Planner) {
    let request = underway(scene, "slow-withdrawn").await;
    let root = scene.root_now(&request).await;
    scene.clicks(&scene.alice, &root, "cancel").await;
    scene.outcome(&request, "cancelled").await;
    scene.ended(&request, "cancelled").await;
    assert_eq!(planner.plans("discard", &request), [None]);
}

/// A request that never had a plan leaves nothing.
async fn undisturbed(scene: &Scene, planner: &Planner) {
    let request = ask(scene, "unseen").await;
    scene.reject(&request, "No").await;
    scene.outcome(&request, "rejected").await;
    scene.ended(&request, "rejected").await;
    assert_eq!((planner.calls("plan", &request).len(), planner.calls("discard", &request).len()), (0, 0));
}

/// The end is told while it is still being removed.
async fn lingering(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "lingers").await;
    scene.reject(&request, "No").await;
    scene.outcome(&request, "rejected").await;
    planner.wait_for("discard", &request, &[Some("us-east-1-1")]).await;
    assert_eq!(scene.temporal.state(&request.id).await.unwrap()["status"], "rejected");
    planner.tell("gone", &request);
    scene.ended(&request, "rejected").await;
}

/// It cannot be removed: the thread and those who operate the bot are told.
async fn kept(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "keeps").await;
    scene.reject(&request, "No").await;
    scene.outcome(&request, "rejected").await;
    let told = |m: &slack_simulator::Message| m.says("The stack is not ours") && m.says("us-east-1-1");
    scene.alice.wait_for_in_thread(&request.root.channel, &request.root.ts, told).await.unwrap();
    let operations = scene.slack.person(ADA).wait_for(OPERATIONS, told).await.unwrap();
    assert!(operations.says(&request.id), "{}", operations.plain());
    scene.ended(&request, "rejected").await;
    assert_eq!(planner.calls("discard", &request).len(), 1);
}

/// What is built of a plan is destroyed, and not discarded as well.
async fn given_up(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "fails").await;
    scene.clicks(&scene.bob, &request.card, "approve").await;
    let asks = |m: &slack_simulator::Message| m.offers("give_up") && m.payload("request_id") == Some(&*request.id);
    let question = scene.bob.wait_for_dm(asks).await.unwrap();
    assert!(question.says("The brush broke"), "{}", question.plain());
    scene.clicks(&scene.bob, &question, "give_up").await;
    scene.outcome(&request, "failed").await;
    scene.ended(&request, "failed").await;
    assert_eq!(planner.calls("discard", &request).len(), 0);
    assert_eq!(planner.plans("destroy", &request), [Some("us-east-1-1".to_owned())]);
}

/// The worker that plans dies: another one plans.
async fn planner_killed(world: &crate::world::World, planner: &mut Planner) {
    let scene = world.scene().patient(slack_simulator::PATIENCE * 2);
    let request = underway(&scene, "slow-killed").await;
    planner.restart(world).await;
    planner.tell("go", &request);
    let card = card(&scene, &request, "approve").await;
    assert_eq!(planner.plans("plan", &request), [None, None], "once more");
    let request = Request { card, ..request };
    scene.clicks(&scene.bob, &request.card, "approve").await;
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    assert_eq!(planner.calls("discard", &request).len(), 0, "attempts are not plans");
}

/// The bot dies while a plan is made.
async fn bot_killed(world: &mut crate::world::World, planner: &Planner) {
    let scene = world.scene().patient(slack_simulator::PATIENCE * 2);
    let request = underway(&scene, "slow-bot").await;
    world.stack.kill_bot().await;
    planner.tell("go", &request);
    world.stack.start_bot().await.unwrap();
    let card = card(&scene, &request, "approve").await;
    assert_eq!(planner.plans("plan", &request), [None]);
    let request = Request { card, ..request };
    scene.clicks(&scene.bob, &request.card, "approve").await;
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
}

/// A request whose plan is being made.
pub async fn underway(scene: &Scene, application: &str) -> Request {
    let request = ask(scene, application).await;
    show(scene, &request).await;
    let card = scene.bob.wait_for_dm(|m| m.ts == request.card.ts && m.says("2/3")).await.unwrap();
    Request { card, ..request }
}
