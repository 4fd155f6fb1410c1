//! The example's program: compiled once for a test, and run as a process.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use harness::backends::{Program, Tools};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::building::cloudformation::World as Cloud;
use crate::world::World;

const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/cdk");
/// The app that it builds here.
const APP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/planning/cdk/app.js");
/// Under `target/`: half a gigabyte is not for the cache folder of whoever runs the tests.
const PLACE: &str = env!("CARGO_TARGET_TMPDIR");

const COMPILES_WITHIN: Duration = Duration::from_secs(120);
/// It loads half a gigabyte of JavaScript, and no other test waits meanwhile.
const STARTS_WITHIN: Duration = Duration::from_secs(120);

/// It gives what runs five seconds to end.
const STOPS_WITHIN: Duration = Duration::from_secs(30);

/// The program, and where it has its packages.
pub struct Compiled {
    node: Program,
    folder: TempDir,
}

impl Compiled {
    pub async fn make() -> Self {
        let (node, packages) =
            Tools::node_project(Path::new(PROJECT), Path::new(PLACE), |text| eprintln!("{text}")).await.unwrap();
        // Within the folder of the packages, where Node.js looks for them.
        let folder = tempfile::Builder::new().prefix("compiled-").tempdir_in(&packages).unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("src")).unwrap();
        let sources = std::fs::read_dir(Path::new(PROJECT).join("src")).unwrap();
        for source in sources.map(|entry| entry.unwrap().path()) {
            std::fs::copy(&source, at("src").join(source.file_name().unwrap())).unwrap();
        }
        for file in ["package.json", "tsconfig.json"] {
            std::fs::copy(Path::new(PROJECT).join(file), at(file)).unwrap();
        }
        let compiler = packages.join("node_modules/typescript/bin/tsc");
        let compiling = run(&node, [compiler.as_os_str(), "-p".as_ref(), folder.path().as_os_str()]).output();
        let said = timeout(COMPILES_WITHIN, compiling).await.expect("a compiler that ends").unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
        std::fs::rename(at("dist/app.js"), at("dist/example.js")).unwrap();
        std::fs::copy(APP, at("dist/app.js")).unwrap();
        Self { node, folder }
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("dist/worker.js")
    }
}

/// The running program. Dropped, it is killed.
pub struct Worker(Child);

impl Worker {
    /// Returns when it polls.
    pub async fn start(compiled: &Compiled, world: &World, cloud: &Cloud) -> Self {
        let mut child = run(&compiled.node, [compiled.program()])
            .env("TEMPORAL_ADDRESS", world.temporal_address())
            .env("TEMPORAL_NAMESPACE", &world.stack.namespace)
            .env("AWS_ENDPOINT_URL", &cloud.endpoint)
            .env("AWS_CONFIG_FILE", &cloud.files.config)
            .env("AWS_SHARED_CREDENTIALS_FILE", &cloud.files.credentials)
            .env("CDK_HOME", compiled.folder.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let polls = async {
            while let Some(line) = said.next_line().await.unwrap() {
                eprintln!("cdk: {line}");
                if line.contains("RUNNING") {
                    return;
                }
            }
            panic!("the worker ended");
        };
        timeout(STARTS_WITHIN, polls).await.expect("a worker that polls");
        tokio::spawn(async move {
            while let Ok(Some(line)) = said.next_line().await {
                eprintln!("cdk: {line}");
            }
        });
        Self(child)
    }

    pub async fn kill(mut self) {
        self.0.kill().await.unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(mut self) {
        let id = self.0.id().expect("a worker that runs").to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        let _open = self.0.stdin.take(); // else waiting closes it, which ends the program, too
        let status = timeout(STOPS_WITHIN, self.0.wait()).await.expect("a worker that stops").unwrap();
        assert!(status.success(), "{status}");
    }
}

fn run(node: &Program, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(&node.path);
    command.envs(node.env.iter().map(|(name, value)| (name, value))).args(arguments).kill_on_drop(true);
    command
}
