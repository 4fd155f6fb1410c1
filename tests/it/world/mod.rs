//! The world the tests play in: a [`Stack`] and its people.
//!
//! Most tests share one stack: each gets a [`Scene`] with people, a team and a
//! channel of its own, so that conversations do not mix. A test that kills
//! something or needs another configuration starts a stack [`alone`].

mod scene;
mod web;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use harness::stack::{Stack, StackOptions};
use slack_simulator::{Channel, Group, PATIENCE, Profile, Workspace, scopes};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

pub use self::scene::{Request, Scene, ephemeral};
pub use self::web::Web;
use crate::doors;
use crate::temporal::Temporal;

pub const BOT: &str = env!("CARGO_BIN_EXE_provision-bot");
/// May decide for every team.
pub const ADA: &str = "U0ADMIN0001";
/// A member of nothing.
pub const SAM: &str = "U0STRANGER1";

/// How many tests may share a stack. Each takes a requester, an authorizer, a
/// team and a channel.
const SCENES: usize = 60;
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
