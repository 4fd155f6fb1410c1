//! The program as an operator meets it before anything runs.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;

use crate::world::{BOT, plain, policy};

/// Runs the program with nothing in its environment but `variables`.
async fn run(arguments: &[&str], dir: &Path, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(BOT);
    command.args(arguments).env_clear().envs(variables.iter().copied()).current_dir(dir).kill_on_drop(true);
    command.output().await.unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).concat()
}

/// Enough to start, were it not for the configuration.
const VARIABLES: [(&str, &str); 4] = [
    ("SLACK_BOT_TOKEN", "xoxb-1"),
    ("SLACK_SIGNING_SECRET", "s3cret"),
    ("PROVISION_BOT_LISTEN", "127.0.0.1:0"),
    ("PROVISION_BOT_CONFIG", "bot.toml"),
];

#[test]
fn a_mistake_in_the_file_is_named_with_its_place() {
    plain(async || {
        let dir = tempfile::tempdir().unwrap();
        let good = policy("");
        let good = good.as_str();
        for (text, line, key, expected) in [
            (good.replace("\"us-east-1\", ", "7, "), 1, "regions[0]", "expected"),
            (good.replace("profiles = [\"sandbox\", \"production\"]", "profiles = []"), 2, "profiles", "expected"),
            (policy("timeout = \"soon\""), 5, "authorization.timeout", "\"2m\""),
            (policy("timeot = \"1m\""), 5, "authorization.timeot", "timeout"),
            (policy("timeout = \"1m\"\nreminder = \"2m\""), 6, "authorization.reminder", "less than the timeout"),
            (policy("allow_self = \"no\""), 5, "authorization.allow_self", "true or false"),
            (good.replace("\"U0BOB000\"", "\"bob\""), 11, "teams[0].authorizers[0]", "U…"),
            (good.replace("regions =", "regions"), 1, "", "TOML"),
        ] {
            std::fs::write(dir.path().join("bot.toml"), text).unwrap();
            let output = run(&["run"], dir.path(), &VARIABLES).await;
            let said = said(&output);
            assert_eq!(output.status.code(), Some(1), "{said}");
            let named = said.lines().any(|text| {
                text.contains(&format!("bot.toml:{line}:")) && text.contains(key) && text.contains(expected)
            });
            assert!(named, "bot.toml:{line} {key} {expected}:\n{said}");
        }
    });
}

#[test]
fn every_missing_variable_and_the_missing_file_are_named_at_once() {
    plain(async || {
        let dir = tempfile::tempdir().unwrap();
        let output = run(&["run"], dir.path(), &[]).await;
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for name in ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "provision-bot.toml"] {
            assert!(said.contains(name), "{name}: {said}");
        }
        // The worker half needs no signing secret.
        let output = run(&["run", "--only", "worker"], dir.path(), &[]).await;
        assert!(!self::said(&output).contains("SLACK_SIGNING_SECRET"));
        // A wrong value is named, and not repeated.
        let variables = [("SLACK_BOT_TOKEN", "xoxp-secret"), ("SLACK_SIGNING_SECRET", "s3cret")];
        let text = self::said(&run(&["run"], dir.path(), &variables).await);
        assert!(text.contains("SLACK_BOT_TOKEN") && !text.contains("xoxp-secret"), "{text}");
    });
}

#[test]
fn the_manifest_fits_its_address() {
    plain(async || {
        let dir = tempfile::tempdir().unwrap();
        let manifest = async |arguments: &[&str]| {
            let output = run(&[&["manifest"], arguments].concat(), dir.path(), &[]).await;
            assert!(output.status.success(), "{}", said(&output));
            String::from_utf8(output.stdout).unwrap()
        };
        let json = manifest(&["--url", "https://bot.example.com"]).await;
        let http: serde_json::Value = serde_json::from_str(&json).unwrap();
        let command = &http["features"]["slash_commands"][0];
        assert_eq!(command["command"], "/provision");
        assert_eq!(command["url"], "https://bot.example.com/slack/commands");
        let interactivity = &http["settings"]["interactivity"];
        assert_eq!(interactivity["request_url"], "https://bot.example.com/slack/interactions");
        assert_eq!(interactivity["message_menu_options_url"], "https://bot.example.com/slack/options");

        let socket: serde_json::Value = serde_json::from_str(&manifest(&["--socket"]).await).unwrap();
        assert_eq!(socket["settings"]["socket_mode_enabled"], true);
        assert_eq!(socket["features"]["slash_commands"][0]["url"], serde_json::Value::Null);

        let yaml = manifest(&["--url", "https://bot.example.com", "--format", "yaml"]).await;
        let read: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read, http);

        let link = manifest(&["--url", "https://bot.example.com", "--link"]).await;
        let link: url::Url = link.trim().parse().unwrap();
        assert_eq!(link.host_str(), Some("api.slack.com"));
        let filled = link.query_pairs().find(|(name, _)| name == "manifest_json").unwrap().1;
        assert_eq!(serde_json::from_str::<serde_json::Value>(&filled).unwrap(), http);

        for wrong in [&["manifest"][..], &["manifest", "--url", "x", "--socket"], &["manifest", "--url", "no url"]] {
            let output = run(wrong, dir.path(), &[]).await;
            assert!(!output.status.success() && !output.stderr.is_empty(), "{wrong:?}");
        }
    });
}

#[test]
fn a_codec_server_that_would_serve_anybody_does_not_start() {
    plain(async || {
        let dir = tempfile::tempdir().unwrap();
        let keys = ("PROVISION_BOT_ENCRYPTION_KEYS", "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let open = ("PROVISION_BOT_LISTEN", "0.0.0.0:0");
        for (variables, word) in [
            (&[keys, open][..], "PROVISION_BOT_CODEC_TOKEN"),
            (&[open], "PROVISION_BOT_ENCRYPTION_KEYS"),
            (&[("PROVISION_BOT_ENCRYPTION_KEYS", "k:short"), open], "32 bytes"),
        ] {
            let output = run(&["codec-server"], dir.path(), variables).await;
            assert_eq!(output.status.code(), Some(1));
            assert!(said(&output).contains(word), "{word}: {}", said(&output));
        }
    });
}

#[test]
fn the_version_is_the_packages() {
    plain(async || {
        let dir = tempfile::tempdir().unwrap();
        let output = run(&["--version"], dir.path(), &[]).await;
        assert_eq!(said(&output).trim(), format!("provision-bot {}", env!("CARGO_PKG_VERSION")));
        let help = said(&run(&["--help"], dir.path(), &[]).await);
        let clients = ["request", "show", "list", "approve", "reject", "answer", "cancel", "extend", "keep", "remove"];
        for command in ["run", "demo", "manifest", "check", "codec-server"].into_iter().chain(clients) {
            assert!(help.contains(command), "{command}: {help}");
        }
    });
}

#[test]
fn the_demo_plays_a_request_and_no_secret_reaches_its_logs() {
    let played = std::process::Command::new(BOT).args(["demo", "--play"]).env("RUST_LOG", "trace").output().unwrap();
    let (said, logged) = (String::from_utf8_lossy(&played.stdout), String::from_utf8_lossy(&played.stderr));
    assert!(played.status.success(), "{said}");
    assert!(said.contains("is provisioned") && said.contains("The bucket exists: app-checkout-payments-"), "{said}");
    assert!(said.contains("is done with") && said.contains("The bucket is gone: app-checkout-payments-"), "{said}");
    assert!(logged.contains("TRACE"), "everything is logged that can be");
    // The bot's token, and the secret keys of the AWS profiles.
    for secret in ["xoxb-", "demo-secret"] {
        assert!(!said.contains(secret), "{secret} is printed");
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is logged");
    }
}

/// As a program built without the cargo feature `cloudformation` plays it: the form does not ask
/// what is wanted.
#[test]
fn without_stacks_the_demo_plays_a_request_for_a_bucket() {
    plain(async || harness::play(BOT.into(), false).await.unwrap());
}
