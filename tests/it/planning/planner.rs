//! A provisioner in Python that has plans, and what people do with its blueprint.

use std::path::Path;
use std::process::Stdio;

use harness::backends::Tools;
use harness::stack::StackOptions;
use serde_json::Value;
use slack_simulator::{Message, Submitted};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::world::{Request, Scene, World, eventually, options, policy};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/planning/planner.py");
const QUEUE: &str = "planners";
/// Where those who operate the bot are told.
pub const OPERATIONS: &str = "C0PROGRAMS";

/// One blueprint, with a plan.
pub fn with_planner(authorization: &str) -> StackOptions {
    options(&configuration(authorization))
}

pub fn configuration(authorization: &str) -> String {
    format!("operations_channel = \"{OPERATIONS}\"\n")
        + &policy(authorization)
        + &format!(
            "\n[[blueprints]]\nid = \"wall\"\nname = \"Wall\"\ndescription = \"A planned wall\"\n\
             task_queue = \"{QUEUE}\"\nplan_activity = \"plan\"\ndiscard_activity = \"discard\"\n"
        )
}

/// A running worker, and the folder it notes its calls in.
pub struct Planner {
    folder: TempDir,
    worker: Child,
}

impl Planner {
    pub async fn start(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let worker = worker(world, folder.path()).await;
        Self { folder, worker }
    }

    /// Kills it, and starts another one.
    pub async fn restart(&mut self, world: &World) {
        self.worker.kill().await.unwrap();
        self.worker = worker(world, self.folder.path()).await;
    }

    /// The calls of an activity for a request, with what they were told.
    pub fn calls(&self, activity: &str, request: &Request) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join(&request.id)).unwrap_or_default();
        let calls = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        calls.filter(|call| call["call"] == activity).collect()
    }

    /// The plans that calls of an activity were told.
    pub fn plans(&self, activity: &str, request: &Request) -> Vec<Option<String>> {
        let calls = self.calls(activity, request);
        calls.iter().map(|call| call["planId"].as_str().map(str::to_owned)).collect()
    }

    /// Waits for the calls of an activity to be these.
    pub async fn wait_for(&self, activity: &str, request: &Request, plans: &[Option<&str>]) {
        eventually(&format!("{activity} with {plans:?}"), async || {
            let told = self.plans(activity, request);
            (told.iter().map(Option::as_deref).collect::<Vec<_>>() == plans).then_some(())
        })
        .await;
    }

    /// Lets what waits for this word go on.
    pub fn tell(&self, word: &str, request: &Request) {
        std::fs::write(self.folder.path().join(format!("{word}-{}", request.id)), "").unwrap();
    }
}

async fn worker(world: &World, folder: &Path) -> Child {
    let python = Tools::python_with(&["temporalio~=1.35"], |text| eprintln!("{text}")).await.unwrap();
    Command::new(&python.path)
        .envs(python.env)
        .env("TEMPORAL_NAMESPACE", &world.stack.namespace)
        .args([SCRIPT, &world.temporal_address(), QUEUE])
        .arg(folder)
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Alice asks Bob for a wall.
pub async fn ask(scene: &Scene, application: &str) -> Request {
    let form = scene.form(application).await;
    form.choose("team", &scene.team).await.unwrap();
    form.choose("authorizer", scene.bob.id()).await.unwrap();
    assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    let card = scene.bob.wait_for_dm(|m| m.offers("plan") && m.says(application)).await.unwrap();
    assert!(!card.offers("approve") && card.offers("reject"), "{}", card.plain());
    let id = card.payload("request_id").unwrap().to_owned();
    Request { root: scene.root_in(&scene.channel, &id).await, id, card }
}

/// Bob chooses, and wants to see the plan.
pub async fn show(scene: &Scene, request: &Request) {
    scene.select(request).await;
    scene.clicks(&scene.bob, &request.card, "plan").await;
}

/// The card once it offers this, in the round of the moment.
pub async fn card(scene: &Scene, request: &Request, action: &str) -> Message {
    let is_it = |m: &Message| m.ts == request.card.ts && m.offers(action);
    let card = scene.bob.wait_for_dm(is_it).await.unwrap();
    let state = scene.temporal.state(&request.id).await.unwrap();
    let round = format!("{}:{}", request.id, state["round"]);
    let is_now = |m: &Message| is_it(m) && m.blocks.iter().any(|block| block["block_id"] == *round);
    if is_now(&card) { card } else { scene.bob.wait_for_dm(is_now).await.unwrap() }
}

/// A request whose plan is shown.
pub async fn shown(scene: &Scene, application: &str) -> Request {
    let request = ask(scene, application).await;
    show(scene, &request).await;
    let card = card(scene, &request, "approve").await;
    Request { card, ..request }
}
