//! The log as a program reads it: an object a line whatever happens, and no colours.

use std::process::Stdio;
use std::time::Duration;

use harness::ports::Port;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::world::{BOT, plain, policy};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a bot in this environment writes to standard error until it ends.
async fn ended(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(BOT);
    command.args(["run", "--only", "web"]).env_clear().envs(variables.iter().copied()).kill_on_drop(true);
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// Every line as JSON.
fn objects(log: &str) -> Vec<Value> {
    let object = |line: &str| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let objects: Vec<_> = log.lines().map(object).collect();
    assert!(objects.iter().all(|line| line["level"].is_string() && line["timestamp"].is_string()), "{log}");
    objects
}

#[test]
fn whatever_ends_the_bot_is_the_last_object_of_a_log_in_json() {
    plain(async || {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bot.toml");
        std::fs::write(&file, policy("")).unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = taken.local_addr().unwrap().to_string();
        let json = ("PROVISION_BOT_LOG_FORMAT", "json");
        let whole = [
            ("SLACK_BOT_TOKEN", "xoxb-1"),
            ("SLACK_SIGNING_SECRET", "s3cret"),
            ("PROVISION_BOT_CONFIG", file.to_str().unwrap()),
            ("PROVISION_BOT_LISTEN", &listen),
        ];
        for (variables, expected) in [
            (vec![json], "SLACK_BOT_TOKEN is not set"),
            (vec![json, ("RUST_LOG", "bot=loud")], "RUST_LOG is"),
            ([&whole[..], &[json]].concat(), "cannot listen on"),
            ([&whole[..], &[json, ("RUST_LOG", "off")]].concat(), "cannot listen on"),
        ] {
            let log = ended(&variables).await;
            let last = objects(&log).pop().unwrap_or_else(|| panic!("{expected}: nothing was said"));
            assert!(last["error"].as_str().is_some_and(|error| error.contains(expected)), "{expected}: {log}");
        }
        // For people it is the plain sentence.
        let said = ended(&whole).await;
        assert!(said.lines().last().is_some_and(|line| line.starts_with("cannot listen on")), "{said}");
    });
}

#[test]
fn a_log_that_is_no_terminal_has_no_colours() {
    plain(async || {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bot.toml");
        std::fs::write(&file, policy("")).unwrap();
        for format in ["text", "json"] {
            let port = Port::take().unwrap();
            let listen = port.address();
            let mut bot = Command::new(BOT);
            bot.args(["run", "--only", "web"]).env_clear().env("SLACK_BOT_TOKEN", "xoxb-1");
            bot.env("SLACK_SIGNING_SECRET", "s3cret").env("PROVISION_BOT_CONFIG", &file);
            bot.env("PROVISION_BOT_LISTEN", &listen).env("PROVISION_BOT_LOG_FORMAT", format).env("RUST_LOG", "trace");
            bot.env("TEMPORAL_ADDRESS", "127.0.0.1:1").env("SLACK_API_URL", "http://127.0.0.1:1/api");
            let mut bot = bot.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
            let mut lines = BufReader::new(bot.stderr.take().unwrap());
            let mut log = String::new();
            while !log.contains("serving") {
                let read = timeout(PATIENCE, lines.read_line(&mut log)).await.expect("it says that it serves").unwrap();
                assert!(read > 0, "it ended: {log}");
            }
            assert!(!log.contains('\u{1b}'), "{log:?}");
            if format == "json" {
                objects(&log);
            }
        }
    });
}
