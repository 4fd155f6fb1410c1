//! A provisioner of strangers: another language, another task queue, other
//! activity names. All that is shared is the contract.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use harness::backends::Tools;
use harness::stack::StackOptions;
use serde_json::{Value, json};
use slack_simulator::{Message, Submitted};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::world::{ADA, Request, Scene, World, alone, ephemeral, options, policy};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/building/provisioner.py");
const QUEUE: &str = "painters";

/// Two blueprints: the built-in one, and the painters'.
pub fn with_painters() -> StackOptions {
    options(&blueprints())
}

pub fn blueprints() -> String {
    let blueprints = format!(
        "\n[[blueprints]]\nid = \"bucket\"\nname = \"Bucket\"\ndescription = \"A bucket\"\n\
         \n[[blueprints]]\nid = \"wall\"\nname = \"Wall\"\ndescription = \"A painted wall\"\n\
         task_queue = \"{QUEUE}\"\nprovision_activity = \"paint\"\ndestroy_activity = \"strip\"\n"
    );
    policy("") + &blueprints
}

/// A running worker, and the folder it notes its calls in.
pub struct Painters {
    pub folder: TempDir,
    _worker: Child,
}

impl Painters {
    pub async fn start(world: &World) -> Self {
        let python = Tools::python_with(&["temporalio~=1.35"], |text| eprintln!("{text}")).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
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

    /// How often an activity was called for a request.
    pub fn calls(&self, activity: &str, request: &Request) -> u64 {
        std::fs::metadata(self.path(&format!("{activity}-{}", request.id))).map_or(0, |file| file.len())
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::join(self.folder.path(), name)
    }
}

/// Alice asks for a wall, and Bob approves.
pub async fn approved_wall(scene: &Scene, application: &str) -> Request {
    let form = scene.form(application).await;
    form.choose("team", &scene.team).await.unwrap();
    form.choose("authorizer", scene.bob.id()).await.unwrap();
    form.choose("blueprint", "wall").await.unwrap();
    assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    let request = scene.asked(application).await;
    assert!(request.card.says("A painted wall"), "{}", request.card.plain());
    scene.approve(&request).await;
    request
}

/// Bob's card about a request that needs a hand.
pub async fn attention(scene: &Scene, request: &Request, after: &str) -> Message {
    let asks = |m: &Message| m.offers("retry") && m.payload("request_id") == Some(&*request.id) && *m.ts > *after;
    let card = scene.bob.wait_for_dm(asks).await.unwrap();
    for action in ["retry", "give_up"] {
        assert_eq!(card.value_of(action).as_deref(), Some(&*request.id));
    }
    scene.temporal.wait_for(&request.id, "needs_attention").await;
    card
}

#[test]
fn a_provisioner_in_another_language() {
    alone(with_painters(), async |world| {
        let painters = Painters::start(world).await;
        steady(&world.scene(), &painters).await;
        retried(&world.scene(), &painters).await;
        given_up(&world.scene(), &painters).await;
        odd(&world.scene(), &painters).await;
        mumbling(&world.scene(), &painters).await;
        cancelled_in_between(&world.scene(), &painters).await;
    });
}

/// Its heartbeats are the progress, its outputs the result.
async fn steady(scene: &Scene, painters: &Painters) {
    let request = approved_wall(scene, "slow-wall").await;
    let shown = scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, |m| m.says("2/3")).await.unwrap();
    assert!(shown.says("Painting the walls"), "{}", shown.text);
    std::fs::write(painters.path(&format!("go-{}", request.id)), "").unwrap();
    let outcome = scene.outcome(&request, "provisioned").await;
    for words in ["colour", "green", "walls", "4", "https://paint.example.com/wall"] {
        assert!(outcome.says(words), "{words}: {}", outcome.text);
    }
    let state = scene.ended(&request, "provisioned").await;
    assert_eq!(state["resources"], json!({ "colour": "green", "walls": 4, "url": "https://paint.example.com/wall" }));
    assert_eq!((painters.calls("paint", &request), painters.calls("strip", &request)), (1, 0));
}

/// It fails once, and a person lets it try again.
async fn retried(scene: &Scene, painters: &Painters) {
    let request = approved_wall(scene, "breaks-once").await;
    let card = attention(scene, &request, "").await;
    for words in ["The brush broke", "Painting", "Buy a new brush"] {
        assert!(card.says(words), "{words}: {}", card.plain());
    }
    let state = scene.temporal.state(&request.id).await.unwrap();
    assert_eq!(state["failure"]["cause"], "The brush broke");
    assert!(scene.alice.thread(&scene.channel, &request.root.ts).iter().any(|m| m.says("The brush broke")));

    // Others may not choose.
    for (who, action) in [(scene.alice.id(), "retry"), (scene.alice.id(), "give_up"), (ADA, "retry"), (ADA, "give_up")]
    {
        let before = scene.said_in_private(who, &card.channel).len();
        scene.slack.person(who).click(&card, action).await.unwrap();
        let said = scene.said_in_private(who, &card.channel).split_off(before);
        assert!(said.len() == 1 && said[0].says(scene.bob.id()), "{who} {action}: {said:?}");
    }
    assert_eq!(scene.temporal.state(&request.id).await.unwrap(), state, "nothing changed");

    scene.clicks(&scene.bob, &card, "retry").await;
    scene.outcome(&request, "provisioned").await;
    let state = scene.ended(&request, "provisioned").await;
    assert_eq!(state["failure"], Value::Null);
    assert_eq!((painters.calls("paint", &request), painters.calls("strip", &request)), (2, 0));
    // The old card answers no new question.
    let late = scene.bob.click_as_seen(&card, "give_up").await.unwrap();
    assert!(ephemeral(&late).contains("provisioned"), "{}", ephemeral(&late));
    assert_eq!(painters.calls("strip", &request), 0);
}

/// It fails, and a person gives up.
async fn given_up(scene: &Scene, painters: &Painters) {
    let request = approved_wall(scene, "breaks-again").await;
    let card = attention(scene, &request, "").await;
    scene.clicks(&scene.bob, &card, "give_up").await;
    let outcome = scene.outcome(&request, "failed").await;
    assert!(outcome.says("The brush broke"), "{}", outcome.text);
    let state = scene.ended(&request, "failed").await;
    assert_eq!(state["failure"]["cause"], "The brush broke");
    assert_eq!((painters.calls("paint", &request), painters.calls("strip", &request)), (1, 1));
}

/// It answers with something that is no result.
async fn odd(scene: &Scene, painters: &Painters) {
    let request = approved_wall(scene, "odd-answer").await;
    let card = attention(scene, &request, "").await;
    assert!(card.says("no result"), "{}", card.plain());
    // The first question's answer is not the second one's.
    scene.clicks(&scene.bob, &card, "retry").await;
    let second = attention(scene, &request, &card.ts).await;
    let late = scene.bob.click_as_seen(&card, "give_up").await.unwrap();
    assert!(!ephemeral(&late).is_empty());
    assert_eq!(scene.temporal.state(&request.id).await.unwrap()["status"], "needs_attention");
    // Nonsense by signal is refused; the next good choice counts.
    for payloads in [vec![], vec![crate::temporal::json_payload(&json!("retry"))]] {
        scene.temporal.signal_raw(&request.id, "act", payloads).await.unwrap();
    }
    scene.clicks(&scene.bob, &second, "give_up").await;
    scene.outcome(&request, "failed").await;
    scene.ended(&request, "failed").await;
    assert_eq!((painters.calls("paint", &request), painters.calls("strip", &request)), (2, 1));
}

/// Heartbeats that are no progress are not shown, and hurt nothing.
async fn mumbling(scene: &Scene, painters: &Painters) {
    let request = approved_wall(scene, "mumbles").await;
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    assert_eq!(painters.calls("paint", &request), 1);
}

/// The requester withdraws while a person is asked what to do.
async fn cancelled_in_between(scene: &Scene, painters: &Painters) {
    let request = approved_wall(scene, "breaks-off").await;
    attention(scene, &request, "").await;
    let root = scene.alice.refresh(&request.root).unwrap();
    scene.clicks(&scene.alice, &root, "cancel").await;
    scene.outcome(&request, "cancelled").await;
    scene.ended(&request, "cancelled").await;
    assert_eq!((painters.calls("paint", &request), painters.calls("strip", &request)), (1, 1));
}
