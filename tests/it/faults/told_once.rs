//! What was said is not said again, whoever said it: an attempt whose answer was lost, in
//! a thread as long as one likes; a notice that failed before this one. And what others
//! say in the bot's words is not taken for the bot's own.

use std::time::Duration;

use futures::future::join_all;
use harness::stack::StackOptions;
use serde_json::json;
use slack_simulator::{BOT_USER, Channel};
use slack_simulator::{Fault, Message, Submitted};

use crate::building::s3_faults::bucket;
use crate::world::{Request, Scene, World, alone, options, policy};

const LONG: Duration = Duration::from_secs(90);

fn stack() -> StackOptions {
    options(&policy("timeout = \"10m\""))
}

fn scene(world: &World) -> Scene {
    world.scene().patient(LONG)
}

/// The parts of what the bot said about a request, in order.
fn parts(scene: &Scene, id: &str) -> Vec<String> {
    let said = scene.said(id).into_iter().filter(Message::is_from_bot);
    said.map(|m| m.metadata.unwrap()["event_payload"]["part"].as_str().unwrap().to_owned()).collect()
}

async fn ends(scene: &Scene, request: &Request) {
    scene.outcome(request, "provisioned").await;
    assert_eq!(scene.temporal.ended(&request.id).await.unwrap()["status"], "provisioned");
    assert_eq!(parts(scene, &request.id), ["root", "card", "progress-1", "outcome"], "{}", scene.slack.dump());
}

/// A request that is built until the proxy before S3 opens.
pub async fn being_built(scene: &Scene, application: &str) -> Request {
    let request = scene.ask(application).await;
    scene.s3_proxy.hold(&format!("{} PUT", bucket(scene, &request)));
    scene.approve(&request).await;
    let building = |m: &Message| m.ts == request.root.ts && m.says("is being built");
    scene.alice.wait_for(&scene.channel, building).await.unwrap();
    scene.alice.wait_for(&scene.channel, |m| m.says("approved it")).await.unwrap();
    request
}

/// Somebody else says in a channel what the bot would say as this part of a request.
fn forge(scene: &Scene, channel: &str, thread: Option<&str>, id: &str, part: &str) {
    // An app, an app that a person uses, and a person who writes metadata.
    for (user, through) in
        [("U0OTHERBOT1", Some("B0OTHERBOT1")), (scene.bob.id(), Some("B0OTHERBOT1")), (scene.bob.id(), None)]
    {
        let payload = json!({ "request_id": id, "part": part });
        let message = Message {
            channel: channel.to_owned(),
            user: user.to_owned(),
            through: through.map(String::from),
            text: "Nothing to do here.".to_owned(),
            metadata: Some(json!({ "event_type": "provision_request", "event_payload": payload })),
            thread_ts: thread.map(String::from),
            ..Message::default()
        };
        scene.slack.change(|acme| acme.post(message));
    }
}

/// Waits until this call failed this often in a channel.
async fn failed(scene: &Scene, method: &str, channel: &str, times: usize) {
    let is_it =
        |call: &&slack_simulator::Call| call.method == method && call.args["channel"] == channel && call.status != 200;
    let look = |acme: &slack_simulator::Workspace| (acme.calls.iter().filter(is_it).count() >= times).then_some(());
    scene.slack.wait_until(&format!("{method} to fail"), LONG, look).await.unwrap();
}

#[test]
fn what_others_say_in_the_bots_words_is_not_taken_for_its_own() {
    alone(stack(), async |world| {
        let scene = scene(world);
        let form = scene.filled_form("forged").await;
        scene.slack.fail_in(scene.bob.id(), "chat.postMessage", Fault::ServerError(500));
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        failed(&scene, "chat.postMessage", scene.bob.id(), 1).await;
        let root = scene.roots(&scene.channel).remove(0);
        let id = root.payload("request_id").unwrap().to_owned();
        forge(&scene, &scene.bob.dm_channel(), None, &id, "card");
        scene.slack.heal();
        let request = scene.asked("forged").await;

        scene.slack.fail_in(&scene.channel, "chat.postMessage", Fault::ServerError(500));
        scene.approve(&request).await;
        failed(&scene, "chat.postMessage", &scene.channel, 1).await;
        for part in ["progress-1", "outcome"] {
            forge(&scene, &scene.channel, Some(&request.root.ts), &id, part);
        }
        scene.slack.heal();
        ends(&scene, &request).await;
    });
}

#[test]
fn a_thread_of_hundreds_and_a_group_dm_are_looked_through() {
    alone(stack(), async |world| {
        let lost = Fault::DropAfterApply;
        let long = async |scene: Scene| {
            let request = scene.ask("long").await;
            for _ in 0..450 {
                scene.alice.say(&scene.channel, "What about this one?", Some(&request.root.ts));
            }
            scene.slack.fail_times_in(&scene.channel, "chat.postMessage", lost.clone(), 1);
            scene.approve(&request).await;
            scene.alice.wait_for(&scene.channel, |m| m.says("approved it")).await.unwrap();
            scene.slack.fail_times_in(&scene.channel, "chat.postMessage", lost.clone(), 1);
            ends(&scene, &request).await;
        };
        let group = async |mut scene: Scene| {
            let id = "G0GROUPDM01";
            let group = Channel::group_dm(id, &[scene.alice.id(), scene.bob.id(), BOT_USER]);
            scene.slack.change(|acme| acme.add_channel(group));
            scene.channel = id.to_owned();
            let form = scene.filled_form("group").await;
            scene.slack.fail_times_in(id, "chat.postMessage", lost.clone(), 1);
            assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
            let request = scene.asked("group").await;
            assert_eq!(request.root.channel, id);
            scene.slack.fail_times_in(id, "chat.postMessage", lost.clone(), 1);
            scene.approve(&request).await;
            ends(&scene, &request).await;
        };
        tokio::join!(long(scene(world)), group(scene(world)));
    });
}

/// The outcome is there when the edit behind it is refused.
#[test]
fn an_outcome_is_told_once_whatever_is_refused_behind_it() {
    alone(stack(), async |world| {
        let codes = ["a_code_nobody_knows", "team_access_not_granted", "edit_window_closed", "message_not_found"];
        let building = join_all(codes.map(async |code| {
            let scene = scene(world);
            let request = being_built(&scene, &code.replace('_', "-")).await;
            scene.slack.fail_times_in(&request.root.ts, "chat.update", Fault::Error(code.into()), 3);
            (scene, request)
        }))
        .await;
        world.stack.s3_proxy.open();
        join_all(building.iter().map(|(scene, request)| ends(scene, request))).await;
    });
}

/// A channel's message that could not be posted is posted by what is told next, once, although
/// that says several things side by side.
#[test]
fn a_channels_message_that_comes_late_is_posted_once() {
    alone(stack(), async |world| {
        let scene = scene(world);
        let refuses_once = |place: &str, code: &str| {
            scene.slack.fail_times_in(place, "chat.postMessage", Fault::Error(code.into()), 1);
        };
        refuses_once(&scene.channel, "is_archived");
        refuses_once(scene.alice.id(), "is_archived");
        let form = scene.filled_form("late").await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let card = scene.bob.wait_for_dm(|m| m.offers("approve")).await.unwrap();
        let id = card.payload("request_id").unwrap().to_owned();
        assert_eq!(parts(&scene, &id), ["card"]);
        refuses_once(&scene.channel, "a_code_nobody_knows");
        scene.approve(&Request { id: id.clone(), root: card.clone(), card }).await;
        let root = scene.root_in(&scene.channel, &id).await;
        scene.alice.wait_for_in_thread(&scene.channel, &root.ts, |m| m.says("provisioned")).await.unwrap();
        scene.temporal.ended(&id).await.unwrap();
        let roots = parts(&scene, &id).iter().filter(|part| *part == "root").count();
        assert_eq!(roots, 1, "{}", scene.slack.dump());
    });
}

/// Whatever had been posted when a notice failed is known to the next one.
#[test]
fn what_a_failed_notice_said_is_neither_said_again_nor_left_as_it_was() {
    alone(stack(), async |world| {
        // The question: the message in the channel and the card are there, and nobody knows.
        let asked = async |scene: Scene, application: &str| {
            let form = scene.filled_form(application).await;
            scene.slack.fail_times_in(scene.bob.id(), "chat.postMessage", Fault::HangAfterApply, 1);
            assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
            let request = scene.asked(application).await;
            scene.temporal.fail_pending(&request.id, "notify").await;
            (scene, request)
        };
        let cancelled = async {
            let (scene, request) = asked(scene(world), "withdrawn").await;
            scene.temporal.cancel(&request.id).await;
            scene.outcome(&request, "cancelled").await;
            scene.ended(&request, "cancelled").await;
            assert_eq!(parts(&scene, &request.id), ["root", "card", "outcome"], "{}", scene.slack.dump());
        };
        let rejected = async {
            let (scene, request) = asked(scene(world), "refused").await;
            scene.reject(&request, "Too dear").await;
            scene.outcome(&request, "rejected").await;
            scene.ended(&request, "rejected").await;
            assert_eq!(parts(&scene, &request.id), ["root", "card", "outcome"], "{}", scene.slack.dump());
        };
        let provisioned = async {
            let (scene, request) = asked(scene(world), "built").await;
            scene.approve(&request).await;
            ends(&scene, &request).await;
            scene.check(&request.id);
        };
        // The outcome itself: it is there, whoever told it is gone.
        let outcome = async {
            let scene = scene(world);
            let request = being_built(&scene, "told").await;
            world.stack.s3_proxy.open();
            scene.slack.fail_times_in(&scene.channel, "chat.postMessage", Fault::HangAfterApply, 1);
            scene.outcome(&request, "provisioned").await;
            scene.temporal.fail_pending(&request.id, "notify").await;
            ends(&scene, &request).await;
            scene.check(&request.id);
        };
        tokio::join!(cancelled, rejected, provisioned, outcome);
        world.stack.slack.heal();
    });
}

/// A card that Slack lets nobody change any more does not look alive without a word.
#[test]
fn buttons_that_cannot_be_taken_away_are_explained() {
    alone(stack(), async |world| {
        let codes = ["edit_window_closed", "cant_update_message"];
        join_all(codes.map(async |code| {
            let scene = scene(world);
            let request = scene.ask(&code.replace('_', "-")).await;
            scene.slack.fail_in(&request.card.ts, "chat.update", Fault::Error(code.into()));
            scene.reject(&request, "Too dear").await;
            scene.outcome(&request, "rejected").await;
            assert_eq!(scene.temporal.ended(&request.id).await.unwrap()["status"], "rejected");
            let said = parts(&scene, &request.id);
            assert_eq!(said, ["root", "card", "card-closed", "outcome"], "{}", scene.slack.dump());
            let told = scene.bob.wait_for_dm(|m| m.ts != request.card.ts && m.says("You rejected")).await.unwrap();
            assert_eq!(told.buttons(), Vec::<String>::new());
            scene.select(&request).await;
            let again = scene.bob.click(&request.card, "approve").await.unwrap();
            assert!(crate::world::ephemeral(&again).contains("already rejected"), "{:?}", again.ephemerals());
        }))
        .await;
    });
}
