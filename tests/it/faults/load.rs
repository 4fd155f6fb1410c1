//! Many requests at once through one bot, within Slack's limits: every message
//! once, in bounded memory, and progress gives way to what matters.
//!
//! The large one: `cargo test --test it load -- --ignored --nocapture`.

use std::time::Duration;

use futures::future::join_all;
use slack_simulator::Submitted;
use tokio::time::{Instant, sleep};

use crate::process::Process;
use crate::world::{LOOK_AGAIN, Request, Scene, ephemeral, options, policy, secluded};

/// Every message waits for its second, and every retry for what Slack asks.
const PATIENCE: Duration = Duration::from_secs(300);
/// Edits of one progress message: eight steps, and the outcome's.
const PROGRESS_EDITS_AT_MOST: usize = 9;
/// What the bot may use at its peak, in MiB.
const MEMORY_AT_MOST: u64 = 400;
/// What Slack allows in edits a minute, about.
const TIER_3: usize = 50;

/// Asks in every channel, `each` times, and approves everything. Everything is in
/// flight together.
async fn lane(scene: &Scene, number: usize, each: usize) -> Vec<Request> {
    let names: Vec<String> = (0..each).map(|n| format!("load-{number:02}-{n:02}")).collect();
    for name in &names {
        let form = scene.filled_form(name).await;
        persist(async || (form.submit().await.unwrap() == Submitted::Closed).then_some(())).await;
    }
    let all = names.iter().map(async |name| {
        let request = scene.asked(name).await;
        scene.select(&request).await;
        // A machine at its limit may say "try again", and a person does.
        persist(async || {
            // It may have counted although that was not known in time.
            let card = scene.bob.refresh(&request.card).filter(|card| card.offers("approve"));
            let Some(card) = card else { return Some(()) };
            let clicked = scene.bob.click_as_seen(&card, "approve").await.unwrap();
            let said = ephemeral(&clicked);
            assert!(said.is_empty() || said.contains("try again") || said.contains("already"), "{said}");
            said.is_empty().then_some(())
        })
        .await;
        scene.outcome(&request, "provisioned").await;
        request
    });
    join_all(all).await
}

/// Does it again until it has happened.
async fn persist(attempt: impl AsyncFn() -> Option<()>) {
    let deadline = Instant::now() + PATIENCE;
    while attempt().await.is_none() {
        assert!(Instant::now() < deadline, "it does not happen");
        sleep(LOOK_AGAIN).await;
    }
}

fn load(channels: usize, each: usize, edits_per_minute: usize) {
    secluded(options(&policy("timeout = \"30m\"")), async |world| {
        let slack = world.stack.slack.clone();
        slack.set_rules(|rules| {
            rules.rate_limits = true;
            rules.edits_per_minute = edits_per_minute;
        });
        let scenes: Vec<Scene> = (0..channels).map(|_| world.scene().patient(PATIENCE)).collect();
        let lanes = scenes.iter().enumerate().map(|(number, scene)| lane(scene, number, each));
        let requests = join_all(lanes).await;
        for (scene, requests) in scenes.iter().zip(&requests) {
            for request in requests {
                scene.ended(request, "provisioned").await;
                assert_eq!(scene.said(&request.id).len(), 4, "{}", slack.dump());
            }
            assert_eq!(scene.roots(&scene.channel).len(), each);
        }
        let calls = slack.calls();
        let limited = calls.iter().filter(|call| call.status == 429).count();
        assert!(limited > 0, "the limit was never met, so nothing was shown");
        for (scene, request) in scenes.iter().zip(&requests).flat_map(|(s, r)| r.iter().map(move |r| (s, r))) {
            let progress = scene.said(&request.id).into_iter().find(|m| part(m) == "progress-1");
            let progress = progress.expect("the progress");
            assert!(progress.edits <= PROGRESS_EDITS_AT_MOST as u32, "{} edits", progress.edits);
            let last = calls.iter().rfind(|call| call.ok() && call.args["ts"] == progress.ts.as_str());
            let text = last.map(|call| call.args["text"].to_string()).unwrap_or_default();
            assert_eq!(text.trim_matches('"'), progress.text);
        }
        let peak = Process::serving(&world.stack.bot_url()).peak_memory();
        println!("{} requests: peak {peak} MiB, {} calls, {limited} limited", channels * each, calls.len());
        assert!(peak <= MEMORY_AT_MOST, "{peak} MiB");
    });
}

fn part(message: &slack_simulator::Message) -> String {
    message.metadata.as_ref().unwrap()["event_payload"]["part"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn forty_at_once_are_all_served_within_slacks_limits() {
    load(10, 4, 10 * TIER_3);
}

#[test]
#[ignore = "Slack's own limit of edits makes it take a minute"]
fn progress_gives_way_when_edits_are_scarce() {
    load(4, 3, TIER_3);
}

#[test]
#[ignore = "takes minutes"]
fn two_hundred_at_once_are_all_served_within_slacks_limits() {
    load(40, 5, 40 * TIER_3);
}
