//! Recorded histories of every ending still replay, those of released versions too:
//! a change of the workflow that would break requests under way is seen here.
//!
//! `tests/histories` has a folder for each version that recorded them.
//! `cargo test --test it record_histories -- --ignored` records those of the version
//! in `Cargo.toml` from real runs: once the version is new, or for a new ending. With
//! the release they are frozen, and a change is guarded instead, see `workflow/mod.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use provision_bot::workflow::ProvisionApplication;
use serde_json::{Value, json};
use slack_simulator::Message;
use temporalio_client::WorkflowHistory;
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

use crate::building::attention::{question, stuck, with_a_lost_profile};
use crate::temporal::input;
use crate::world::{Scene, alone, options, plain, policy, secluded};

/// Every way a request can end, and the detours on the way there.
const ENDINGS: [&str; 15] = [
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
    "provisioned_with_the_same_plan",
    "provisioned_with_another_plan",
    "rejected_while_planning",
    "provisioned_in_parts",
    "failed_in_parts",
];

/// The version whose histories are recorded now.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const CHANGELOG: &str = include_str!("../../../CHANGELOG.md");

fn histories() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/histories")
}

/// What is in a folder, by name.
fn listed(folder: &Path) -> Vec<(String, PathBuf)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut listed: Vec<_> =
        paths.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path)).collect();
    listed.sort();
    listed
}

/// The released versions, the newest first.
fn released(changelog: &str) -> Vec<&str> {
    let headings = changelog.lines().filter_map(|line| line.strip_prefix("## [")?.split(']').next());
    headings.filter(|version| *version != "Unreleased").collect()
}

#[test]
fn every_recorded_history_replays() {
    plain(async || {
        for (version, folder) in listed(&histories()) {
            let mut endings = BTreeSet::new();
            for (file, path) in listed(&folder) {
                let text = fs::read(&path).unwrap();
                let history: Value = serde_json::from_slice(&text).unwrap();
                // What a version recorded is not replaced by what a later one does.
                assert_eq!(recorders(&history), BTreeSet::from([&*version]), "{}", path.display());
                replays(&format!("{version}/{file}"), &text).await;
                endings.insert(file.trim_end_matches(".json").to_owned());
            }
            if version == VERSION {
                assert_eq!(endings, ENDINGS.map(str::to_owned).into(), "a history for each ending");
            }
        }
    });
}

/// A release that is forgotten here would break its requests unseen.
#[test]
fn this_version_and_the_release_before_have_histories() {
    let recorded = listed(&histories()).into_iter().map(|(version, _)| version).collect::<BTreeSet<_>>();
    let released = released(CHANGELOG);
    let before = released.iter().find(|version| **version != VERSION);
    for version in [&VERSION].into_iter().chain(before) {
        assert!(recorded.contains(*version), "tests/histories/{version} is missing");
    }
    let known = |version: &String| *version == VERSION || released.contains(&version.as_str());
    assert!(recorded.iter().all(known), "{recorded:?} are not all released: {released:?}");
}

#[test]
fn a_changelog_tells_what_is_released() {
    let text = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n## [0.2.0] - 2027-01-01\n\n## [0.1.0] - 2026-12-01\n";
    assert_eq!(released(text), ["0.2.0", "0.1.0"]);
}

/// The versions whose workers took the workflow's steps.
fn recorders(history: &Value) -> BTreeSet<&str> {
    let tasks = history["events"].as_array().unwrap().iter();
    let tasks = tasks.filter_map(|event| event["attributes"].get("WorkflowTaskCompletedEventAttributes"));
    tasks.map(|task| task["worker_version"]["buildId"].as_str().unwrap()).collect()
}

/// What a local activity said stands in a history before all that goes on beside it: the
/// SDK replays it too early where a query came with its task, and a timer fired meanwhile.
fn nothing_is_local_beside_anything_else(name: &str, history: &[u8]) {
    let history: Value = serde_json::from_slice(history).unwrap();
    let kinds = history["events"].as_array().unwrap().iter().map(|event| event["attributes"].to_string());
    let kinds: Vec<String> = kinds.collect();
    let is_local = |text: &&String| text.starts_with("{\"MarkerRecorded") && text.contains("core_local_activity");
    let beside = ["{\"TimerStarted", "{\"ActivityTaskScheduled"];
    let begins = kinds.iter().position(|text| beside.iter().any(|kind| text.starts_with(kind))).unwrap_or(kinds.len());
    assert!(!kinds[begins..].iter().any(|text| is_local(&text)), "{name}");
}

/// The workflow does what the history says, command by command.
async fn replays(name: &str, history: &[u8]) {
    nothing_is_local_beside_anything_else(name, history);
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

        // A timer that fired is not cancelled, and nobody's choice is looked at: that look
        // was an activity, and those behind it count on.
        let take_out = |events: &mut Vec<Value>, at: usize| {
            let gap = events.remove(at)["event_id"].as_i64().unwrap();
            events.iter_mut().for_each(|event| close_up(event, gap));
        };
        let gone = events.iter().rposition(|event| has(event, "TimerCanceled")).unwrap();
        assert!(gone > choice);
        take_out(events, gone);
        let looks = |event: &Value| {
            event["attributes"]["ActivityTaskScheduledEventAttributes"]["activity_type"]["name"] == "may_give_up"
        };
        let look = events.iter().rposition(looks).unwrap();
        for kind in ["Activity", "Activity", "Activity", "Workflow", "Workflow", "Workflow"] {
            assert!(events[look]["attributes"].to_string().starts_with(&format!("{{\"{kind}Task")), "{}", events[look]);
            take_out(events, look);
        }
        for event in &mut events[choice..] {
            let id = event.pointer_mut("/attributes/ActivityTaskScheduledEventAttributes/activity_id");
            if let Some(id) = id
                && let Some(number) = id.as_str().and_then(|id| id.parse::<u32>().ok())
            {
                *id = json!((number - 1).to_string());
            }
        }

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

fn folder() -> PathBuf {
    histories().join(VERSION)
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder().join(format!("{name}.json"))).unwrap()).unwrap()
}

/// Into the folder of this version, as long as that is not released.
pub(super) fn begin_recording() {
    assert!(!released(CHANGELOG).contains(&VERSION), "{VERSION} is released: its histories stay as they are");
    fs::create_dir_all(folder()).unwrap();
}

#[test]
#[ignore = "writes tests/histories: run by hand"]
fn record_histories() {
    begin_recording();
    secluded(options(&with_a_lost_profile()), async |world| {
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
        world.stack.s3.own().freeze().await.unwrap();
        scene.approve(&request).await;
        let begun = |m: &Message| m.text.contains("1/8");
        scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, begun).await.unwrap();
        let root = scene.root_now(&request).await;
        scene.clicks(&scene.alice, &root, "cancel").await;
        world.stack.s3.own().thaw().await.unwrap();
        record(&scene, &request.id, "cancelled_while_building").await;

        let (request, _) = stuck(&scene, "cancelled-while-stuck").await;
        let root = scene.root_now(&request).await;
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
        scene.said("refused-0123456789");

        scene.slack.set_rules(|rules| rules.messages_tab_enabled = false);
        scene.temporal.start("unreachable-0123456789", &input(&scene, "unreachable")).await;
        record(&scene, "unreachable-0123456789", "unreachable").await;
        scene.said("unreachable-0123456789");
    });
    alone(options(&policy("timeout = \"4s\"\nreminder = \"1s\"")), async |world| {
        let scene = world.scene();
        let request = scene.ask("expired").await;
        record(&scene, &request.id, "expired").await;
        scene.said(&request.id);

        let request = scene.ask("provisioned-late").await;
        scene
            .bob
            .wait_for_dm(|m| m.says("still waits") && m.payload("request_id") == Some(&*request.id))
            .await
            .unwrap();
        scene.approve(&request).await;
        record(&scene, &request.id, "provisioned_after_a_reminder").await;
        scene.said(&request.id);
    });
}

/// Writes the history of a workflow that ends, without what tells of the machine.
pub(super) async fn record(scene: &Scene, id: &str, name: &str) {
    scene.temporal.ended(id).await.unwrap();
    let mut history = scene.temporal.history(id).await;
    scrub(&mut history);
    let text = serde_json::to_string_pretty(&history).unwrap() + "\n";
    fs::write(folder().join(format!("{name}.json")), text).unwrap();
}

fn scrub(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "identity" => *text = "recorded".to_owned(),
                    Value::String(text) if name == "stackTrace" => text.clear(),
                    member => scrub(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(scrub),
        _ => {}
    }
}
