//! Set-ups that are broken in one place: `check` finds the place, names the fix, and
//! does not suspect anything else.

use std::collections::BTreeMap;

use futures::future::LocalBoxFuture;
use harness::proxy::{Fault, Proxy};
use slack_simulator::Group;

use super::setup::{Backends, Setup};
use super::stand_ins::Guard;
use crate::world::eventually;

struct Case {
    name: &'static str,
    breaks: for<'a> fn(&'a mut Setup, &'a Backends) -> LocalBoxFuture<'a, ()>,
    /// How the line begins that must fail, and what it must say to do.
    line: &'static str,
    fix: &'static str,
    /// How the lines begin that cannot be told then.
    hides: &'static [&'static str],
}

macro_rules! case {
    (
        $name:literal, |$setup:pat_param, $backends:pat_param| $breaks:expr,
        $line:literal, $fix:literal $(, hides $hides:literal)*
    ) => {
        Case {
            name: $name,
            breaks: |$setup, $backends| Box::pin(async move { $breaks }),
            line: $line,
            fix: $fix,
            hides: &[$($hides),*],
        }
    };
}

fn cases() -> Vec<Case> {
    vec![
        case!(
            "no configuration file",
            |setup, _| setup.set("PROVISION_BOT_CONFIG", "bot.toml"),
            "configuration: bot.toml: there is no such file",
            "Copy provision-bot.example.toml",
            hides "Slack people",
            hides "blueprint",
            hides "AWS "
        ),
        case!(
            "a misspelt key",
            |setup, _| setup.replace("provision-bot.toml", "timeout", "timeot"),
            "configuration: provision-bot.toml:4:1: authorization.timeot is not a key of authorization",
            "did you mean `timeout`?",
            hides "Slack people",
            hides "blueprint",
            hides "AWS "
        ),
        case!(
            "no bot token",
            |setup, _| setup.unset("SLACK_BOT_TOKEN"),
            "settings: SLACK_BOT_TOKEN is not set",
            "Copy the bot token (xoxb-…) from \"OAuth & Permissions\"",
            hides "Slack ",
            hides "clock"
        ),
        case!(
            "the bot token of another app",
            |setup, _| setup.set("SLACK_BOT_TOKEN", "xoxb-hush"),
            "Slack token: invalid_auth",
            "Copy the bot token (xoxb-…) again",
            hides "Slack scopes",
            hides "Slack people"
        ),
        case!(
            "a scope that was not granted",
            |setup, _| setup.slack.set_rules(|rules| rules.scopes.retain(|scope| scope != "im:write")),
            "Slack scopes: the token lacks im:write",
            "paste the manifest (provision-bot manifest) again, and reinstall the app"
        ),
        case!(
            "a scope without which nobody can be looked up",
            |setup, _| setup.slack.set_rules(|rules| rules.scopes.retain(|scope| scope != "users:read")),
            "Slack scopes: the token lacks users:read",
            "reinstall the app"
        ),
        case!(
            "the app token of another app",
            |setup, _| {
                setup.slack.set_rules(|rules| rules.socket_mode = true);
                setup.set("SLACK_APP_TOKEN", "xapp-hush")
            },
            "Slack app token: apps.connections.open: invalid_auth",
            "Generate an app-level token (xapp-…)"
        ),
        case!(
            "Socket Mode is not turned on in Slack",
            |setup, _| setup.set("SLACK_APP_TOKEN", setup.slack.app_token().to_owned()),
            "Slack app token: apps.connections.open: access_denied",
            "Turn on \"Socket Mode\""
        ),
        case!(
            "Slack cannot be reached",
            |setup, _| setup.set("SLACK_API_URL", "http://127.0.0.1:9/api"),
            "Slack token: http://127.0.0.1:9/api gives no answer of Slack's",
            "Check SLACK_API_URL",
            hides "Slack scopes",
            hides "Slack people",
            hides "clock"
        ),
        case!(
            "a clock that is ten minutes slow",
            |setup, _| setup.slack.set_rules(|rules| rules.clock_ahead = 630),
            "clock: 6",
            "Let a time service (NTP) set the clock"
        ),
        case!(
            "an authorizer who has left",
            |setup, _| setup.replace("provision-bot.toml", "U0AUTHORIZER", "U0LEFT00001"),
            "Slack people: teams[0].authorizers names U0LEFT00001, the deactivated account of lea",
            "Name a member of this workspace"
        ),
        case!(
            "a member nobody knows",
            |setup, _| setup.replace("provision-bot.toml", "U0REQUESTER", "U0NOBODY001"),
            "Slack people: teams[0].members names U0NOBODY001, somebody Slack does not know",
            "Name a member of this workspace"
        ),
        case!(
            "a user group that was disabled",
            |setup, _| setup.slack.change(|acme| {
                acme.add_group(Group { id: "S0USERGROUP".into(), disabled: true, ..Group::default() });
            }),
            "Slack people: teams[0].members names the user group S0USERGROUP, which does not exist, is disabled",
            "fill the group in Slack"
        ),
        case!(
            "an encryption key that is none",
            |setup, _| setup.set("PROVISION_BOT_ENCRYPTION_KEYS", "2026-11:hush"),
            "settings: PROVISION_BOT_ENCRYPTION_KEYS entry 1 has a key that is not",
            "openssl rand -base64 32",
            hides "encryption"
        ),
        case!(
            "Temporal is down",
            |setup, _| setup.set("TEMPORAL_ADDRESS", "127.0.0.1:9"),
            "Temporal: Temporal at http://127.0.0.1:9/ cannot be reached: Connection refused",
            "Check TEMPORAL_ADDRESS",
            hides "Temporal permissions",
            hides "Temporal search attributes",
            hides "blueprint",
            hides "encryption"
        ),
        case!(
            "a namespace that does not exist",
            |setup, _| setup.set("TEMPORAL_NAMESPACE", "nowhere"),
            "Temporal: there is no namespace \"nowhere\"",
            "temporal operator namespace create --namespace nowhere",
            hides "Temporal permissions",
            hides "Temporal search attributes",
            hides "blueprint",
            hides "encryption"
        ),
        case!(
            "TLS, which the server does not speak",
            |setup, _| setup.set("TEMPORAL_TLS", "true"),
            "Temporal: Temporal at https://",
            "that the server speaks TLS there (TEMPORAL_TLS=false turns it off)",
            hides "Temporal permissions",
            hides "Temporal search attributes",
            hides "blueprint",
            hides "encryption"
        ),
        case!(
            "an API key that Temporal refuses",
            |setup, backends| {
                let guard = Guard::start(&backends.temporal.address(), "").await;
                setup.set("TEMPORAL_ADDRESS", guard.address.clone());
                setup.keep(guard)
            },
            "Temporal: the server refuses this client: Request unauthorized.",
            "that TEMPORAL_API_KEY or the client certificate is valid for it",
            hides "Temporal permissions",
            hides "Temporal search attributes",
            hides "blueprint",
            hides "encryption"
        ),
        case!(
            "Temporal lets the bot read only",
            |setup, backends| {
                let guard = Guard::start(&backends.temporal.address(), "/RequestCancelWorkflowExecution").await;
                setup.set("TEMPORAL_ADDRESS", guard.address.clone());
                setup.keep(guard)
            },
            "Temporal permissions: may not change requests (PermissionDenied: Request unauthorized.)",
            "read and write access to the namespace default"
        ),
        case!(
            "an AWS profile that does not exist",
            |setup, _| setup.replace("credentials", "[sandbox]", "[sandpit]"),
            "AWS sandbox in us-east-1: the AWS profile \"sandbox\" gives no credentials",
            "Check the profile \"sandbox\" in the AWS configuration"
        ),
        case!(
            "an AWS profile with a name that the AWS SDK does not read",
            |setup, _| setup.replace("provision-bot.toml", "\"sandbox\"", "\"my sandbox\""),
            "configuration: provision-bot.toml:2:13: profiles[0] found \"my sandbox\"",
            "of which the AWS SDK reads letters, digits and _-/.%@:+ only",
            hides "Slack people",
            hides "blueprint",
            hides "AWS "
        ),
        case!(
            "an AWS profile of `aws login`",
            |setup, _| setup.replace("credentials", "[sandbox]", "[sandbox]\nlogin_session = arn:aws:iam::1:user/me"),
            "AWS sandbox in us-east-1: the AWS profile \"sandbox\" gives no credentials: it is one of `aws login`",
            "let profile \"sandbox\" ask for its credentials: credential_process = aws configure export-credentials"
        ),
        case!(
            "a bundle of certificates that is none",
            |setup, _| setup.set("AWS_CA_BUNDLE", "provision-bot.toml"),
            "settings: AWS_CA_BUNDLE names \"provision-bot.toml\", which holds no certificate in PEM form",
            "Name a file with the certificates",
            hides "AWS "
        ),
        case!(
            "a wrong AWS secret",
            |setup, _| setup.replace("credentials", &setup.secret_key, "hush"),
            "AWS sandbox in us-east-1: S3 answered SignatureDoesNotMatch",
            "Check the access key and secret of the AWS profile \"sandbox\""
        ),
        case!(
            "an AWS user who may not create buckets",
            |setup, backends| {
                setup.set("AWS_ENDPOINT_URL_IAM", backends.iam.url("implicitDeny"));
                // Both profiles are this user's: one will do.
                setup.replace("provision-bot.toml", ", \"production\"", "")
            },
            "AWS sandbox in us-east-1: S3 accepts the credentials of arn:aws:iam::123456789012:user/ci, which may not \
             create buckets named app-…: IAM says implicitDeny of s3:CreateBucket",
            "Give the profile \"sandbox\" the permissions that the README lists",
            hides "AWS production"
        ),
        case!(
            "AWS credentials that have expired",
            |setup, backends| {
                let s3 = Proxy::start(&backends.s3.endpoint()).await.unwrap();
                s3.fail_times("GET ListBuckets", Fault::refuse(400, "ExpiredToken"), 1);
                setup.set("AWS_ENDPOINT_URL_S3", s3.url());
                setup.keep(s3)
            },
            "AWS ",
            "Renew the credentials of the AWS profile"
        ),
        case!(
            "S3 cannot be reached",
            |setup, _| {
                setup.set("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9");
                setup.replace("provision-bot.toml", ", \"production\"", "")
            },
            "AWS sandbox in us-east-1: S3 gave no usable answer",
            "Check that the provisioner reaches S3 in region us-east-1",
            hides "AWS production"
        ),
        // The last, for its request stays.
        case!(
            "keys that are not those of the other copies",
            |_, backends| a_request_of_another_copy(backends).await,
            "encryption: the newest open request, checkout-7f3a9c0011, was encrypted with the key \"older\", which is not set",
            "Set PROVISION_BOT_ENCRYPTION_KEYS to the keys of the other copies"
        ),
    ]
}

/// An open request, encrypted with a key that nobody here has.
async fn a_request_of_another_copy(backends: &Backends) {
    let start = ["workflow", "start", "--type", "ProvisionApplication", "--workflow-id", "checkout-7f3a9c0011"];
    let sealed = ["--input-meta", "encoding=binary/encrypted", "--input-meta", "encryption-key-id=older"];
    let input = ["--input", "\"sealed\"", "--task-queue", "provision-bot"];
    backends.temporal_cli(&[&start[..], &sealed, &input].concat()).await;
    // The server's index takes a moment.
    eventually("the request in the list", async || {
        let list = backends.temporal_cli(&["workflow", "list", "--query", "ExecutionStatus = 'Running'"]).await;
        list.contains("checkout-7f3a9c0011").then_some(())
    })
    .await;
}

#[tokio::test]
async fn each_is_found_and_nothing_else_is_suspected() {
    let backends = Backends::start().await;
    let whole = Setup::healthy(&backends).await.check(&[]).await;
    assert_eq!(whole.code, Some(0), "{}", whole.said);
    let whole = subjects(&whole.said);
    for Case { name, breaks, line, fix, hides } in cases() {
        let mut setup = Setup::healthy(&backends).await;
        breaks(&mut setup, &backends).await;
        let outcome = setup.check(&[]).await;
        let said = &outcome.said;
        assert_eq!(outcome.code, Some(1), "{name}:\n{said}");
        let failed: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("FAIL ")).collect();
        let [found] = failed.as_slice() else { panic!("{name}, and one line fails:\n{said}") };
        assert!(found.starts_with(line) && found.contains(fix), "{name}: {line} … {fix}\n{said}");
        assert!(!said.contains("hush") && !said.contains(&setup.secret_key), "{name}: a secret is told\n{said}");
        let told = subjects(said);
        for (what, ok) in &told {
            assert!(*ok || found.starts_with(what), "{name}: {what}\n{said}");
        }
        for what in whole.keys() {
            let hidden = hides.iter().any(|start| what.starts_with(start));
            assert_eq!(told.contains_key(what), !hidden, "{name}: {what}\n{said}");
        }
    }
}

/// What was tried, and whether it passed.
fn subjects(said: &str) -> BTreeMap<&str, bool> {
    let read = |line: &'_ str| -> (usize, bool) { (line.find(": ").unwrap(), line.starts_with("ok ")) };
    said.lines().map(|line| (&line[5..read(line).0], read(line).1)).collect()
}
