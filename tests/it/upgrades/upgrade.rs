//! Releases side by side under Temporal's worker versioning, as `docs/operations.md`
//! has it: each bot is told which release it is, and the commands are those of the
//! documentation.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;

use harness::bot::Bot;
use harness::stack::StackOptions;
use serde_json::Value;
use tempfile::TempDir;

use crate::building::foreign::{Painters, approved_wall, blueprints};
use crate::building::s3_faults::over;
use crate::faults::processes::halfway;
use crate::operating::search_attributes::temporal;
use crate::world::{BOT, Request, Scene, World, eventually, options, secluded_with};

/// Starts a release beside what runs; without a name, a bot that is none.
async fn release(world: &mut World, build_id: &str) -> Bot {
    let deployment_name = if build_id.is_empty() { "" } else { "provision-bot" };
    world.stack.set_env("TEMPORAL_DEPLOYMENT_NAME", deployment_name);
    world.stack.set_env("TEMPORAL_WORKER_BUILD_ID", build_id);
    world.stack.start_beside(&["run"]).await.unwrap()
}

/// Has Temporal send requests to a release, once all its workers poll; without one,
/// to bots that are no release.
async fn make_current(world: &World, build_id: &str) {
    let set = ["worker", "deployment", "set-current-version", "--yes", "--deployment-name", "provision-bot"];
    let which = if build_id.is_empty() { vec!["--unversioned"] } else { vec!["--build-id", build_id] };
    eventually("the polls", async || temporal(world, &[&set[..], &which].concat()).await).await;
    let known = async || world.temporal.is_current("provision-bot", build_id).await.then_some(());
    eventually("the release to be current", known).await;
}

/// Moves a request to a release and keeps it there, or lets it go.
async fn pin(world: &World, request: &Request, build_id: Option<&str>) {
    let update = ["workflow", "update-options", "--workflow-id", &request.id, "--versioning-override-behavior"];
    let to = match build_id {
        Some(build_id) => vec![
            "pinned",
            "--versioning-override-deployment-name",
            "provision-bot",
            "--versioning-override-build-id",
            build_id,
        ],
        None => vec!["unspecified"],
    };
    temporal(world, &[&update[..], &to].concat()).await.expect("pinned");
}

/// The releases that worked on a request, in its workflow or in its activities; an
/// empty name is a bot that is no release.
async fn served_by(scene: &Scene, request: &Request) -> BTreeSet<String> {
    let history = scene.temporal.history(&request.id).await;
    let events = history["events"].as_array().unwrap();
    let attributes = |kind: &str| -> Vec<&Value> {
        let name = format!("{kind}EventAttributes");
        events.iter().filter_map(|event| event["attributes"].get(&name)).collect()
    };
    // A process has one name for all it does.
    let mut releases = BTreeMap::new();
    for task in attributes("WorkflowTaskCompleted") {
        let build_id = task["deployment_version"]["build_id"].as_str().unwrap_or_default();
        releases.insert(task["identity"].as_str().unwrap(), build_id.to_owned());
    }
    for activity in attributes("ActivityTaskStarted") {
        let identity = activity["identity"].as_str().unwrap();
        releases.entry(identity).or_insert_with(|| format!("activities only: {identity}"));
    }
    releases.into_values().collect()
}

fn releases<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

async fn approved(scene: &Scene, request: &Request) {
    scene.approve(request).await;
    over(scene, request, "provisioned").await;
}

/// Bots that write what they say into a file.
async fn overheard() -> (StackOptions, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("bot");
    let log = folder.path().join("log");
    std::fs::write(&program, format!("#!/bin/sh\nexec '{BOT}' \"$@\" 2>>'{}'\n", log.display())).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let config = blueprints().replace("[authorization]\n", "[authorization]\ntimeout = \"10m\"\n");
    (StackOptions { bot: program, log: "info".into(), ..options(&config) }, folder)
}

#[test]
fn a_request_outlives_the_release_it_began_with() {
    secluded_with(overheard, async |world, folder| {
        let slack = world.stack.slack.clone();
        let log = || std::fs::read_to_string(folder.path().join("log")).unwrap();

        // A release that is not current says so, and gets nothing.
        let from_before = world.scene();
        let unversioned = from_before.ask("unversioned").await;
        let first = release(world, "1").await;
        let waits = "set-current-version --deployment-name provision-bot --build-id 1";
        eventually("what to do to be said", async || log().contains(waits).then_some(())).await;
        let too_early = world.scene();
        let early = too_early.ask("early").await;
        assert_eq!(served_by(&too_early, &early).await, releases([""]));

        // The first release takes over from the bot that was none, also while that runs.
        make_current(world, "1").await;
        approved(&from_before, &unversioned).await;
        assert_eq!(served_by(&from_before, &unversioned).await, releases(["", "1"]));
        world.stack.stop_bot().await.unwrap();
        slack.connect_bot(&first.url());
        let moved = world.scene();
        let waiting = moved.ask("waiting").await;
        let kept = world.scene();
        let pinned = kept.ask("pinned").await;
        let (handed_on, building) = halfway(world, "building").await;

        // The second takes over from the first: new requests at once, old ones with
        // their next step.
        let second = release(world, "2").await;
        make_current(world, "2").await;
        slack.connect_bot(&second.url());
        let fresh = world.scene();
        let new = fresh.ask("new").await;
        approved(&fresh, &new).await;
        assert_eq!(served_by(&fresh, &new).await, releases(["2"]));
        approved(&moved, &waiting).await;
        assert_eq!(served_by(&moved, &waiting).await, releases(["1", "2"]));

        // Strangers with a queue of their own are no part of a release.
        let strangers = world.scene();
        let painters = Painters::start(world).await;
        let wall = approved_wall(&strangers, "wall").await;
        over(&strangers, &wall, "provisioned").await;
        assert_eq!(painters.calls("paint", &wall), 1);

        // The first dies in the middle of building.
        pin(world, &pinned, Some("1")).await;
        first.kill().await;
        world.stack.s3_proxy.open();
        over(&handed_on, &building, "provisioned").await;
        assert_eq!(served_by(&handed_on, &building).await, releases(["1", "2"]));

        // Who is kept by a release that runs no more waits, until let go.
        kept.select(&pinned).await;
        kept.bob.click(&pinned.card, "approve").await.unwrap();
        assert_eq!(served_by(&kept, &pinned).await, releases(["1"]));
        pin(world, &pinned, None).await;
        over(&kept, &pinned, "provisioned").await;
        assert_eq!(served_by(&kept, &pinned).await, releases(["1", "2"]));

        // Back to the first, with one that began under the second.
        let again = world.scene();
        let rolled_back = again.ask("rolled-back").await;
        let first = release(world, "1").await;
        make_current(world, "1").await;
        assert_eq!(second.stop().await.unwrap(), Some(0));
        slack.connect_bot(&first.url());
        approved(&again, &rolled_back).await;
        assert_eq!(served_by(&again, &rolled_back).await, releases(["1", "2"]));

        // Back to bots that are no release.
        let last = release(world, "").await;
        make_current(world, "").await;
        slack.connect_bot(&last.url());
        approved(&too_early, &early).await;
        assert_eq!(served_by(&too_early, &early).await, releases([""]));
    });
}
