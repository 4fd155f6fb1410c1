//! A provisioner in Python of the parts of a house, and what people do with that blueprint.

use std::path::Path;
use std::process::Stdio;

use harness::backends::Tools;
use harness::stack::StackOptions;
use serde_json::Value;
use slack_simulator::{Message, Submitted};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::world::{Request, Scene, World, eventually, options, policy};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/building/parts/mason.py");
const QUEUE: &str = "masons";

/// A house of a base without a plan, and of walls and a roof with one, that stand on it. It asks
/// what the walls need.
pub fn with_houses() -> StackOptions {
    let blueprints = format!(
        r#"
[[blueprints]]
id = "base"
name = "Base"
task_queue = "{QUEUE}"
[[blueprints]]
id = "wall"
name = "Wall"
task_queue = "{QUEUE}"
plan_activity = "plan"
discard_activity = "discard"
[[blueprints.fields]]
id = "colour"
label = "Colour"
kind = "text"
[[blueprints.fields]]
id = "height"
label = "Height"
kind = "number"
default = 3
[[blueprints]]
id = "house"
name = "House"
description = "With a roof"
[[blueprints.fields]]
id = "colour"
label = "Colour"
kind = "text"
[[blueprints.parts]]
id = "walls"
blueprint = "wall"
after = ["base"]
[[blueprints.parts]]
id = "base"
blueprint = "base"
[[blueprints.parts]]
id = "roof"
blueprint = "wall"
after = ["base"]
"#
    );
    options(&(policy("timeout = \"10m\"") + &blueprints))
}

/// A running worker, and the folder it notes its calls in.
pub struct Masons {
    folder: TempDir,
    _worker: Child,
}

impl Masons {
    pub async fn start(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let python = Tools::python_with(&["temporalio~=1.35"], |text| eprintln!("{text}")).await.unwrap();
        let worker = Command::new(&python.path)
            .envs(python.env)
            .env("TEMPORAL_NAMESPACE", &world.stack.namespace)
            .args([SCRIPT, &world.temporal_address(), QUEUE])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { folder, _worker: worker }
    }

    /// The calls of these activities for a request in their order, with what they were told.
    pub fn calls(&self, activities: &[&str], request: &Request) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        let calls = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let is_of = |call: &Value| call["applicationId"].as_str().unwrap().starts_with(&format!("{}-", request.id));
        calls.filter(|call| is_of(call) && activities.contains(&call["call"].as_str().unwrap())).collect()
    }

    /// The parts that an activity was called for, in the order of the calls.
    pub fn parts(&self, activity: &str, request: &Request) -> Vec<String> {
        let part = |call: &Value| call["applicationId"].as_str().unwrap().rsplit('-').next().unwrap().to_owned();
        self.calls(&[activity], request).iter().map(part).collect()
    }

    /// The same, in the order of the alphabet.
    pub fn sorted(&self, activity: &str, request: &Request) -> Vec<String> {
        let mut parts = self.parts(activity, request);
        parts.sort();
        parts
    }

    /// Waits until an activity was called for these parts, in whatever order.
    pub async fn wait_for(&self, activity: &str, request: &Request, parts: &[&str]) {
        eventually(&format!("{activity} of {parts:?}"), async || {
            (self.sorted(activity, request) == parts).then_some(())
        })
        .await;
    }

    /// Lets a part go on.
    pub fn go(&self, part: &str, request: &Request) {
        std::fs::write(Path::join(self.folder.path(), format!("go-{}-{part}", request.id)), "").unwrap();
    }
}

/// Alice asks Bob for a house.
pub async fn ask(scene: &Scene, application: &str) -> Request {
    let form = scene.form(application).await;
    form.choose("team", &scene.team).await.unwrap();
    form.choose("authorizer", scene.bob.id()).await.unwrap();
    form.choose("blueprint", "house").await.unwrap();
    form.fill("field-colour", "green").await.unwrap();
    assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    let card = scene.bob.wait_for_dm(|m| m.offers("plan") && m.says(application)).await.unwrap();
    let id = card.payload("request_id").unwrap().to_owned();
    Request { root: scene.root_in(&scene.channel, &id).await, id, card }
}

/// One whose plan is shown.
pub async fn shown(scene: &Scene, application: &str) -> Request {
    let request = ask(scene, application).await;
    scene.select(&request).await;
    scene.clicks(&scene.bob, &request.card, "plan").await;
    let card = scene.bob.wait_for_dm(|m| m.ts == request.card.ts && m.offers("approve")).await.unwrap();
    Request { card, ..request }
}

/// One that is approved.
pub async fn approved(scene: &Scene, application: &str) -> Request {
    let request = shown(scene, application).await;
    scene.clicks(&scene.bob, &request.card, "approve").await;
    request
}

/// Bob's question about one that needs a hand, other than `before`.
pub async fn question(scene: &Scene, request: &Request, before: Option<&Message>) -> Message {
    let asks = |m: &Message| {
        m.offers("retry")
            && m.payload("request_id") == Some(&*request.id)
            && before.is_none_or(|before| before.ts != m.ts)
    };
    scene.bob.wait_for_dm(asks).await.unwrap()
}
