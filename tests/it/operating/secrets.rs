//! What must not be told, is told nowhere: not in a log that tells everything, not
//! by Temporal, the metrics, Slack or `check`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use harness::stack::{StackOptions, get};
use serde_json::Value;
use slack_simulator::Simulator;
use tempfile::TempDir;

use crate::building::attention::{stuck, with_a_lost_profile};
use crate::world::{BOT, alone_with, options};

pub const KEY_ID: &str = "AKIACANARYCANARY0001";
pub const SECRET_KEY: &str = "canary/secret+key0000000000000000000000";

/// A bot that writes all it says into the file `log`, and signs with canaries.
pub async fn overheard() -> (StackOptions, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("bot");
    let log = folder.path().join("log");
    std::fs::write(&program, format!("#!/bin/sh\nexec '{BOT}' \"$@\" >>'{}' 2>&1\n", log.display())).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let credentials = folder.path().join("credentials");
    let keys = format!("aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n");
    std::fs::write(&credentials, format!("[sandbox]\n{keys}")).unwrap();
    let env = vec![("AWS_SHARED_CREDENTIALS_FILE".to_owned(), credentials.display().to_string())];
    let options = StackOptions { bot: program, log: "trace".into(), env, ..options(&with_a_lost_profile()) };
    (options, folder)
}

/// All texts in JSON, those that are base64 of something decoded too.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let decoded = BASE64_STANDARD.decode(text).unwrap_or_default();
            format!("{text}\n{}\n", String::from_utf8_lossy(&decoded))
        }
        Value::Array(all) => all.iter().map(texts).collect(),
        Value::Object(all) => all.iter().map(|(name, value)| format!("{name}\n{}", texts(value))).collect(),
        other => format!("{other}\n"),
    }
}

/// What was said or handed out on the way, and is nobody's business.
fn confided(slack: &Simulator) -> Vec<String> {
    // What people typed, and what bodies and frames are full of.
    let mut confided = vec!["Landing page for the spring launch".to_owned(), "private_metadata".to_owned()];
    confided.extend([slack.app_token().to_owned(), "ticket=".to_owned()]);
    slack.read(|state| {
        confided.extend(state.triggers.keys().cloned());
        confided.extend(state.response_urls.keys().cloned());
    });
    assert!(confided.len() > 5, "a flow has triggers and response URLs: {confided:?}");
    confided
}

async fn check(dir: &Path, variables: &[(&str, &str)]) -> String {
    let mut command = tokio::process::Command::new(BOT);
    command.arg("check").env_clear().env("RUST_LOG", "trace").current_dir(dir).envs(variables.iter().copied());
    let output = command.output().await.unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
}

#[test]
fn no_secret_is_told_anywhere() {
    alone_with(overheard, async |world, folder| {
        let scene = world.scene();
        let slack = scene.slack.clone();
        let built = scene.ask("built").await;
        scene.approve(&built).await;
        scene.ended(&built, "provisioned").await;
        let (failed, card) = stuck(&scene, "failed").await;
        let open_state = scene.temporal.state(&failed.id).await.unwrap();
        scene.clicks(&scene.bob, &card, "give_up").await;
        scene.ended(&failed, "failed").await;
        slack.fail_next("auth.test", slack_simulator::Fault::Error("invalid_auth".into()));

        let mut told = vec![("the state that asks for a hand", open_state.to_string())];
        for request in [&built, &failed] {
            told.push(("a state", scene.temporal.state(&request.id).await.unwrap().to_string()));
            let history = texts(&scene.temporal.history(&request.id).await);
            assert!(history.contains("\"applicationName\":"), "payloads are decoded: {history}");
            told.push(("a history", history));
        }
        for page in ["metrics", "readyz", "healthz"] {
            told.push(("a page", get(&format!("{}/{page}", scene.bot_url)).await.unwrap().1));
        }
        for call in slack.calls() {
            told.push(("a call of Slack", texts(&call.args)));
        }
        for delivery in slack.deliveries() {
            told.push(("an answer to Slack", delivery.answer));
        }
        let dir = folder.path();
        let credentials = dir.join("credentials");
        std::fs::write(dir.join("provision-bot.toml"), with_a_lost_profile()).unwrap();
        let (api, temporal) = (slack.api_url(), world.temporal_address());
        let variables = [
            ("SLACK_API_URL", api.as_str()),
            ("SLACK_BOT_TOKEN", slack.bot_token()),
            ("SLACK_SIGNING_SECRET", slack.signing_secret()),
            ("TEMPORAL_ADDRESS", temporal.as_str()),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
            ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
        ];
        told.push(("check", check(dir, &variables).await));
        let wrong_token = "xoxb-canary-of-somebody-else";
        told.push((
            "check that fails",
            check(dir, &[&variables[..], &[("SLACK_BOT_TOKEN", wrong_token)]].concat()).await,
        ));
        world.stack.stop_bot().await.unwrap();
        let log = std::fs::read_to_string(dir.join("log")).unwrap();
        assert!(log.contains("TRACE") && log.contains(&built.id), "everything is logged that can be");
        for text in confided(&slack) {
            assert_eq!(log.lines().find(|line| line.contains(&text)), None, "the log tells {text}");
        }
        told.push(("the log", log));

        for secret in [slack.bot_token(), slack.signing_secret(), KEY_ID, SECRET_KEY, wrong_token] {
            for (what, text) in &told {
                let line = text.lines().find(|line| line.contains(secret));
                assert_eq!(line, None, "{what} tells {secret}");
            }
        }
    });
}

#[test]
fn nothing_that_comes_by_socket_is_logged() {
    let by_socket = async || {
        let (options, folder) = overheard().await;
        (StackOptions { socket_mode: true, ..options }, folder)
    };
    alone_with(by_socket, async |world, folder| {
        let scene = world.scene();
        let slack = scene.slack.clone();
        let built = scene.ask("by-socket").await;
        scene.approve(&built).await;
        scene.ended(&built, "provisioned").await;
        // Another connection, and one that is refused.
        slack.disconnect_all("refresh_requested");
        let unwanted = scene.ask("unwanted").await;
        scene.reject(&unwanted, "canary of a reason").await;
        scene.ended(&unwanted, "rejected").await;
        world.stack.stop_bot().await.unwrap();
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        assert!(log.contains("TRACE") && log.contains(&built.id), "everything is logged that can be");
        let mut secrets = confided(&slack);
        secrets.extend([slack.bot_token(), KEY_ID, SECRET_KEY, "canary of a reason"].map(str::to_owned));
        for secret in secrets {
            assert_eq!(log.lines().find(|line| line.contains(&secret)), None, "the log tells {secret}");
        }
    });
}
