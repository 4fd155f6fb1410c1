//! Many short requests, one after the other, leave nothing behind.
//!
//! `cargo test --test it soak -- --ignored --nocapture`

use std::time::Duration;

use futures::future::join_all;

use crate::process::Process;
use crate::world::{Scene, World, alone, eventually, options, policy};

/// Each round is a request of every kind in each of these scenes.
const LANES: usize = 5;
const WARM_UP: usize = 5;
const ROUNDS: usize = 15;
/// What memory may grow between the mark and the end, in MiB; the allocator and
/// caches with a limit have not settled after the warm-up.
const GROWTH_AT_MOST: u64 = 30;
/// What connections may come and go.
const FILES_AT_MOST: usize = 10;
const LONG: Duration = Duration::from_secs(120);

/// One request of every kind.
async fn round(scene: &Scene, lane: usize, round: usize) {
    let name = |kind: &str| format!("soak-{kind}-{lane:02}-{round:02}");
    // This one nobody decides: it expires beside the others.
    let expires = scene.ask(&name("expires")).await;
    let rejected = scene.ask(&name("rejected")).await;
    scene.reject(&rejected, "Not now").await;
    let cancelled = scene.ask(&name("cancelled")).await;
    scene.clicks(&scene.alice, &cancelled.root, "cancel").await;
    let provisioned = scene.ask(&name("provisioned")).await;
    scene.approve(&provisioned).await;
    for (request, status) in
        [(rejected, "rejected"), (cancelled, "cancelled"), (provisioned, "provisioned"), (expires, "expired")]
    {
        scene.ended(&request, status).await;
    }
}

async fn rounds(scenes: &[Scene], which: std::ops::Range<usize>) {
    join_all(scenes.iter().enumerate().map(async |(lane, scene)| {
        for number in which.clone() {
            round(scene, lane, number).await;
        }
    }))
    .await;
}

#[test]
#[ignore = "takes minutes"]
fn three_hundred_short_requests_leave_nothing_behind() {
    alone(options(&policy("timeout = \"10s\"")), async |world: &mut World| {
        let scenes: Vec<Scene> = (0..LANES).map(|_| world.scene().patient(LONG)).collect();
        let bot = Process::serving(&world.stack.bot_url());
        rounds(&scenes, 0..WARM_UP).await;
        let (memory, files) = (bot.memory(), bot.open_files());
        rounds(&scenes, WARM_UP..ROUNDS).await;
        let (memory_after, files_after) = (bot.memory(), bot.open_files());
        println!("memory {memory} -> {memory_after} MiB, files {files} -> {files_after}");
        assert!(memory_after <= memory + GROWTH_AT_MOST, "memory grew from {memory} to {memory_after} MiB");
        assert!(files_after <= files + FILES_AT_MOST, "open files grew from {files} to {files_after}");
        let none_runs = async || (world.temporal.running().await == 0).then_some(());
        eventually("every workflow to be over", none_runs).await;
    });
}
