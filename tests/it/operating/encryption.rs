//! Encrypted histories: what the server keeps nobody reads without the key, and
//! those who may read it through the codec server.

use std::process::Stdio;
use std::time::Duration;

use axum::http::Request as HttpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use harness::backends::Tools;
use harness::ports::Port;
use harness::stack::{StackOptions, get};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use provision_bot::codec::Codec;
use provision_bot::config::EncryptionKey;
use serde_json::{Value, json};
use slack_simulator::Message;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use tokio::process::{Child, Command};

use crate::building::attention::question;
use crate::building::foreign::{Painters, approved_wall, blueprints};
use crate::temporal::{approval, input, json_payload};
use crate::world::{BOT, Request, Scene, World, alone, ephemeral, eventually, options, policy};

const KEYS: &str = "PROVISION_BOT_ENCRYPTION_KEYS";
const TOKEN: &str = "let-me-read";
/// What Alice writes in the form, and nobody else shall read.
const TYPED: &str = "Landing page for the spring launch";

fn key(id: &str, byte: u8) -> String {
    format!("{id}:{}", BASE64.encode([byte; 32]))
}

fn encrypted(config: &str, keys: &str) -> StackOptions {
    let mut options = options(config);
    options.env.push((KEYS.to_owned(), keys.to_owned()));
    options
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// That the history is over and tells nobody anything.
async fn is_closed_book(scene: &Scene, request: &Request) {
    scene.temporal.closed(&request.id).await;
    let history = scene.temporal.history_bytes(&request.id).await;
    for secret in [TYPED, scene.alice.id(), scene.bob.id(), "us-east-1"] {
        assert!(!contains(&history, secret), "{secret} is in the history");
    }
    // What the SDK notes for itself about a local activity is the one thing in clear:
    // its name, its number and the time.
    let mut events = scene.temporal.history(&request.id).await;
    for event in events["events"].as_array_mut().unwrap() {
        if let Some(marker) = event["attributes"].get_mut("MarkerRecordedEventAttributes") {
            marker["details"]["data"].take();
        }
    }
    assert!(!events.to_string().contains(&BASE64.encode("json/plain")), "{events:#}");
    assert!(contains(&history, "binary/encrypted"));
}

#[test]
fn histories_are_closed_books_and_keys_rotate() {
    alone(encrypted(&policy("").replace("\"production\"", "\"lost\""), &key("old", 1)), async |world| {
        let scene = world.scene();
        let request = scene.ask("hidden").await;
        let waiting = scene.ask("waiting").await;
        scene.approve(&request).await;
        let progress = |m: &Message| m.text.contains("/8");
        scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, progress).await.unwrap();
        scene.outcome(&request, "provisioned").await;
        is_closed_book(&scene, &request).await;

        // A failure is told to people in full, and to the history not at all.
        let stuck = scene.ask("stuck").await;
        scene.bob.select(&stuck.card, "region", "us-east-1").await.unwrap();
        scene.bob.select(&stuck.card, "profile", "lost").await.unwrap();
        scene.clicks(&scene.bob, &stuck.card, "approve").await;
        let card = question(&scene, &stuck, None).await;
        assert!(card.says("lost") && card.says("Creating the bucket"), "{}", card.plain());

        // A new key in front: what waits goes on, and is closed under both.
        world.stack.stop_bot().await.unwrap();
        world.stack.set_env(KEYS, &format!("{},{}", key("new", 2), key("old", 1)));
        world.stack.start_bot().await.unwrap();
        scene.clicks(&scene.bob, &card, "give_up").await;
        scene.outcome(&stuck, "failed").await;
        is_closed_book(&scene, &stuck).await;
        assert!(!contains(&scene.temporal.history_bytes(&stuck.id).await, "profile"));
        scene.approve(&waiting).await;
        scene.outcome(&waiting, "provisioned").await;
        is_closed_book(&scene, &waiting).await;
        let history = scene.temporal.history_bytes(&waiting.id).await;
        assert!(contains(&history, "old") && contains(&history, "new"));

        reads_with_the_codec_server(world, &scene, &waiting).await;
    });
}

async fn reads_with_the_codec_server(world: &World, scene: &Scene, request: &Request) {
    let (server, url) = codec_server().await;
    let show = async |more: &[&str]| {
        let tools = Tools::find_or_install(|_| {}).await.unwrap();
        let address = world.temporal_address();
        let mut command = Command::new(&tools.temporal().path);
        command.args(["workflow", "show", "-w", &request.id, "--output", "json", "--address", &address]);
        command.args(["--namespace", &world.stack.namespace]).args(more);
        let output = command.output().await.unwrap();
        let payloads = serde_json::from_slice(&output.stdout).map(|history| data(&history)).unwrap_or_default();
        payloads + &String::from_utf8_lossy(&output.stderr)
    };
    assert!(!show(&[]).await.contains(TYPED));
    let bearer = format!("Bearer {TOKEN}");
    let read = show(&["--codec-endpoint", &url, "--codec-auth", &bearer]).await;
    assert!(read.contains(TYPED) && read.contains(scene.bob.id()), "{read}");
    for (token, status) in [(None, 401), (Some("guess"), 401), (Some(TOKEN), 200)] {
        assert_eq!(post(&format!("{url}/decode"), token).await, status, "{token:?}");
    }
    drop(server);
}

/// The status of an answer to no payloads.
async fn post(url: &str, token: Option<&str>) -> u16 {
    let mut request = HttpRequest::post(url).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let client = Client::builder(TokioExecutor::new()).build_http();
    client.request(request.body("{\"payloads\":[]}".to_owned()).unwrap()).await.unwrap().status().as_u16()
}

/// The data of all payloads in a history as the CLI prints it.
fn data(value: &Value) -> String {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value.as_str() {
                Some(text) if name == "data" => String::from_utf8_lossy(&BASE64.decode(text).unwrap()).into_owned(),
                _ => data(value),
            })
            .collect(),
        Value::Array(values) => values.iter().map(data).collect(),
        _ => String::new(),
    }
}

/// A codec server that knows both keys, on its port.
async fn codec_server() -> ((Child, Port), String) {
    let port = Port::take().unwrap();
    let server = Command::new(BOT)
        .arg("codec-server")
        .env_clear()
        .env(KEYS, format!("{},{}", key("new", 2), key("old", 1)))
        .env("PROVISION_BOT_CODEC_TOKEN", TOKEN)
        .env("PROVISION_BOT_LISTEN", port.address())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let url = format!("http://{}", port.address());
    let health = format!("{url}/healthz");
    eventually("the codec server", async || get(&health).await.ok()).await;
    ((server, port), url)
}

#[test]
fn a_stranger_who_shares_no_key_is_told_in_plain() {
    let blueprints = blueprints() + "encrypt = false\n";
    alone(encrypted(&blueprints, &key("only", 1)), async |world| {
        let scene = world.scene();
        let painters = Painters::start(world).await;
        let request = approved_wall(&scene, "plain-wall").await;
        scene.outcome(&request, "provisioned").await;
        assert_eq!(painters.calls("paint", &request), 1);
        let history = scene.temporal.history_bytes(&request.id).await;
        assert!(!contains(&history, scene.channel.as_str()), "what is not for the stranger stays closed");
        assert!(!contains(&history, "provision-bot-plain"));
    });
}

#[test]
fn what_only_looks_encrypted_is_refused_and_wedges_nothing() {
    alone(encrypted(&policy(""), &key("only", 1)), async |world| {
        let scene = world.scene();
        let garbage = || Payload {
            metadata: [("encoding", "binary/encrypted"), ("encryption-key-id", "only")]
                .map(|(name, value)| (name.to_owned(), value.into()))
                .into(),
            data: vec![7; 100],
            ..Default::default()
        };
        scene.temporal.start_raw("garbage-0123456789", vec![garbage()]).await.unwrap();
        let ended = scene.temporal.closed("garbage-0123456789").await;
        assert!(matches!(ended, Attributes::WorkflowExecutionFailedEventAttributes(_)), "{ended:?}");

        let request = scene.ask("pestered").await;
        for signal in ["authorize", "act"] {
            scene.temporal.signal_raw(&request.id, signal, vec![garbage()]).await.unwrap();
        }
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
    });
}

/// A payload that was encrypted with a key of this ID, as far as anybody can see.
fn sealed(id: &str) -> Payload {
    Payload {
        metadata: [("encoding", "binary/encrypted"), ("encryption-key-id", id)]
            .map(|(name, value)| (name.to_owned(), value.into()))
            .into(),
        data: vec![7; 100],
        ..Default::default()
    }
}

#[test]
fn a_signal_under_an_unknown_key_is_refused_and_what_waits_for_its_key_waits() {
    alone(encrypted(&policy(""), &key("only", 1)), async |world| {
        let scene = world.scene();
        let request = scene.ask("pestered").await;
        for signal in ["authorize", "act", "nobody_knows_this"] {
            for payloads in [vec![sealed("elsewhere")], vec![sealed("elsewhere"), sealed("only")], vec![sealed("")]] {
                scene.temporal.signal_raw(&request.id, signal, payloads).await.unwrap();
            }
        }
        // Also where nothing is remembered.
        restart_with(world, &key("only", 1)).await;
        scene.temporal.signal_raw(&request.id, "authorize", vec![sealed("elsewhere")]).await.unwrap();
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
        scene.temporal.closed(&request.id).await;

        // An input that cannot be read stays what it is, and is read once the key is there.
        let later = Codec::new(&[EncryptionKey { id: "later".to_owned(), key: vec![3; 32].into() }]);
        let input = later.encrypt(json_payload(&input(&scene, "locked"))).unwrap();
        scene.temporal.start_raw("locked-0123456789", vec![input]).await.unwrap();
        let approval = later.encrypt(json_payload(&approval(&scene))).unwrap();
        task_fails(&scene, "locked-0123456789").await;
        restart_with(world, &format!("{},{}", key("only", 1), key("later", 3))).await;
        let patient = scene.clone().patient(Duration::from_secs(60));
        let request = patient.asked("locked").await;
        scene.temporal.signal_raw(&request.id, "authorize", vec![approval]).await.unwrap();
        scene.outcome(&request, "provisioned").await;
    });
}

/// The bot with other keys, which replays.
async fn restart_with(world: &mut World, keys: &str) {
    world.stack.stop_bot().await.unwrap();
    world.stack.set_env(KEYS, keys);
    world.stack.start_bot().await.unwrap();
}

/// Waits until a worker has taken every signal there is.
async fn taken(scene: &Scene, request: &Request) {
    eventually("the signal to be taken", async || {
        let history = scene.temporal.history(&request.id).await.to_string();
        let last = |kind: &str| history.rfind(&format!("{kind}EventAttributes"));
        (last("WorkflowTaskCompleted")? > last("WorkflowExecutionSignaled")?).then_some(())
    })
    .await;
}

async fn task_fails(scene: &Scene, id: &str) {
    let failed = async || scene.temporal.history(id).await.to_string().contains("WorkflowTaskFailed").then_some(());
    eventually("a task that fails", failed).await;
}

#[test]
fn a_signal_that_one_worker_could_not_read_is_refused_by_all() {
    alone(encrypted(&policy(""), &key("only", 1)), async |world| {
        let both = format!("{},{}", key("only", 1), key("later", 3));
        let later = Codec::new(&[EncryptionKey { id: "later".to_owned(), key: vec![3; 32].into() }]);
        let scene = world.scene();
        let request = scene.ask("disputed").await;
        let reject = |by: &str| {
            let rejection = json!({ "decision": "reject", "decidedBy": by, "reason": "No" });
            vec![later.encrypt(json_payload(&rejection)).unwrap()]
        };
        scene.temporal.signal_raw(&request.id, "authorize", reject(scene.bob.id())).await.unwrap();
        taken(&scene, &request).await;
        // The next worker has the key, and does not obey what the first one refused.
        restart_with(world, &both).await;
        assert_eq!(scene.roots(&scene.channel).len(), 1);

        // What it reads itself, here to refuse it for another reason, somebody without the
        // key leaves to others.
        scene.temporal.signal_raw(&request.id, "authorize", reject(scene.alice.id())).await.unwrap();
        taken(&scene, &request).await;
        restart_with(world, &key("only", 1)).await;
        scene.temporal.signal_raw(&request.id, "authorize", Vec::new()).await.unwrap();
        task_fails(&scene, &request.id).await;
        restart_with(world, &both).await;
        scene.approve(&request).await;
        scene.clone().patient(Duration::from_secs(60)).outcome(&request, "provisioned").await;
    });
}

#[test]
fn a_bot_without_the_key_breaks_nothing() {
    alone(encrypted(&policy(""), &key("only", 1)), async |world| {
        let scene = world.scene();
        let request = scene.ask("locked").await;
        scene.select(&request).await;
        world.stack.stop_bot().await.unwrap();
        world.stack.set_env(KEYS, "");
        world.stack.start_bot().await.unwrap();
        let clicked = scene.bob.click(&request.card, "approve").await.unwrap();
        assert!(ephemeral(&clicked).contains("try again"), "{}", ephemeral(&clicked));

        world.stack.stop_bot().await.unwrap();
        world.stack.set_env(KEYS, &key("only", 1));
        world.stack.start_bot().await.unwrap();
        scene.clicks(&scene.bob, &request.card, "approve").await;
        scene.outcome(&request, "provisioned").await;
    });
}
