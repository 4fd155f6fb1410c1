//! The world the tests play in: a [`Stack`] and its people.
//!
//! Most tests share one stack: each gets a [`Scene`] with people, a team and a
//! channel of its own, so that conversations do not mix. A test that kills
//! something or needs another configuration starts a stack [`alone`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use harness::ports::Port;
use harness::proxy::Proxy;
use harness::stack::{Stack, StackOptions, get};
use serde_json::Value;
use slack_simulator::scopes;
use slack_simulator::{
    Channel, ClickOutcome, Group, Message, Modal, PATIENCE, Person, Profile, Simulator, Submitted, Workspace,
};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

use crate::doors;
use crate::temporal::Temporal;

pub const BOT: &str = env!("CARGO_BIN_EXE_provision-bot");
/// May decide for every team.
pub const ADA: &str = "U0ADMIN0001";
/// A member of nothing.
pub const SAM: &str = "U0STRANGER1";

/// How many tests may share a stack. Each takes a requester, an authorizer, a
/// team and a channel.
const SCENES: usize = 80;
/// Between two looks at something that does not tell when it changes.
pub const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// One runtime for all tests, so that a connection opened in one of them does
/// not die with it while another one uses it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    scopes::write_to(Path::new(crate::scopes::NEEDED));
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});
static SHARED: OnceCell<World> = OnceCell::const_new();

/// A test on the stack that all share.
pub fn shared(test: impl AsyncFnOnce(Scene)) {
    RUNTIME.block_on(async {
        let world = SHARED.get_or_init(|| World::start(options(&policy(r#"timeout = "2m""#)))).await;
        test(world.scene()).await;
    });
}

/// A test with a stack of its own.
pub fn alone(options: StackOptions, test: impl AsyncFnOnce(&mut World)) {
    RUNTIME.block_on(async {
        let mut world = World::start(options).await;
        test(&mut world).await;
        world.stack.stop().await;
    });
}

/// A test with a stack of its own, and something beside it that must be there first.
pub fn alone_with<T>(prepare: impl AsyncFnOnce() -> (StackOptions, T), test: impl AsyncFnOnce(&mut World, T)) {
    RUNTIME.block_on(async {
        let (options, beside) = prepare().await;
        let mut world = World::start(options).await;
        test(&mut world, beside).await;
        world.stack.stop().await;
    });
}

/// A test that needs no more than the runtime.
pub fn plain(test: impl AsyncFnOnce()) {
    RUNTIME.block_on(test());
}

pub fn options(config: &str) -> StackOptions {
    StackOptions { config: config.to_owned(), ..StackOptions::new(PathBuf::from(BOT)) }
}

/// A configuration with a team for every scene, and one for everybody.
pub fn policy(authorization: &str) -> String {
    let mut text = format!(
        "regions = [\"us-east-1\", \"eu-west-1\"]\nprofiles = [\"sandbox\", \"production\"]\n\n\
         [authorization]\n{authorization}\n"
    );
    for n in 0..SCENES {
        text += &format!(
            "\n[[teams]]\nid = \"{}\"\nname = \"Team {n}\"\nmembers = [\"{}\"]\nauthorizers = [\"{}\", \"{ADA}\"]\n",
            team(n),
            alice(n),
            bob(n)
        );
    }
    text + &format!(
        "\n[[teams]]\nid = \"search\"\nname = \"Search\"\nmembers = [\"S0EVERYONE\"]\nauthorizers = [\"{ADA}\", \"U0LEFT00001\", \"U0OTHERBOT1\", \"U0GUEST0001\"]\n"
    ) + &doors::client::configuration((0..SCENES).map(team))
}

fn team(n: usize) -> String {
    format!("team-{n}")
}

fn alice(n: usize) -> String {
    format!("U0ALICE{n:03}")
}

fn bob(n: usize) -> String {
    format!("U0BOB{n:03}")
}

/// The people and channels behind [`policy`].
pub fn populate(acme: &mut Workspace) {
    for n in 0..SCENES {
        acme.add_person(Profile::member(&alice(n), &format!("alice{n}"), "Alice"));
        acme.add_person(Profile::member(&bob(n), &format!("bob{n}"), "Bob"));
    }
    acme.add_channel(Channel::public(doors::client::CHANNEL, "programs", &[ADA]));
    acme.add_person(Profile::member(doors::client::OWNER, "olga", "Olga"));
    doors::same::populate(acme);
    let members = (0..SCENES).map(alice).collect();
    acme.add_group(Group { id: "S0EVERYONE".into(), handle: "everyone".into(), members, disabled: false });
}

/// A running stack, and what a test needs around it.
pub struct World {
    pub stack: Stack,
    pub temporal: Temporal,
    scenes: AtomicUsize,
}

impl World {
    pub async fn start(options: StackOptions) -> Self {
        let stack = Stack::start(options, |line| eprintln!("{line}")).await.unwrap();
        stack.slack.change(populate);
        let temporal = Temporal::connect(&stack.temporal.address()).await;
        Self { stack, temporal, scenes: AtomicUsize::new(0) }
    }

    pub fn temporal_address(&self) -> String {
        self.stack.temporal.address()
    }

    /// People, a team and a channel nobody else uses.
    pub fn scene(&self) -> Scene {
        let n = self.scenes.fetch_add(1, Ordering::SeqCst);
        assert!(n < SCENES, "more scenes than people");
        let slack = self.stack.slack.clone();
        let channel = format!("C0SCENE{n:03}");
        slack.change(|acme| {
            acme.add_channel(Channel::public(&channel, &format!("scene-{n}"), &[&alice(n), &bob(n), ADA, SAM]));
        });
        Scene {
            alice: slack.person(&alice(n)),
            bob: slack.person(&bob(n)),
            team: team(n),
            channel,
            temporal: self.temporal.clone(),
            bot_url: self.stack.bot_url(),
            s3_endpoint: self.stack.s3.endpoint(),
            s3_proxy: self.stack.s3_proxy.clone(),
            slack,
        }
    }
}

/// One test's part of a world.
#[derive(Clone)]
pub struct Scene {
    pub slack: Simulator,
    pub temporal: Temporal,
    pub bot_url: String,
    s3_endpoint: String,
    /// Where S3 fails; shared with other scenes, so faults are of one bucket.
    pub s3_proxy: Proxy,
    /// Asks.
    pub alice: Person,
    /// Decides.
    pub bob: Person,
    pub team: String,
    /// Where Alice runs the command.
    pub channel: String,
}

/// A request that waits for its authorizer.
pub struct Request {
    pub id: String,
    /// The bot's message in the channel.
    pub root: Message,
    /// The authorizer's direct message.
    pub card: Message,
}

impl Scene {
    /// The same, with people who wait this long for everything.
    pub fn patient(mut self, patience: Duration) -> Self {
        self.alice = self.alice.with_patience(patience);
        self.bob = self.bob.with_patience(patience);
        self
    }

    /// Alice runs the command, and the form opens.
    pub async fn form(&self, text: &str) -> Modal {
        self.form_in(&self.channel, text).await
    }

    pub async fn form_in(&self, channel: &str, text: &str) -> Modal {
        let ran = self.alice.command(channel, "/provision", text).await;
        ran.modal.unwrap_or_else(|| panic!("no form opened: {:?} {:?}", ran.error, ran.ephemeral))
    }

    /// The form, filled in.
    pub async fn filled_form(&self, application: &str) -> Modal {
        let form = self.form(application).await;
        self.fill(&form).await;
        form
    }

    pub async fn fill(&self, form: &Modal) {
        form.choose("team", &self.team).await.unwrap();
        form.choose("authorizer", self.bob.id()).await.unwrap();
        if form.offers("blueprint") {
            form.choose("blueprint", "bucket").await.unwrap();
        }
        form.fill("justification", "Landing page for the spring launch").await.unwrap();
    }

    /// Alice asks Bob. Returns when both messages are there.
    pub async fn ask(&self, application: &str) -> Request {
        let form = self.filled_form(application).await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        self.asked(application).await
    }

    /// Waits for the messages of a request that was submitted or started.
    pub async fn asked(&self, application: &str) -> Request {
        let card = self.bob.wait_for_dm(|m| m.offers("approve") && m.says(application)).await.unwrap();
        let id = card.payload("request_id").expect("the card names its request").to_owned();
        let root = self.root_in(&self.channel, &id).await;
        Request { id, root, card }
    }

    /// Alice asks for the same once more, beside the first request.
    pub async fn ask_again(&self, application: &str, first: &Request) -> Request {
        let form = self.filled_form(application).await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let other =
            |m: &Message| m.offers("approve") && m.says(application) && m.payload("request_id") != Some(&*first.id);
        let card = self.bob.wait_for_dm(other).await.unwrap();
        let id = card.payload("request_id").expect("the card names its request").to_owned();
        let root = self.root_in(&self.channel, &id).await;
        Request { id, root, card }
    }

    pub async fn root_in(&self, channel: &str, id: &str) -> Message {
        let is_root = |m: &Message| m.payload("request_id") == Some(id) && m.thread_ts.is_none();
        self.alice.wait_for(channel, is_root).await.unwrap()
    }

    /// A request's messages, as they ask in the round of the moment.
    pub async fn now(&self, request: &Request) -> Request {
        let asks = self.asks_now(request).await;
        let card = self.bob.wait_for_dm(|m| m.ts == request.card.ts && asks(m)).await.unwrap();
        Request { id: request.id.clone(), root: self.root_now(request).await, card }
    }

    /// The same of the message in the channel alone.
    pub async fn root_now(&self, request: &Request) -> Message {
        let asks = self.asks_now(request).await;
        self.alice.wait_for(&self.channel, |m| m.ts == request.root.ts && asks(m)).await.unwrap()
    }

    async fn asks_now(&self, request: &Request) -> impl Fn(&Message) -> bool + use<> {
        let state = self.temporal.state(&request.id).await.unwrap();
        let round = format!("{}:{}", request.id, state["round"]);
        move |message| message.blocks.iter().any(|block| block["block_id"] == *round)
    }

    pub async fn select(&self, request: &Request) {
        self.bob.select(&request.card, "region", "us-east-1").await.unwrap();
        self.bob.select(&request.card, "profile", "sandbox").await.unwrap();
    }

    /// The same in a client that still shows the message as it was.
    pub async fn select_as_seen(&self, request: &Request) {
        self.slack.change(|state| {
            let place = (self.bob.id().to_owned(), request.card.channel.clone(), request.card.ts.clone());
            let chosen = state.choices.entry(place).or_default();
            for (id, value) in [("region", "us-east-1"), ("profile", "sandbox")] {
                let option = serde_json::json!({ "type": "static_select", "selected_option": { "value": value } });
                chosen.insert((id.to_owned(), id.to_owned()), option);
            }
        });
    }

    /// Bob chooses and approves, and nothing is said against it.
    pub async fn approve(&self, request: &Request) {
        self.select(request).await;
        self.clicks(&self.bob, &request.card, "approve").await;
    }

    /// A click that is acknowledged, with nothing said in private.
    pub async fn clicks(&self, person: &Person, message: &Message, action: &str) {
        let clicked = person.click(message, action).await.unwrap();
        assert_eq!(clicked.error, None);
        assert!(clicked.ephemerals.is_empty(), "{:?}", ephemeral(&clicked));
    }

    /// Bob rejects with this reason.
    pub async fn reject(&self, request: &Request, reason: &str) {
        let form = self.bob.click(&request.card, "reject").await.unwrap().modal.expect("a form for the reason");
        form.fill("reason", reason).await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    }

    /// Waits for the reply that ends the request with this word.
    pub async fn outcome(&self, request: &Request, word: &str) -> Message {
        let ends = |m: &Message| m.ts != request.root.ts && m.text.contains(word);
        self.alice.wait_for_in_thread(&request.root.channel, &request.root.ts, ends).await.unwrap()
    }

    /// Waits until the workflow is over, and checks what holds for every ending.
    /// Returns the state it ended in.
    pub async fn ended(&self, request: &Request, status: &str) -> Value {
        let state = self.temporal.ended(&request.id).await.expect("the workflow returns");
        assert_eq!(state["status"], status, "{state:#}");
        assert_eq!(state["requestId"], request.id);
        self.check(&request.id);
        state
    }

    /// What holds for everything that was said about a request that is over.
    pub fn check(&self, id: &str) {
        let said = self.said(id);
        let mut seen = BTreeSet::new();
        for message in &said {
            let metadata = message.metadata.as_ref().unwrap();
            assert_eq!(metadata["event_type"], "provision_request");
            let place = (message.channel.clone(), message.thread_ts.clone(), message.text.clone());
            assert!(seen.insert(place), "said twice: {}\n{}", message.text, self.slack.dump());
            assert!(message.buttons().is_empty(), "a dead button: {:?}\n{}", message.buttons(), self.slack.dump());
            for action in ["region", "profile"] {
                assert!(!message.offers(action), "a dead select: {action}\n{}", self.slack.dump());
            }
        }
        // Nothing is said in the scene's places that does not tell what it is about.
        let places = [self.channel.clone(), self.alice.dm_channel(), self.bob.dm_channel()];
        for message in self.slack.all_messages() {
            if message.is_from_bot() && !message.is_ephemeral() && places.contains(&message.channel) {
                assert!(message.payload("request_id").is_some(), "without metadata: {}", message.text);
            }
        }
    }

    /// Everything posted about a request, by time.
    pub fn said(&self, id: &str) -> Vec<Message> {
        let mut messages = self.slack.all_messages();
        messages.retain(|message| message.payload("request_id") == Some(id));
        messages
    }

    pub fn roots(&self, channel: &str) -> Vec<Message> {
        let mut messages = self.slack.all_messages();
        messages.retain(|m| m.channel == channel && m.is_from_bot() && !m.is_ephemeral() && m.thread_ts.is_none());
        messages
    }

    /// The thread as Alice reads it, without what differs from run to run.
    pub fn thread(&self, request: &Request) -> String {
        let text = self.slack.thread_transcript(&request.root.channel, &request.root.ts, self.alice.id());
        self.scrub(&text, &request.id)
    }

    /// A text without what differs from run to run.
    pub fn scrub(&self, text: &str, id: &str) -> String {
        let suffix = id.rsplit('-').next().unwrap_or(id);
        let text = text.replace(suffix, "SUFFIX").replace(&self.team, "team").replace("Team 0", "Team");
        let number = self.team.trim_start_matches("team-");
        without_moments(&text.replace(&format!("Team {number}"), "Team"))
    }

    /// A client of our own, to look into S3.
    pub fn s3(&self, region: &str) -> aws_sdk_s3::Client {
        s3(&self.s3_endpoint, region)
    }

    /// The buckets that carry the tag of a request.
    pub async fn buckets(&self, id: &str) -> Vec<String> {
        let s3 = self.s3("us-east-1");
        let mut found = Vec::new();
        for bucket in s3.list_buckets().send().await.unwrap().buckets() {
            let name = bucket.name().unwrap();
            if let Ok(tags) = s3.get_bucket_tagging().bucket(name).send().await
                && tags.tag_set().iter().any(|tag| tag.value() == id)
            {
                found.push(name.to_owned());
            }
        }
        found
    }
}

/// What was said in private to a click, in one text.
pub fn ephemeral(clicked: &ClickOutcome) -> String {
    clicked.ephemerals.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// Dates and times, replaced.
fn without_moments(text: &str) -> String {
    const SHAPE: &str = "0000-00-00 00:00 UTC";
    let chars: Vec<char> = text.chars().collect();
    let shape: Vec<char> = SHAPE.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let here = &chars[at..(at + shape.len()).min(chars.len())];
        let fits = |(c, s): (&char, &char)| if *s == '0' { c.is_ascii_digit() } else { c == s };
        if here.len() == shape.len() && here.iter().zip(&shape).all(fits) {
            out.push_str("MOMENT");
            at += shape.len();
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// Looks again and again until there is something to see.
pub async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        sleep(LOOK_AGAIN).await;
    }
}

/// The web side of the bot alone: a workspace, and nothing behind it.
pub struct Web {
    pub slack: Simulator,
    pub url: String,
    bot: tokio::process::Child,
    _port: Port,
    _folder: tempfile::TempDir,
}

impl Web {
    pub async fn start(config: &str) -> Self {
        Self::start_with(config, &[]).await
    }

    /// The same, with more variables.
    pub async fn start_with(config: &str, variables: &[(&str, &str)]) -> Self {
        let slack = Simulator::start(harness::app::workspace()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("provision-bot.toml");
        std::fs::write(&file, config).unwrap();
        let port = Port::take().unwrap();
        let url = format!("http://{}", port.address());
        let bot = tokio::process::Command::new(BOT)
            .args(["run", "--only", "web"])
            .env_clear()
            .env("SLACK_BOT_TOKEN", slack.bot_token())
            .env("SLACK_SIGNING_SECRET", slack.signing_secret())
            .env("SLACK_API_URL", slack.api_url())
            // Nobody listens there.
            .env("TEMPORAL_ADDRESS", "127.0.0.1:1")
            .env("PROVISION_BOT_CONFIG", file)
            .env("PROVISION_BOT_LISTEN", port.address())
            .env("RUST_LOG", "error")
            .envs(variables.iter().copied())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        slack.connect_bot(&url);
        let health = format!("{url}/healthz");
        eventually("the bot to serve", async || get(&health).await.ok()).await;
        Self { slack, url, bot, _port: port, _folder: folder }
    }

    /// The names of its threads, as Linux tells them: the first 15 characters.
    #[cfg(target_os = "linux")]
    pub fn threads(&self) -> Vec<String> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.bot.id().unwrap())).unwrap();
        let name =
            |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task.ok()?.path().join("comm")).ok();
        tasks.filter_map(name).map(|name| name.trim().to_owned()).collect()
    }
}

/// A client of the tests' own, to look into an S3 server and to interfere.
pub fn s3(endpoint: &str, region: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .http_client(provisioner_s3::http::client(None, None))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .build();
    aws_sdk_s3::Client::from_conf(config)
}
