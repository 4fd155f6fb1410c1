//! A set-up in which everything passes, to be broken in one place.

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use aws_config::{BehaviorVersion, Region};
use axum::body::Body;
use axum::http::{Request, header};
use harness::backends::{S3Server, TemporalOptions, TemporalServer, Tools};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use slack_simulator::Simulator;
use tempfile::TempDir;
use tokio::process::Command;

use super::stand_ins::Iam;
use crate::world::BOT;

const CONFIG: &str = r#"regions = ["us-east-1"]
profiles = ["sandbox", "production"]
[authorization]
timeout = "2m"
[[teams]]
id = "payments"
name = "Payments"
members = ["U0REQUESTER", "S0USERGROUP"]
authorizers = ["U0AUTHORIZER"]
"#;

/// What the user of both profiles may do in moto.
const POLICY: &str = r#"{"Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}"#;

/// The servers: one Temporal and one moto, which asks for real credentials.
pub struct Backends {
    tools: Tools,
    pub temporal: TemporalServer,
    pub s3: S3Server,
    pub iam: Iam,
    access_key: String,
    secret_key: String,
}

impl Backends {
    pub async fn start() -> Self {
        let tools = Tools::find_or_install(|text| eprintln!("{text}")).await.unwrap();
        let temporal = TemporalServer::start(&tools, TemporalOptions::default()).await.unwrap();
        let s3 = S3Server::start(&tools).await.unwrap();
        let iam = Iam::start().await;
        let (access_key, secret_key) = a_user(&s3.endpoint()).await;
        Self { tools, temporal, s3, iam, access_key, secret_key }
    }

    /// Runs the Temporal CLI.
    pub async fn temporal_cli(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.tools.temporal().path);
        command.args(arguments).args(["--address", &self.temporal.address()]);
        let output = command.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Makes a user, and lets moto refuse everybody else from then on.
async fn a_user(endpoint: &str) -> (String, String) {
    let credentials = aws_credential_types::Credentials::new("root", "root", None, None, "test");
    let sdk = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(credentials)
        .http_client(aws_profiles::http::client(None, None))
        .load()
        .await;
    let iam = aws_sdk_iam::Client::new(&sdk);
    iam.create_user().user_name("ci").send().await.unwrap();
    let policy = iam.put_user_policy().user_name("ci").policy_name("list").policy_document(POLICY);
    policy.send().await.unwrap();
    let made = iam.create_access_key().user_name("ci").send().await.unwrap();
    let key = made.access_key.unwrap();

    let refuse = Request::post(format!("{endpoint}/moto-api/reset-auth")).header(header::CONTENT_TYPE, "text/plain");
    let http = Client::builder(TokioExecutor::new()).build_http();
    let answer = http.request(refuse.body(Body::from("0")).unwrap()).await.unwrap();
    assert!(answer.status().is_success());
    (key.access_key_id, key.secret_access_key)
}

/// What `check` works with. It ends with the folder.
pub struct Setup {
    pub dir: TempDir,
    pub slack: Simulator,
    pub secret_key: String,
    variables: BTreeMap<&'static str, String>,
    kept: Vec<Box<dyn Any + Send>>,
}

/// What a run printed, and how it ended.
pub struct Outcome {
    pub said: String,
    pub code: Option<i32>,
}

impl Setup {
    pub async fn healthy(backends: &Backends) -> Self {
        let slack = Simulator::start(harness::app::workspace()).await.unwrap();
        let mut this = Self {
            dir: tempfile::tempdir().unwrap(),
            slack,
            secret_key: backends.secret_key.clone(),
            variables: BTreeMap::new(),
            kept: Vec::new(),
        };
        this.write("provision-bot.toml", CONFIG);
        let profile = |name| {
            let (id, secret) = (&backends.access_key, &backends.secret_key);
            format!("[{name}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
        };
        this.write("credentials", &(profile("sandbox") + &profile("production")));
        this.set("SLACK_API_URL", this.slack.api_url());
        this.set("SLACK_BOT_TOKEN", this.slack.bot_token().to_owned());
        this.set("SLACK_SIGNING_SECRET", this.slack.signing_secret().to_owned());
        this.set("TEMPORAL_ADDRESS", backends.temporal.address());
        this.set("PROVISION_BOT_ENCRYPTION_KEYS", "2026-11:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
        this.set("AWS_ENDPOINT_URL", backends.s3.endpoint());
        this.set("AWS_ENDPOINT_URL_IAM", backends.iam.url("allowed"));
        this.set("AWS_SHARED_CREDENTIALS_FILE", this.dir.path().join("credentials").to_str().unwrap().to_owned());
        this
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.variables.insert(name, value.into());
    }

    pub fn unset(&mut self, name: &'static str) {
        self.variables.remove(name).expect("it was set");
    }

    /// Lets something live as long as the set-up.
    pub fn keep(&mut self, what: impl Any + Send) {
        self.kept.push(Box::new(what));
    }

    /// Changes the first such text in a file.
    pub fn replace(&self, file: &str, text: &str, by: &str) {
        let before = std::fs::read_to_string(self.dir.path().join(file)).unwrap();
        let after = before.replacen(text, by, 1);
        assert_ne!(before, after, "{file} has no {text}");
        self.write(file, &after);
    }

    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.dir.path().join(file), text).unwrap();
    }

    pub async fn check(&self, arguments: &[&str]) -> Outcome {
        run(self.dir.path(), arguments, &self.variables).await
    }

    /// What was said, without the address that differs from run to run.
    pub fn plain(&self, outcome: &Outcome) -> String {
        outcome.said.replace(&self.variables["TEMPORAL_ADDRESS"], "ADDRESS")
    }
}

/// Runs the command with nothing in its environment but `variables`.
pub async fn run<K: AsRef<OsStr>, V: AsRef<OsStr>>(
    dir: &Path,
    arguments: &[&str],
    variables: impl IntoIterator<Item = (K, V)>,
) -> Outcome {
    let mut command = Command::new(BOT);
    command.arg("check").args(arguments).env_clear().env("HOME", dir).current_dir(dir).envs(variables);
    let output = command.kill_on_drop(true).output().await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "everything is on standard output");
    Outcome { said: String::from_utf8(output.stdout).unwrap(), code: output.status.code() }
}
