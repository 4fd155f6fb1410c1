//! `provision-bot check`, as an operator runs it: against what answers, and
//! against what does not.

use std::path::Path;
use std::process::Output;

use provision_bot::demo::backends::{S3Server, TemporalOptions, TemporalServer, Tools};
use provision_bot::demo::simulator::{Simulator, SimulatorOptions};
use tokio::process::Command;

const CONFIG: &str = r#"
regions = ["us-east-1", "eu-west-1"]
profiles = ["sandbox"]
[[teams]]
id = "payments"
name = "Payments"
"#;

/// Runs the command with nothing in its environment but `variables`.
async fn check(dir: &Path, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_provision-bot"));
    command.arg("check").env_clear().env("HOME", dir).current_dir(dir).envs(variables.iter().copied());
    command.output().await.unwrap()
}

/// What was printed, without addresses that differ from run to run.
fn lines(output: &Output, addresses: &[&str]) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    addresses.iter().fold(text, |text, address| text.replace(address, "ADDRESS"))
}

#[tokio::test]
async fn each_connection_has_a_line_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("provision-bot.toml"), CONFIG).unwrap();
    let credentials = "[sandbox]\naws_access_key_id = test\naws_secret_access_key = test\n";
    std::fs::write(dir.path().join("credentials"), credentials).unwrap();
    let credentials = dir.path().join("credentials");

    let tools = Tools::find_or_install(|text| eprintln!("{text}")).await.unwrap();
    let temporal = TemporalServer::start(&tools, TemporalOptions::default()).await.unwrap();
    let s3 = S3Server::start(&tools).await.unwrap();
    let slack = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let (api, token) = (slack.api_url().to_string(), slack.bot_token().to_string());
    let (temporal_address, endpoint) = (temporal.address(), s3.endpoint());
    let healthy = [
        ("SLACK_API_URL", api.as_str()),
        ("SLACK_BOT_TOKEN", token.as_str()),
        ("SLACK_SIGNING_SECRET", "secret"),
        ("TEMPORAL_ADDRESS", temporal_address.as_str()),
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
    ];

    let passed = check(dir.path(), &healthy).await;
    insta::assert_snapshot!("all_passes", lines(&passed, &[&temporal_address]));
    assert!(passed.status.success());

    // Everything else as before, and each of these fails in its own line.
    let broken = [
        ("SLACK_BOT_TOKEN", "xoxb-of-somebody-else"),
        ("TEMPORAL_NAMESPACE", "nowhere"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ];
    let failed = check(dir.path(), &[&healthy[..], &broken].concat()).await;
    insta::assert_snapshot!("each_fails", lines(&failed, &[&temporal_address]));
    assert_eq!(failed.status.code(), Some(1));

    let gone = [
        ("SLACK_API_URL", "http://127.0.0.1:9/api"),
        ("TEMPORAL_ADDRESS", "127.0.0.1:9"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ];
    let failed = check(dir.path(), &[&healthy[..], &gone].concat()).await;
    let said = lines(&failed, &[]);
    for advice in [
        "FAIL Slack token: http://127.0.0.1:9/api gives no answer of Slack's",
        "FAIL Temporal: Temporal at http://127.0.0.1:9/ cannot be reached: Connection refused",
        "FAIL AWS sandbox in eu-west-1: S3 gave no usable answer",
    ] {
        assert!(said.contains(advice), "{said}");
    }
    assert_eq!(failed.status.code(), Some(1));
}

#[tokio::test]
async fn a_wrong_configuration_does_not_hide_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let failed = check(dir.path(), &[("TEMPORAL_ADDRESS", "127.0.0.1:9")]).await;
    let said = lines(&failed, &[]);
    for line in [
        "FAIL configuration: provision-bot.toml: there is no such file.",
        "FAIL settings: SLACK_BOT_TOKEN is not set.",
        "FAIL settings: SLACK_SIGNING_SECRET is not set.",
        "FAIL Temporal: ",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert_eq!(failed.status.code(), Some(1));
}

#[tokio::test]
async fn the_app_token_is_tried_where_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("provision-bot.toml"), CONFIG).unwrap();
    let slack = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let (api, app_token) = (slack.api_url(), slack.app_token().to_owned());
    let said = async |app_token: &str| {
        let variables = [
            ("SLACK_API_URL", api.as_str()),
            ("SLACK_BOT_TOKEN", slack.bot_token()),
            ("SLACK_APP_TOKEN", app_token),
            ("TEMPORAL_ADDRESS", "127.0.0.1:9"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ];
        lines(&check(dir.path(), &variables).await, &[])
    };
    let off = said(&app_token).await;
    assert!(off.contains("ok   settings: Slack over Socket Mode, serving on"), "{off}");
    assert!(off.contains("FAIL Slack app token: ") && off.contains("Turn on \"Socket Mode\""), "{off}");

    slack.set_rules(|rules| rules.socket_mode = true);
    let on = said(&app_token).await;
    assert!(on.contains("ok   Slack app token: Slack opens a socket for it"), "{on}");

    let foreign = said("xapp-of-somebody-else").await;
    let advice = "FAIL Slack app token: apps.connections.open: invalid_auth. Generate an app-level token (xapp-…)";
    assert!(foreign.contains(advice), "{foreign}");
    assert!(!foreign.contains("somebody"), "{foreign}");
}
