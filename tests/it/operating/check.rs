//! `provision-bot check`, as an operator runs it: against what is well, against
//! what is not, and as a program reads it.

mod broken;
pub mod setup;
mod stand_ins;
mod templates;
mod trust;

use harness::backends::{TemporalOptions, TemporalServer, Tools};
use serde_json::Value;
use tokio::process::Command;

use self::setup::{Backends, Setup};
use crate::world::eventually;

#[tokio::test]
async fn each_connection_has_a_line() {
    let backends = Backends::start().await;
    let mut setup = Setup::healthy(&backends).await;
    let passed = setup.check(&[]).await;
    insta::assert_snapshot!("all_passes", setup.plain(&passed));
    assert_eq!(passed.code, Some(0));

    // The same for a program.
    let json = setup.check(&["--json"]).await;
    insta::assert_snapshot!("all_passes_json", setup.plain(&json));
    assert_eq!(json.code, Some(0));
    assert_eq!(rendered(&json.said), passed.said);

    setup.set("SLACK_BOT_TOKEN", "xoxb-of-somebody-else");
    setup.set("TEMPORAL_NAMESPACE", "nowhere");
    setup.set("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    let failed = setup.check(&[]).await;
    insta::assert_snapshot!("each_fails", setup.plain(&failed));
    assert_eq!(failed.code, Some(1));
    let json = setup.check(&["--json"]).await;
    assert_eq!(json.code, Some(1));
    assert_eq!(rendered(&json.said), failed.said);
}

/// The lines that a document stands for.
fn rendered(json: &str) -> String {
    let report: Value = serde_json::from_str(json).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let all = checks.iter().all(|check| check["ok"].as_bool().unwrap());
    assert_eq!(report["ok"], all, "{json}");
    let line = |check: &Value| {
        let keys: Vec<&String> = check.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["advice", "ok", "said", "what"], "{check}");
        let verdict = if check["ok"] == true { "ok  " } else { "FAIL" };
        let advice = check["advice"].as_str().map(|advice| format!(". {advice}")).unwrap_or_default();
        format!("{verdict} {}: {}{advice}\n", check["what"].as_str().unwrap(), check["said"].as_str().unwrap())
    };
    checks.iter().map(line).collect()
}

#[tokio::test]
async fn what_is_not_known_or_drifts_is_said_and_passes() {
    let backends = Backends::start().await;
    let mut setup = Setup::healthy(&backends).await;
    setup.slack.set_rules(|rules| rules.clock_ahead = -60);
    // moto's own IAM: the user may ask it for nothing.
    setup.unset("AWS_ENDPOINT_URL_IAM");
    setup.replace("provision-bot.toml", "members = [\"U0REQUESTER\", \"S0USERGROUP\"]", "");
    setup.replace("provision-bot.toml", "authorizers = [\"U0AUTHORIZER\"]", "");
    setup.set("TEMPORAL_DEPLOYMENT_NAME", "provision-bot");
    setup.set("TEMPORAL_WORKER_BUILD_ID", "0.2.0");
    let passed = setup.check(&[]).await;
    for line in [
        "ok   clock: warning, 6",
        " s ahead of Slack's; beyond 300 s every delivery is refused. Let a time service (NTP) set the clock",
        "ok   Slack people: the configuration names nobody: any member may ask and decide",
        "ok   Temporal worker versioning: no release of \"provision-bot\" is current: requests wait, or go to bots that \
         are no release. To send them here, start its workers, then run: temporal worker deployment \
         set-current-version --deployment-name provision-bot --build-id 0.2.0",
        "ok   AWS sandbox in us-east-1: S3 accepts the credentials of arn:aws:iam::123456789012:user/ci; whether they \
         may create buckets is not known: the profile may not ask IAM (iam:SimulatePrincipalPolicy)",
    ] {
        assert!(passed.said.contains(line), "{line}\n{}", passed.said);
    }
    assert_eq!(passed.code, Some(0), "{}", passed.said);

    // An S3 of one's own, with nothing beside it: Amazon does not hear of its users.
    setup.unset("AWS_ENDPOINT_URL");
    setup.set("AWS_ENDPOINT_URL_S3", backends.s3.endpoint());
    let passed = setup.check(&[]).await;
    let line = "ok   AWS sandbox in us-east-1: S3 accepts the profile's credentials; whose they are is not known: S3 is \
                not Amazon's, and AWS_ENDPOINT_URL_STS names no STS beside it; nor whether they may create buckets";
    assert!(passed.said.contains(line), "{}", passed.said);
    assert_eq!(passed.code, Some(0), "{}", passed.said);
}

#[tokio::test]
async fn the_command_it_names_registers_the_search_attributes() {
    let tools = Tools::find_or_install(|text| eprintln!("{text}")).await.unwrap();
    let temporal = TemporalServer::start(&tools, TemporalOptions::default()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let variables = [("TEMPORAL_ADDRESS", temporal.address())];
    let said = setup::run(dir.path(), &[], variables.clone()).await.said;
    let (_, command) = said.split_once("To find requests by them, run: ").expect("a command");
    let path = format!("{}:/usr/bin:/bin", tools.temporal().path.parent().unwrap().display());
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command.lines().next().unwrap()).envs(variables.clone()).env("PATH", path);
    let registered = shell.output().await.unwrap();
    assert!(registered.status.success(), "{}", String::from_utf8_lossy(&registered.stderr));

    // The server takes a moment to learn of them.
    eventually("all search attributes", async || {
        let said = setup::run(dir.path(), &[], variables.clone()).await.said;
        said.contains("\nok   Temporal search attributes: all 4 are registered\n").then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_commands_it_names_put_attributes_of_another_type_right() {
    let tools = Tools::find_or_install(|text| eprintln!("{text}")).await.unwrap();
    let temporal = TemporalServer::start(&tools, TemporalOptions::default()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let variables = [("TEMPORAL_ADDRESS", temporal.address())];
    let path = format!("{}:/usr/bin:/bin", tools.temporal().path.parent().unwrap().display());
    let run = async |command: &str| {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).envs(variables.clone()).env("PATH", &path);
        let ran = shell.output().await.unwrap();
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    };
    run("for name in Status=Int Team=Text Requester=Keyword; do temporal operator search-attribute create \
         --name Provision${name%=*} --type ${name#*=}; done")
    .await;
    let look = async || setup::run(dir.path(), &[], variables.clone()).await.said;
    let wrong = "\nok   Temporal search attributes: optional, and not registered: ProvisionAuthorizer; registered as \
                 another type than Keyword: ProvisionTeam (Text), ProvisionStatus (Int). To find requests by them, run: ";
    let said = eventually("the server to know them", async || Some(look().await).filter(|s| s.contains(wrong))).await;
    run(said.split_once(wrong).unwrap().1.lines().next().unwrap()).await;
    eventually("all search attributes", async || {
        look().await.contains("\nok   Temporal search attributes: all 4 are registered\n").then_some(())
    })
    .await;
}

#[tokio::test]
async fn several_mistakes_are_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let failed = setup::run(dir.path(), &[], [("TEMPORAL_ADDRESS", "127.0.0.1:9")]).await;
    for line in [
        "FAIL configuration: provision-bot.toml: there is no such file.",
        "FAIL settings: SLACK_BOT_TOKEN is not set.",
        "FAIL settings: SLACK_SIGNING_SECRET is not set.",
        "FAIL Temporal: ",
    ] {
        assert!(failed.said.contains(line), "{}", failed.said);
    }
    assert_eq!(failed.code, Some(1));
}
