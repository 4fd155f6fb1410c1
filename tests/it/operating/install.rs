//! A newcomer follows `docs/install.md` word by word, with Socket Mode and with a
//! public address, and gets to the first bucket without leaving the page.
//!
//! What the page shows is what is done: each of its blocks, in order, in an empty
//! folder. Only what is in [`Newcomer::instead`] is replaced, and a block that nobody
//! here knows fails the test. What the page asks to be clicked in Slack, the simulated
//! Slack does: the app has what the manifest gives it. Its user in AWS may do what the
//! policy of the page allows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use harness::aws_files::AwsFiles;
use harness::backends::{S3Server, TemporalOptions, TemporalServer, Tools};
use harness::ports::Port;
use harness::stack::get;
use provision_bot::config::environment;
use serde_json::Value;
use slack_simulator::{Message, Simulator, Submitted};
use tokio::process::{Child, Command};

use crate::building::aws_gate::Gate;
use crate::building::aws_policy::policy;
use crate::world::{BOT, eventually, plain};

const PAGE: &str = include_str!("../../../docs/install.md");
/// Where the other way begins, whose blocks replace some of the first.
const BY_ADDRESS: &str = "\n## By a public address\n";
const CHANNEL: &str = "C0DEPLOYS01";
const ALICE: &str = "U0REQUESTER";

/// What the blocks of the page do.
const STEPS: [&str; 9] = [
    "install",
    "manifest",
    "~/.aws/credentials",
    "temporal",
    "provision-bot.toml",
    "provision-bot.env",
    "variables",
    "check",
    "run",
];

/// A fenced block of the page.
#[derive(Clone)]
struct Block {
    text: String,
    /// The file it is to be saved as, which is the last one named before it.
    file: Option<String>,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut parts = page.split("```");
    let mut found = Vec::new();
    while let (Some(before), Some(block)) = (parts.next(), parts.next()) {
        let (language, text) = block.split_once('\n').unwrap();
        assert!(["sh", "toml", "ini"].contains(&language), "a block of {language:?}: {text}");
        let paragraph = before.trim_end().rsplit("\n\n").next().unwrap();
        let named = paragraph.split('`').skip(1).step_by(2);
        let is_file = |name: &&str| [".toml", ".env", "/credentials"].iter().any(|end| name.ends_with(end));
        found.push(Block { text: text.to_owned(), file: named.filter(is_file).last().map(str::to_owned) });
    }
    found
}

/// The blocks of both ways.
fn ways() -> [(bool, Vec<Block>); 2] {
    let (first, other) = PAGE.split_once(BY_ADDRESS).unwrap();
    let (socket, mut others) = (blocks(first), blocks(other));
    let program = |block: &Block| block.text.split(" --").next().unwrap_or_default().to_owned();
    let http = socket.iter().map(|block| {
        let same = |other: &Block| match &block.file {
            Some(_) => other.file == block.file,
            None => other.file.is_none() && program(other) == program(block),
        };
        others.iter().position(same).map_or_else(|| block.clone(), |at| others.remove(at))
    });
    let http = http.collect();
    assert!(others.is_empty(), "it replaces nothing: {}", others[0].text);
    [(true, socket), (false, http)]
}

/// Who follows the page, and where.
struct Newcomer {
    folder: tempfile::TempDir,
    slack: Simulator,
    temporal: String,
    s3: String,
    port: u16,
    /// What was typed that lasts as long as the terminal.
    session: String,
    done: BTreeSet<&'static str>,
    bot: Option<Child>,
}

impl Newcomer {
    /// Everything that is not done as it stands on the page.
    fn instead(&self, text: &str) -> String {
        [
            ("https://bot.example.com", format!("http://127.0.0.1:{}", self.port)),
            ("xoxb-…", self.slack.bot_token().to_owned()),
            ("xapp-…", self.slack.app_token().to_owned()),
            ("SLACK_SIGNING_SECRET=…", format!("SLACK_SIGNING_SECRET={}", self.slack.signing_secret())),
            ("AKIA…", "AKIAEXAMPLE".to_owned()),
            ("= …", "= example".to_owned()),
            ("localhost:7233", self.temporal.clone()),
            // So that the process is the bot's, and can be ended.
            ("provision-bot run", "exec provision-bot run".to_owned()),
        ]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    /// A terminal: the installed program, a home, and where Slack and S3 are.
    fn shell(&self, script: &str) -> Command {
        let home = self.folder.path();
        let path = environment("PATH").unwrap_or_default();
        let mut command = Command::new("bash");
        command.args(["-euc", script]).current_dir(home.join("settings")).env_clear().kill_on_drop(true);
        command.env("PATH", format!("{}:{path}", home.join("bin").display())).env("HOME", home);
        command.env("SLACK_API_URL", self.slack.api_url()).env("AWS_ENDPOINT_URL", &self.s3);
        command.env("PROVISION_BOT_LISTEN", format!("127.0.0.1:{}", self.port)).stdin(Stdio::null());
        command
    }

    async fn type_in(&self, text: &str) -> String {
        let Output { status, stdout, stderr } = self.shell(&format!("{}{text}", self.session)).output().await.unwrap();
        let said = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert!(status.success(), "{text}{said}");
        said
    }

    fn save(&self, name: &str, text: &str) {
        let path = match name.strip_prefix("~/") {
            Some(inside) => self.folder.path().join(inside),
            None => self.folder.path().join("settings").join(name),
        };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Does what the block says.
    async fn follow(&mut self, block: &Block) {
        let text = self.instead(&block.text);
        assert!(!text.contains('…'), "what is to be put there? {text}");
        let done = match (block.file.as_deref(), &*block.text) {
            (Some(file), _) => {
                self.save(file, &text);
                STEPS.into_iter().find(|step| *step == file).unwrap_or_else(|| panic!("what is {file}?"))
            }
            // It is built: the program of these tests stands for the one without a demo.
            (None, "cargo install --locked --path . --no-default-features --features cloudformation\n") => "install",
            // There is one, beside the tests' others.
            (None, "temporal server start-dev --db-filename temporal.db\n") => "temporal",
            (None, typed) if typed.starts_with("provision-bot manifest ") => {
                let link: url::Url = self.type_in(&text).await.trim().parse().unwrap();
                assert_eq!(link.host_str(), Some("api.slack.com"));
                let (_, manifest) = link.query_pairs().find(|(name, _)| name == "manifest_json").unwrap();
                self.create_the_app(&serde_json::from_str(&manifest).unwrap());
                "manifest"
            }
            (None, typed) if typed.starts_with("chmod ") => {
                self.session += &text;
                "variables"
            }
            (None, "provision-bot check\n") => {
                // It ends with 1 if anything is wrong.
                self.type_in(&text).await;
                "check"
            }
            (None, "provision-bot run\n") => {
                self.bot = Some(self.shell(&format!("{}{text}", self.session)).spawn().unwrap());
                "run"
            }
            (None, unknown) => panic!("the page has a block that is not followed here:\n{unknown}"),
        };
        assert!(self.done.insert(done), "{done} twice");
    }

    /// What Slack makes of the manifest: the app's scopes, tabs and way of delivery.
    fn create_the_app(&self, manifest: &Value) {
        let is_on = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_bool).unwrap();
        let scopes = manifest["oauth_config"]["scopes"]["bot"].as_array().unwrap();
        self.slack.set_rules(|rules| {
            rules.scopes = scopes.iter().map(|scope| scope.as_str().unwrap().to_owned()).collect();
            rules.socket_mode = is_on("/settings/socket_mode_enabled");
            rules.messages_tab_enabled = is_on("/features/app_home/messages_tab_enabled");
            rules.home_tab_enabled = is_on("/features/app_home/home_tab_enabled");
        });
        let command = &manifest["features"]["slash_commands"][0];
        if let Some(url) = command["url"].as_str() {
            self.slack.connect_bot(url.strip_suffix("/slack/commands").unwrap());
        }
    }

    /// "The first bucket", by one person alone.
    async fn first_bucket(&self) {
        let ready = format!("http://127.0.0.1:{}/readyz", self.port);
        eventually("the bot to be ready", async || get(&ready).await.ok().filter(|(status, _)| *status == 200)).await;
        let alice = self.slack.person(ALICE);
        let ran = alice.command(CHANNEL, "/provision", "first-bucket").await;
        let form = ran.modal.clone().unwrap_or_else(|| panic!("no form opened: {:?} {:?}", ran.error, ran.ephemeral()));
        form.choose("team", "payments").await.unwrap();
        form.choose("authorizer", ALICE).await.unwrap();
        form.fill("justification", "To see it work").await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let card = alice.wait_for_dm(|message| message.offers("approve")).await.unwrap();
        alice.select(&card, "region", "us-east-1").await.unwrap();
        alice.select(&card, "profile", "sandbox").await.unwrap();
        assert_eq!(alice.click(&card, "approve").await.unwrap().error, None);
        let request = card.payload("request_id").unwrap();
        let is_root = |m: &Message| m.payload("request_id") == Some(request) && m.thread_ts.is_none();
        let root = alice.wait_for(CHANNEL, is_root).await.unwrap();
        let done =
            alice.wait_for_in_thread(CHANNEL, &root.ts, |m| m.ts != root.ts && m.says("provisioned")).await.unwrap();
        let name =
            done.plain().split(['`', '/', ' ']).find(|word| word.starts_with("app-first-bucket-")).map(str::to_owned);
        let name = name.unwrap_or_else(|| panic!("the bucket is not named: {}", done.plain()));
        let credentials = self.folder.path().join(".aws/credentials");
        let files = AwsFiles { config: credentials.clone(), credentials };
        let s3 = files.s3_client(&self.s3, "us-east-1", "sandbox").await;
        s3.get_object().bucket(name).key("index.html").send().await.unwrap();
    }
}

#[test]
fn the_page_leads_to_the_first_bucket() {
    plain(async || {
        let tools = Tools::find_or_install(|text| eprintln!("{text}")).await.unwrap();
        for (socket_mode, blocks) in ways() {
            let temporal = TemporalServer::start(&tools, TemporalOptions::default()).await.unwrap();
            let s3 = S3Server::start(&tools).await.unwrap();
            let slack = Simulator::start(harness::app::workspace()).await.unwrap();
            slack.set_rules(|rules| rules.scopes.clear());
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(folder.path().join("settings")).unwrap();
            std::fs::create_dir_all(folder.path().join("bin")).unwrap();
            std::os::unix::fs::symlink(PathBuf::from(BOT), Path::new(folder.path()).join("bin/provision-bot")).unwrap();
            let port = Port::take().unwrap();
            let (gate, s3_through_gate) = Gate::before(s3.endpoint(), policy()).await;
            let mut newcomer = Newcomer {
                folder,
                slack,
                temporal: temporal.address(),
                s3: s3_through_gate,
                port: port.number(),
                session: String::new(),
                done: BTreeSet::new(),
                bot: None,
            };
            for block in &blocks {
                newcomer.follow(block).await;
            }
            assert_eq!(newcomer.done, BTreeSet::from(STEPS), "the page leaves something out");
            newcomer.first_bucket().await;
            assert_eq!(*gate.refused.lock().unwrap(), [""; 0]);
            let by_socket = newcomer.slack.deliveries().iter().all(|delivery| delivery.connection.is_some());
            assert_eq!(by_socket, socket_mode);
        }
    });
}
