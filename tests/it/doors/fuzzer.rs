//! The description of the API against the API: a validator accepts it, and a public fuzzer
//! of such APIs, which calls everything that it describes in every way, finds no fault.

use std::process::Stdio;

use harness::backends::Tools;
use tokio::process::Command;

use super::client::{ALL, token};
use crate::world::{alone, options, plain, policy};

const VALIDATOR: &str = "openapi-spec-validator~=0.9.0";
const FUZZER: &str = "schemathesis~=4.32.5";

const DESCRIPTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/doors/http_api/openapi.json");
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/http_api/schemathesis.toml");

/// Runs a program of a Python package, and shows what it said if it found something.
async fn finds_nothing(package: &str, program: &str, arguments: &[&str]) {
    let python = Tools::python_with(&[package], |line| eprintln!("{line}")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(&python.path);
    command.envs(python.env).current_dir(folder.path()).args(["-c", program]).args(arguments);
    let done = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}");
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_validator_accepts_the_description() {
    plain(async || {
        let program = "from openapi_spec_validator.__main__ import main; main()";
        finds_nothing(VALIDATOR, program, &["--schema", "3.1", DESCRIPTION]).await;
    });
}

#[test]
fn a_public_fuzzer_finds_no_fault() {
    alone(options(&policy("")), async |world| {
        let program = "from schemathesis.cli import schemathesis; schemathesis()";
        let token = format!("Authorization: Bearer {}", token(ALL));
        let description = format!("{}/api/v1/openapi.json", world.stack.bot_url());
        let arguments = ["--config-file", SETTINGS, "--no-color", "run", &description, "--header", &token];
        finds_nothing(FUZZER, program, &arguments).await;
    });
}
