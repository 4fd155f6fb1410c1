//! Slack at its worst, through the whole of a request: limits, errors, silence,
//! lost answers. Every message arrives once and in order, and nobody asks before
//! the time that Slack gave.

use std::time::Duration;

use futures::future::join_all;
use harness::stack::StackOptions;
use slack_simulator::{Fault, Message, Submitted};

use crate::world::{Request, Scene, World, alone, eventually, options, policy};

const LONG: Duration = Duration::from_secs(90);

fn stack() -> StackOptions {
    options(&policy("timeout = \"10m\""))
}

fn patient_scene(world: &World) -> Scene {
    world.scene().patient(LONG)
}

async fn asks(scene: &Scene, application: &str) -> Request {
    let form = scene.filled_form(application).await;
    assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    scene.asked(application).await
}

/// Approves, waits for the end, and looks at everything that was said.
async fn ends(scene: &Scene, request: &Request) {
    scene.approve(request).await;
    scene.outcome(request, "provisioned").await;
    scene.ended(request, "provisioned").await;
    let said = scene.said(&request.id);
    let parts: Vec<_> = said.iter().map(part).collect();
    assert_eq!(parts, ["root", "card", "progress-1", "outcome"], "{}", scene.slack.dump());
    assert_eq!(scene.roots(&scene.channel).len(), 1, "{}", scene.slack.dump());
    obeyed(scene);
}

fn part(message: &Message) -> serde_json::Value {
    message.metadata.as_ref().unwrap()["event_payload"]["part"].clone()
}

fn obeyed(scene: &Scene) {
    let impatient = scene.slack.read(|state| state.impatient.clone());
    assert!(impatient.is_empty(), "asked before the time: {impatient:#?}");
}

#[test]
fn whatever_slack_does_every_message_arrives_once_and_in_order() {
    alone(stack(), async |world| {
        let slack = world.stack.slack.clone();
        let mut all = Vec::new();
        let ratelimited = || Fault::Error("ratelimited".into());
        for (name, fault, times) in [
            ("retry-after", Fault::RateLimited { retry_after: 2 }, 2),
            ("limited-200", ratelimited(), 1),
            ("broken", Fault::ServerError(500), 1),
            ("lost", Fault::DropAfterApply, 1),
            ("page-200", Fault::Html(200), 1),
            ("page-502", Fault::Html(502), 1),
        ] {
            let scene = patient_scene(world);
            let slack = slack.clone();
            all.push(async move {
                let fails = |method: &str| slack.fail_times_in(&scene.channel, method, fault.clone(), times);
                fails("chat.postMessage");
                let request = asks(&scene, name).await;
                ["chat.postMessage", "chat.update", "conversations.replies"].into_iter().for_each(fails);
                ends(&scene, &request).await;
            });
        }
        join_all(all).await;
    });
}

#[test]
fn a_limit_met_by_the_checks_or_the_form_is_obeyed() {
    alone(stack(), async |world| {
        let slack = world.stack.slack.clone();
        let scene = patient_scene(world);
        let form = scene.filled_form("checked").await;
        slack.fail_times("users.info", Fault::RateLimited { retry_after: 2 }, 1);
        // Whether the form or the workflow meets it, nobody asks again too early.
        let taken = async || (form.submit().await.unwrap() == Submitted::Closed).then_some(());
        eventually("the form to be taken", taken).await;
        let request = scene.asked("checked").await;
        ends(&scene, &request).await;

        slack.fail_next("views.open", Fault::RateLimited { retry_after: 2 });
        let first = scene.alice.command(&scene.channel, "/provision", "form").await;
        let told = "Slack asks us to wait 2 seconds. Please try again after that: /provision form";
        assert_eq!(first.ephemeral().expect("an answer").text, told);
        // Until the time has passed Slack is not asked, and Alice is answered all the same.
        let opens = async || {
            let again = scene.alice.command(&scene.channel, "/provision", "form").await;
            assert!(again.modal.is_some() || again.ephemeral().is_some(), "silence");
            again.modal
        };
        eventually("the form to open", opens).await;
        obeyed(&scene);
    });
}

#[test]
fn a_hung_slack_holds_up_no_message_for_good() {
    alone(stack(), async |world| {
        let slack = world.stack.slack.clone();
        let scene = patient_scene(world);
        let form = scene.filled_form("hung").await;
        slack.fail_in(&scene.channel, "chat.postMessage", Fault::Hang);
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        // Each call gives up on its own, and is made again.
        let channel = scene.channel.clone();
        let hung = |calls: &[slack_simulator::Call]| {
            calls.iter().filter(|call| call.status == 0 && call.args["channel"] == channel.as_str()).count()
        };
        slack.wait_until("two calls to hang", LONG, |acme| (hung(&acme.calls) >= 2).then_some(())).await.unwrap();
        slack.heal();
        let request = scene.asked("hung").await;
        ends(&scene, &request).await;
    });
}

/// The progress is refused for good, in the channel and in the DM.
#[test]
fn what_slack_refuses_for_good_costs_that_message_alone() {
    alone(stack(), async |world| {
        let slack = world.stack.slack.clone();
        let scene = patient_scene(world);
        let request = asks(&scene, "refused").await;
        slack.fail_times_in(&scene.channel, "chat.postMessage", Fault::Error("is_archived".into()), 1);
        slack.fail_times_in(scene.alice.id(), "chat.postMessage", Fault::Error("messages_tab_disabled".into()), 1);
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
        let said: Vec<_> = scene.said(&request.id).iter().map(part).collect();
        assert_eq!(said, ["root", "card", "outcome"], "{}", scene.slack.dump());
    });
}

#[test]
fn what_was_said_before_a_refusal_is_neither_said_nor_looked_for_again() {
    alone(stack(), async |world| {
        let slack = world.stack.slack.clone();
        let scene = patient_scene(world);
        let form = scene.filled_form("half-said").await;
        slack.fail_times_in(scene.bob.id(), "chat.postMessage", Fault::RateLimited { retry_after: 1 }, 1);
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("half-said").await;
        ends(&scene, &request).await;
        // The attempt that was refused had told, with its failure, where it posted.
        let in_channel = |method: &str| {
            let calls = slack.calls();
            calls.iter().filter(|call| call.method == method && call.args["channel"] == scene.channel.as_str()).count()
        };
        assert_eq!(in_channel("conversations.history"), 0, "{}", slack.dump());
        assert!(slack.calls().iter().any(|call| call.status == 429), "nothing was refused");
    });
}

#[test]
fn a_busy_channel_holds_up_no_other() {
    alone(stack(), async |world| {
        let slack = world.stack.slack.clone();
        let busy = patient_scene(world);
        let other = patient_scene(world);
        let form = busy.filled_form("busy").await;
        slack.fail_in(&busy.channel, "chat.postMessage", Fault::RateLimited { retry_after: 30 });
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let refused = |calls: &[slack_simulator::Call]| {
            calls.iter().filter(|call| call.status == 429 && call.args["channel"] == busy.channel.as_str()).count()
        };
        slack.wait_until("Slack to refuse", LONG, |acme| (refused(&acme.calls) > 0).then_some(())).await.unwrap();

        let request = asks(&other, "quick").await;
        ends(&other, &request).await;
        // All of it within the time that the busy channel waits for.
        assert_eq!(refused(&slack.calls()), 1, "the other one has waited, too");

        slack.heal();
        let request = busy.asked("busy").await;
        ends(&busy, &request).await;
    });
}
