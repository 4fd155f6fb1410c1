//! Recorded histories of every ending still replay: a change of the workflow that
//! would break requests under way is seen here.
//!
//! `cargo test --test it record_histories -- --ignored`
//! records them anew from real runs. That is right before a first release, or for
//! a new ending; afterwards a change is versioned instead, see `workflow/mod.rs`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use provision_bot::demo::message::Message;
use provision_bot::workflow::ProvisionApplication;
use serde_json::{Value, json};
use temporalio_client::WorkflowHistory;
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

use crate::attention::{question, stuck, with_a_lost_profile};
use crate::temporal::input;
use crate::world::{Scene, alone, options, plain, policy};

/// Every way a request can end, and the detours on the way there.
const ENDINGS: [&str; 10] = [
    "provisioned",
    "provisioned_after_a_reminder",
    "rejected",
    "expired",
    "cancelled_while_waiting",
    "cancelled_while_building",
    "cancelled_while_stuck",
    "failed_after_a_retry",
    "refused",
    "unreachable",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/histories")
}

#[test]
fn every_recorded_history_replays() {
    plain(async || {
        let mut replayed = BTreeSet::new();
        for file in std::fs::read_dir(folder()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            replays(&name, &std::fs::read(&path).unwrap()).await;
            replayed.insert(name);
        }
        assert_eq!(replayed, ENDINGS.map(str::to_owned).into(), "a history for each ending");
    });
}

/// The workflow does what the history says, command by command.
async fn replays(name: &str, history: &[u8]) {
    let history = WorkflowHistory::from_json(history).unwrap();
    let options = WorkflowReplayerOptions::new().register_workflow::<ProvisionApplication>().unwrap().build();
    if let Err(error) = WorkflowReplayer::new(options).unwrap().replay_workflow(history).await {
        panic!("{name} does not replay: {error}");
    }
}

/// The recorded request that was given up, but nobody chooses and the day passes:
/// the same things happen then.
#[test]
fn a_day_without_a_choice_is_a_give_up() {
    plain(async || {
        let mut history: Value = read("failed_after_a_retry");
        let events = history["events"].as_array_mut().unwrap();
        let has = |event: &Value, kind: &str| event["attributes"].get(format!("{kind}EventAttributes")).is_some();

        // The last timer runs for a day, and instead of the choice it fires.
        let timer = events.iter().rposition(|event| has(event, "TimerStarted")).unwrap();
        let started = &events[timer]["attributes"]["TimerStartedEventAttributes"];
        assert_eq!(started["start_to_fire_timeout"], "86400.000000000s");
        let fired = json!({ "timer_id": started["timer_id"], "started_event_id": events[timer]["event_id"] });
        let choice = events.iter().rposition(|event| has(event, "WorkflowExecutionSignaled")).unwrap();
        assert!(choice > timer);
        events[choice]["event_type"] = json!(EventType::TimerFired as i32);
        events[choice]["attributes"] = json!({ "TimerFiredEventAttributes": fired });

        // A timer that fired is not cancelled.
        let cancelled = events.iter().rposition(|event| has(event, "TimerCanceled")).unwrap();
        assert!(cancelled > choice);
        let gap = events.remove(cancelled)["event_id"].as_i64().unwrap();
        events.iter_mut().for_each(|event| close_up(event, gap));

        let destroys = |event: &Value| {
            event["attributes"]["ActivityTaskScheduledEventAttributes"]["activity_type"]["name"] == "destroy"
        };
        assert!(events[choice..].iter().any(destroys), "what was built is removed");
        replays("a day without a choice", history.to_string().as_bytes()).await;
    });
}

/// Numbers events anew after one was taken out.
fn close_up(value: &mut Value, gap: i64) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_i64() {
                    Some(id) if name.ends_with("event_id") && id > gap => *member = json!(id - 1),
                    _ => close_up(member, gap),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| close_up(item, gap)),
        _ => {}
    }
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder().join(format!("{name}.json"))).unwrap()).unwrap()
}

#[test]
#[ignore = "writes tests/histories: run by hand"]
fn record_histories() {
    std::fs::create_dir_all(folder()).unwrap();
    alone(options(&with_a_lost_profile()), async |world| {
        let scene = world.scene();
        let request = scene.ask("provisioned").await;
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
        record(&scene, &request.id, "provisioned").await;

        let request = scene.ask("rejected").await;
        scene.reject(&request, "Use the shared bucket").await;
        record(&scene, &request.id, "rejected").await;

        let request = scene.ask("cancelled-while-waiting").await;
        scene.clicks(&scene.alice, &request.root, "cancel").await;
        record(&scene, &request.id, "cancelled_while_waiting").await;

        let request = scene.ask("cancelled-while-building").await;
        world.stack.s3.freeze().await.unwrap();
        scene.approve(&request).await;
        let begun = |m: &Message| m.text.contains("1/8");
        scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, begun).await.unwrap();
        let root = scene.alice.refresh(&request.root).unwrap();
        scene.clicks(&scene.alice, &root, "cancel").await;
        world.stack.s3.thaw().await.unwrap();
        record(&scene, &request.id, "cancelled_while_building").await;

        let (request, _) = stuck(&scene, "cancelled-while-stuck").await;
        let root = scene.alice.refresh(&request.root).unwrap();
        scene.clicks(&scene.alice, &root, "cancel").await;
        record(&scene, &request.id, "cancelled_while_stuck").await;

        let (request, card) = stuck(&scene, "failed-after-a-retry").await;
        scene.clicks(&scene.bob, &card, "retry").await;
        let again = question(&scene, &request, Some(&card)).await;
        scene.clicks(&scene.bob, &again, "give_up").await;
        record(&scene, &request.id, "failed_after_a_retry").await;

        let mut refused = input(&scene, "refused");
        refused["teamId"] = json!("gone");
        scene.temporal.start("refused-0123456789", &refused).await;
        record(&scene, "refused-0123456789", "refused").await;

        scene.slack.set_rules(|rules| rules.messages_tab_enabled = false);
        scene.temporal.start("unreachable-0123456789", &input(&scene, "unreachable")).await;
        record(&scene, "unreachable-0123456789", "unreachable").await;
    });
    alone(options(&policy("timeout = \"4s\"\nreminder = \"1s\"")), async |world| {
        let scene = world.scene();
        let request = scene.ask("expired").await;
        record(&scene, &request.id, "expired").await;

        let request = scene.ask("provisioned-late").await;
        scene.bob.wait_for_dm(|m| m.says("still waits") && m.request_id() == Some(&*request.id)).await.unwrap();
        scene.approve(&request).await;
        record(&scene, &request.id, "provisioned_after_a_reminder").await;
    });
}

/// Writes the history of a workflow that ends, without what tells of the machine.
async fn record(scene: &Scene, id: &str, name: &str) {
    scene.temporal.ended(id).await.unwrap();
    let mut history = scene.temporal.history(id).await;
    scrub(&mut history);
    let text = serde_json::to_string_pretty(&history).unwrap() + "\n";
    std::fs::write(folder().join(format!("{name}.json")), text).unwrap();
}

fn scrub(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "identity" => *text = "recorded".to_owned(),
                    member => scrub(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(scrub),
        _ => {}
    }
}
