//! The jobs of `docs/ci.md`, as they are written there, with stand-ins for the programs
//! around them.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::json;
use tokio::process::Command;

use super::scripted::{Bot, TOKEN, accepted, answer, state};
use crate::world::{BOT, plain};

const PAGE: &str = include_str!("../../../../docs/ci.md");
/// Follows a path such as `.resources.bucketName`.
const JQ: &str = "#!/usr/bin/env python3\nimport json, sys\nvalue = json.load(sys.stdin)\n\
                  for key in sys.argv[2].strip('.').split('.'):\n    value = value[key]\nprint(value)\n";
/// Forgets about the container.
const DOCKER: &str = "#!/bin/sh\nshift 7\nexec provision-bot \"$@\"\n";

/// The page's script that has this in it, without what its lines begin with.
fn script(word: &str) -> String {
    let block = PAGE.split("```").find(|block| block.contains(word)).unwrap();
    let Some((_, run)) = block.split_once("run: |\n") else { return block.split_once('\n').unwrap().1.to_owned() };
    let begin = run.len() - run.trim_start().len();
    let lines =
        run.lines().map_while(|line| line.get(..begin).filter(|start| start.trim().is_empty()).map(|_| &line[begin..]));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Runs a script as a CI does, and gives what it printed.
async fn play(script: &str, bot: &Bot, folder: &Path) -> String {
    let curl = format!("#!/bin/sh\necho '{{\"value\":\"{TOKEN}\"}}'\n");
    let programs = [("jq", JQ), ("docker", DOCKER), ("curl", &curl), ("aws", "#!/bin/sh\necho aws \"$@\"\n")];
    for (name, text) in programs {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    symlink(BOT, folder.join("provision-bot")).unwrap();
    let path = format!("{}:{}", folder.display(), provision_bot::config::environment("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]).current_dir(folder).env("PATH", path);
    bash.envs([("PROVISION_BOT_URL", bot.url().as_str()), ("PROVISION_BOT_TOKEN", TOKEN), ("BUILD_ID", "7")]);
    bash.envs([("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t"), ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.invalid/?x")]);
    bash.envs([("GITHUB_SHA", "abc"), ("GITHUB_REPOSITORY", "acme/shop"), ("GITHUB_RUN_ID", "7")]);
    bash.envs([("GITHUB_RUN_ATTEMPT", "1"), ("GITHUB_ENV", "variables"), ("IMAGE", "provision-bot")]);
    let output = bash.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{script}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_jobs_of_the_page_get_their_bucket() {
    plain(async || {
        let built = state("provisioned", 1, json!({ "resources": { "bucketName": "app-checkout-7" } }));
        for (word, key) in [("set -eu", "checkout-7"), ("runs-on:", "acme/shop-7-1")] {
            let bot = Bot::start([accepted(), answer(200, &built)]);
            let folder = tempfile::tempdir().unwrap();
            let said = play(&script(word), &bot, folder.path()).await;
            let asked = bot.asked();
            assert_eq!((asked.len(), asked[0].key.as_deref()), (2, Some(key)), "{said}");
            assert_eq!(asked[0].body["authorizerId"], "U0LEAD");
            let variables = std::fs::read_to_string(folder.path().join("variables")).unwrap_or_default();
            let named = ["aws s3 sync site s3://app-checkout-7/\n", "BUCKET=app-checkout-7\n"];
            assert!(named.iter().any(|named| said.ends_with(named) || variables == *named), "{said}{variables}");
        }
    });
}
