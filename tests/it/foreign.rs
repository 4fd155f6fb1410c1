//! A provisioner that somebody else wrote, in Python, on its own task queue: it is
//! called, shown and undone exactly as the built-in one.

use provision_bot::demo::backends::Tools;
use provision_bot::demo::message::Message;
use provision_bot::demo::modal::Submitted;
use tokio::process::{Child, Command};

use crate::attention::question;
use crate::world::{Request, Scene, World, alone, options, policy};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/provisioner.py");
/// A queue with the Python worker, and one that nobody polls an activity of that
/// name on.
const BLUEPRINTS: &str = r#"
[[blueprints]]
id = "site"
name = "Static site"
description = "A site with a domain"
task_queue = "python-sites"
provision_activity = "build_site"
destroy_activity = "remove_site"

[[blueprints]]
id = "unknown"
name = "Unknown"
description = "Nobody serves this activity"
task_queue = "python-sites"
provision_activity = "build_castle"
destroy_activity = "remove_site"
"#;

async fn python(world: &World) -> Child {
    let python = Tools::python_with(&["temporalio"], |line| eprintln!("{line}")).await.unwrap();
    Command::new(&python.path)
        .envs(python.env)
        .args([SCRIPT, &world.stack.temporal.address(), "python-sites"])
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn approved(scene: &Scene, application: &str, blueprint: &str) -> Request {
    let form = scene.form(application).await;
    form.choose("team", &scene.team).await.unwrap();
    form.choose("authorizer", scene.bob.id()).await.unwrap();
    form.choose("blueprint", blueprint).await.unwrap();
    assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    let request = scene.asked(application).await;
    scene.approve(&request).await;
    request
}

#[test]
fn a_provisioner_in_another_language_is_called_shown_and_undone() {
    alone(options(&format!("{}{BLUEPRINTS}", policy(""))), async |world| {
        let _worker = python(world).await;
        let scene = world.scene();

        // Its heartbeats are the progress, its outputs the result.
        let request = approved(&scene, "good", "site").await;
        let root = &request.root.ts;
        let begun = |m: &Message| m.text.contains("1/3 Reserving a domain");
        scene.alice.wait_for_in_thread(&scene.channel, root, begun).await.unwrap();
        let outcome = scene.outcome(&request, "provisioned").await;
        assert!(outcome.says("good.example.com"), "{}", outcome.text);
        let state = scene.ended(&request, "provisioned").await;
        assert_eq!(state["resources"]["domain"], "good.example.com");
        assert!(scene.buckets(&request.id).await.is_empty(), "no bucket is made for it");

        // It fails; a person tries again, and it works.
        let request = approved(&scene, "fails-once", "site").await;
        let card = question(&scene, &request, None).await;
        assert!(card.says("out of order"), "{}", card.plain());
        scene.clicks(&scene.bob, &card, "retry").await;
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;

        // It fails; a person gives up, and it is undone.
        let request = approved(&scene, "fails-always", "site").await;
        let card = question(&scene, &request, None).await;
        scene.clicks(&scene.bob, &card, "give_up").await;
        let outcome = scene.outcome(&request, "failed").await;
        assert!(outcome.says("broken for good") && outcome.says("removed"), "{}", outcome.text);
        scene.ended(&request, "failed").await;

        // What it answers is no result.
        let request = approved(&scene, "odd-result", "site").await;
        let card = question(&scene, &request, None).await;
        assert!(card.says("no result"), "{}", card.plain());
        scene.clicks(&scene.bob, &card, "give_up").await;
        scene.outcome(&request, "failed").await;
        scene.ended(&request, "failed").await;

        // Its worker does not know the activity.
        let request = approved(&scene, "castle", "unknown").await;
        let card = question(&scene, &request, None).await;
        assert!(card.says("build_castle"), "{}", card.plain());
        scene.clicks(&scene.bob, &card, "give_up").await;
        scene.outcome(&request, "failed").await;

        // It tells itself what it has undone.
        let request = approved(&scene, "witness", "site").await;
        scene.outcome(&request, "provisioned").await;
        let undone = &scene.ended(&request, "provisioned").await["resources"]["undone"];
        assert_eq!(*undone, serde_json::json!(["fails-always", "odd-result", "castle"]));
    });
}
