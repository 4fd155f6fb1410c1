//! SIGTERM: what runs is finished or handed on, nothing new is begun, and the
//! process ends in time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use slack_simulator::{Fault, Message, Submitted, Workspace};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::building::s3_faults::{LONG, bucket, over};
use crate::temporal::input;
use crate::world::{Request, Scene, alone, eventually, options, policy};

/// Waits until the bot takes no deliveries any more.
async fn is_closed(bot_url: &str) {
    let address = bot_url.trim_start_matches("http://").to_owned();
    eventually("the bot to close", async || TcpStream::connect(&address).await.is_err().then_some(())).await;
}

#[test]
fn a_running_handler_is_finished() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let slack = world.stack.slack.clone();
        let url = world.stack.bot_url();
        // Slack opens the form, and is slow to say so.
        slack.fail_next("views.open", Fault::HangAfterApply);
        let opened = |acme: &Workspace| acme.top_modal(scene.alice.id()).map(drop);
        let command = scene.alice.command(&scene.channel, "/provision", "slow");
        let stopping = async {
            slack.wait_until("the form", LONG, opened).await.unwrap();
            world.stack.stop_bot().await.unwrap()
        };
        let answer = async {
            slack.wait_until("the form", LONG, opened).await.unwrap();
            is_closed(&url).await;
            slack.heal();
        };
        let (ran, code, ()) = tokio::join!(command, stopping, answer);
        assert_eq!(ran.error, None);
        assert!(ran.modal.is_some());
        assert_eq!(code, Some(0));

        // The form outlives the process.
        world.stack.start_bot().await.unwrap();
        let form = ran.modal.unwrap();
        scene.fill(&form).await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("slow").await;
        scene.approve(&request).await;
        over(&scene, &request, "provisioned").await;
    });
}

#[test]
fn an_unfinished_delivery_does_not_keep_the_bot() {
    alone(options(&policy("")), async |world| {
        let address = world.stack.bot_url().trim_start_matches("http://").to_owned();
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"POST /slack/commands HTTP/1.1\r\nhost: bot\r\ncontent-length: 100\r\n\r\nhalf").await.unwrap();
        assert_eq!(world.stack.stop_bot().await.unwrap(), Some(0));
    });
}

#[test]
fn a_step_that_ends_in_time_is_finished_and_one_that_does_not_is_handed_on() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let proxy = world.stack.s3_proxy.clone();
        let url = world.stack.bot_url();
        let mut held = Vec::new();
        // The one needs a single answer when the bot stops, the other a whole step.
        for (application, call) in [("in-time", "GET /index.html"), ("too-slow", "PUT ?versioning")] {
            let scene = world.scene();
            let request = scene.ask(application).await;
            let step = format!("{} {call}", bucket(&scene, &request));
            let before = proxy.held_so_far();
            proxy.hold(&step);
            scene.approve(&request).await;
            proxy.wait_for_one(before).await.unwrap();
            held.push((scene, request, step));
        }
        let late = world.scene();
        let in_time = held[0].2.clone();
        let meanwhile = async {
            is_closed(&url).await;
            proxy.heal_each(&in_time);
        };
        let stopped = AtomicBool::new(false);
        let stopping = async {
            let code = tokio::join!(world.stack.stop_bot(), meanwhile).0;
            stopped.store(true, Ordering::Relaxed);
            code
        };
        let (code, started) = tokio::join!(stopping, begin_until(&stopped, &late));
        assert_eq!(code.unwrap(), Some(0));
        // The first may meet a poll that was on its way when the bot stopped.
        for n in started.saturating_sub(2)..started {
            assert!(!happened(&late, &late_id(n), "WorkflowTaskStarted").await, "{n} of {started} was taken");
        }
        for ((scene, request, _), in_time) in held.iter().zip([true, false]) {
            assert_eq!(is_built(scene, request).await, in_time, "{}", request.id);
        }
        proxy.open();

        world.stack.start_bot().await.unwrap();
        for (scene, request, _) in &held {
            over(scene, request, "provisioned").await;
            assert_eq!(scene.buckets(&request.id).await, [bucket(scene, request)]);
        }
        // What came meanwhile is begun now.
        let patient = late.bob.with_patience(LONG);
        for id in (0..started).map(late_id) {
            patient.wait_for_dm(|m: &Message| m.payload("request_id") == Some(&*id)).await.unwrap();
        }
    });
}

/// The events of this kind in a workflow's history.
async fn events(scene: &Scene, id: &str, kind: &str) -> Vec<Value> {
    let history = scene.temporal.history(id).await;
    let all = history["events"].as_array().expect("events").iter();
    all.filter_map(|event| event["attributes"].get(format!("{kind}EventAttributes")).cloned()).collect()
}

async fn happened(scene: &Scene, id: &str, kind: &str) -> bool {
    !events(scene, id, kind).await.is_empty()
}

/// Whether the provisioner has said that it is done.
async fn is_built(scene: &Scene, request: &Request) -> bool {
    let results = events(scene, &request.id, "ActivityTaskCompleted").await;
    results.iter().any(|result| told(&result["result"]).is_some_and(|result| result["outputs"].is_object()))
}

/// What a recorded payload says.
fn told(payloads: &Value) -> Option<Value> {
    let data = payloads["payloads"][0]["data"].as_str()?;
    serde_json::from_slice(&BASE64_STANDARD.decode(data).ok()?).ok()
}

fn late_id(n: u32) -> String {
    format!("late-{n:010}")
}

/// Starts a workflow each second until the bot has stopped: how many.
async fn begin_until(stopped: &AtomicBool, scene: &Scene) -> u32 {
    let mut started = 0;
    while !stopped.load(Ordering::Relaxed) {
        scene.temporal.start(&late_id(started), &input(scene, "late")).await;
        started += 1;
        sleep(Duration::from_secs(1)).await;
    }
    started
}
