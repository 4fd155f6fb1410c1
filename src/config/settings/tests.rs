//! What each variable may be, and what is said where it is not.

use std::time::Duration;

use base64::Engine;
use secrecy::ExposeSecret;

use super::encryption::ENCRYPTION_KEY_BYTES;
use super::variables::unquoted;
use super::{Log, LogFormat, Release, Settings};
use crate::config::{ConfigError, Flags, Part};

const WHOLE: &[(&str, &str)] = &[("SLACK_BOT_TOKEN", "xoxb-1"), ("SLACK_SIGNING_SECRET", "s3cret")];

fn settings(part: Part, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let lookup = |name: &str| variables.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| (*value).into());
    Settings::from_env(part, &Flags::default(), lookup)
}

/// What is said about `variables` on top of a whole environment.
fn said(variables: &[(&str, &str)]) -> String {
    settings(Part::All, &[WHOLE, variables].concat()).expect_err("a mistake").to_string()
}

#[test]
fn defaults_are_those_of_the_contract() {
    let settings = settings(Part::All, WHOLE).expect("valid");
    assert_eq!(settings.slack_api_url, "https://slack.com/api");
    assert_eq!(settings.listen, "127.0.0.1:3000");
    assert_eq!(settings.log, Log { filter: "info".into(), format: LogFormat::Text, colours: true });
    assert!(settings.encryption_keys.is_empty() && settings.slack_app_token.is_none());
    assert_eq!(settings.release, None);
}

#[test]
fn white_space_and_one_pair_of_quotes_are_no_part_of_a_value() {
    for (typed, read) in [
        ("0.0.0.0:80", "0.0.0.0:80"),
        (" \"0.0.0.0:80\" \n", "0.0.0.0:80"),
        ("'0.0.0.0:80'", "0.0.0.0:80"),
        ("\" 0.0.0.0:80 \"", "0.0.0.0:80"),
        ("\"\"", "127.0.0.1:3000"),
    ] {
        let variables = [WHOLE, &[("PROVISION_BOT_LISTEN", typed)]].concat();
        assert_eq!(settings(Part::All, &variables).expect("valid").listen, read, "{typed:?}");
    }
    // One pair, and only where it is one.
    assert_eq!(unquoted("\"'a'\""), "'a'");
    assert_eq!(unquoted("\"a"), "\"a");
    assert_eq!(unquoted("\""), "\"");
}

#[test]
fn what_is_required_depends_on_the_part() {
    let all_missing = "SLACK_BOT_TOKEN is not set. Copy the bot token (xoxb-…) from \"OAuth & Permissions\" of the \
                       Slack app, once it is installed.\n\
                       SLACK_SIGNING_SECRET is not set. Copy it from \"Basic Information\" of the Slack app.";
    assert_eq!(settings(Part::All, &[]).expect_err("missing").to_string(), all_missing);
    assert_eq!(settings(Part::Web, &[("SLACK_BOT_TOKEN", " ")]).expect_err("blank").to_string(), all_missing);
    assert!(settings(Part::Worker, &WHOLE[..1]).is_ok());
    assert!(settings(Part::Web, &[WHOLE[0], ("SLACK_APP_TOKEN", "xapp-1")]).is_ok());
}

#[test]
fn a_mistake_names_the_variable_and_never_repeats_a_secret() {
    let cases: &[(&str, &str, &str)] = &[
        ("SLACK_BOT_TOKEN", "xoxp-hush", "is not a bot token"),
        ("SLACK_BOT_TOKEN", "xoxb-hush hush", "is not a bot token"),
        ("SLACK_APP_TOKEN", "hush", "is not an app-level token"),
        ("SLACK_SIGNING_SECRET", "hush hush", "is not a signing secret"),
        ("SLACK_API_URL", "slack.com/api", "is \"slack.com/api\", expected the base"),
        ("PROVISION_BOT_LISTEN", "3000", "(or --listen) is \"3000\", expected an address and a port"),
        ("PROVISION_BOT_LOG_FORMAT", "xml", "is \"xml\", expected text or json."),
        ("RUST_LOG", "provision_bot=loud", "which is not a filter"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "user:hush@collector:4318", "is not the address of a collector"),
        ("HTTPS_PROXY", "socks5://user:hush@proxy:1080", "is not the address of a proxy. Expected such as http://"),
        ("https_proxy", "http://user:hush@", "is not the address of a proxy"),
        ("AWS_ENDPOINT_URL", "", "is empty. Unset it"),
        ("AWS_CA_BUNDLE", "/no/such.pem", "names \"/no/such.pem\", which cannot be read (entity not found). Name"),
        ("AWS_CA_BUNDLE", "Cargo.toml", "which holds no certificate in PEM form"),
        ("AWS_ENDPOINT_URL_S3", "hush@localhost", "is no address. Expected such as http://localhost:5000"),
        ("AWS_ENDPOINT_URL_CLOUDFORMATION", "hush", "is no address. Expected such as http://localhost:5000"),
        ("PROVISION_BOT_ENCRYPTION_KEYS", "hush", "entry 1 has no \":\""),
        ("PROVISION_BOT_ENCRYPTION_KEYS", "a:hush", "entry 1 has a key that is not 32 bytes"),
        ("PROVISION_BOT_ENCRYPTION_KEYS", "a:hush!", "entry 1 has a key that is not base64"),
    ];
    for (name, value, expected) in cases {
        let said = said(&[(name, value)]);
        assert!(said.starts_with(&format!("{name} ")) && said.contains(expected), "{said}");
        assert!(!said.contains("hush"), "{said}");
    }
}

#[test]
fn a_proxy_is_named_in_either_case() {
    let proxy = |variables: &[(&str, &str)]| settings(Part::All, &[WHOLE, variables].concat()).expect("valid").proxy;
    let told = |variables: &[(&str, &str)]| {
        let proxy = proxy(variables)?;
        Some(format!("{proxy} {}", proxy.exempt()))
    };
    assert_eq!(told(&[]), None);
    assert_eq!(told(&[("HTTPS_PROXY", " "), ("NO_PROXY", "a.example")]), None);
    assert_eq!(told(&[("HTTPS_PROXY", "http://a:1"), ("https_proxy", "http://b:2")]).as_deref(), Some("http://a:1 "));
    let lower = told(&[("https_proxy", "u:p@b:2"), ("HTTPS_PROXY", ""), ("no_proxy", "a.example c.example")]);
    assert_eq!(lower.as_deref(), Some("http://b:2 a.example, c.example"));
    assert!(said(&[("HTTPS_PROXY", "a:1"), ("no_proxy", "10.0.0.0/99")]).starts_with("no_proxy names \"10.0.0.0/99\""));
    assert_eq!(told(&[("HTTP_PROXY", "http://a:1"), ("ALL_PROXY", "http://a:1")]), None, "of calls over HTTPS alone");
}

#[test]
fn a_release_has_both_names_or_none() {
    let (name, build) = (("TEMPORAL_DEPLOYMENT_NAME", "bot"), ("TEMPORAL_WORKER_BUILD_ID", "1.2.3"));
    let release = settings(Part::Worker, &[WHOLE, &[name, build]].concat()).expect("valid").release;
    assert_eq!(release, Some(Release { deployment_name: "bot".into(), build_id: "1.2.3".into() }));
    assert!(said(&[name]).starts_with("TEMPORAL_DEPLOYMENT_NAME is set, but TEMPORAL_WORKER_BUILD_ID is not. "));
    assert!(said(&[build, ("TEMPORAL_DEPLOYMENT_NAME", " ")]).starts_with("TEMPORAL_WORKER_BUILD_ID is set, but"));
    assert!(said(&[("TEMPORAL_DEPLOYMENT_NAME", "a.b"), build]).contains("is \"a.b\", but Temporal allows no"));
}

#[test]
fn traces_are_off_unless_there_is_a_place_for_them() {
    let traces = |variables: &[(&str, &str)]| settings(Part::All, &[WHOLE, variables].concat()).expect("valid").traces;
    let place = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
    assert_eq!(traces(&[]), None);
    assert_eq!(traces(&[place]), Some(Duration::from_secs(10)));
    assert_eq!(traces(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", place.1)]), Some(Duration::from_secs(10)));
    assert_eq!(traces(&[place, ("OTEL_EXPORTER_OTLP_TIMEOUT", "500")]), Some(Duration::from_millis(500)));
    assert_eq!(traces(&[place, ("OTEL_SDK_DISABLED", "True")]), None);
    assert_eq!(traces(&[place, ("OTEL_TRACES_EXPORTER", "none")]), None);
    for (name, value, expected) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "is \"grpc\", expected http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s", "is \"10s\", expected a number"),
    ] {
        assert!(said(&[place, (name, value)]).starts_with(&format!("{name} {expected}")));
        assert_eq!(traces(&[(name, value)]), None, "of no interest without an endpoint");
    }
}

#[test]
fn values_are_tidied() {
    let key = base64::engine::general_purpose::STANDARD.encode([7; ENCRYPTION_KEY_BYTES]);
    let keys = format!("new:{key}, old:{key}");
    let extra = [
        ("SLACK_BOT_TOKEN", "xoxb-2\n"),
        ("SLACK_API_URL", "http://127.0.0.1:8080/api/"),
        ("PROVISION_BOT_LISTEN", "localhost:0"),
        ("PROVISION_BOT_ENCRYPTION_KEYS", &keys),
    ];
    let settings = settings(Part::All, &[WHOLE, &extra].concat()).expect("valid");
    assert_eq!(settings.slack_bot_token.expose_secret(), "xoxb-2");
    assert_eq!(settings.slack_api_url, "http://127.0.0.1:8080/api");
    assert_eq!(settings.listen, "localhost:0");
    assert_eq!(settings.encryption_keys.iter().map(|key| &*key.id).collect::<Vec<_>>(), ["new", "old"]);
    assert!(!format!("{settings:?}").contains("xoxb-2"));
}
