//! The world the tests play in: a [`Stack`] and its people.
//!
//! Most tests share a bot: each gets a [`Scene`] with people, a team and a channel of its
//! own, so that conversations do not mix. A test that kills the bot or needs another
//! configuration is [`alone`] with one. All of these share Temporal, where each bot has a
//! namespace, and S3; a test that does something to those is [`secluded`].

mod scene;
mod unread;
mod web;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use harness::backends::Shared;
use harness::stack::{Stack, StackOptions};
use slack_simulator::{Channel, Group, PATIENCE, Profile, Workspace, scopes};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::{Instant, sleep};

pub use self::scene::{Request, Scene, ephemeral};
pub use self::unread::knows;
pub use self::web::Web;
use crate::doors;
use crate::temporal::Temporal;

pub const BOT: &str = env!("CARGO_BIN_EXE_provision-bot");
/// May decide for every team.
pub const ADA: &str = "U0ADMIN0001";
/// A member of nothing.
pub const SAM: &str = "U0STRANGER1";

/// How many scenes a configuration has room for: each has a team of its own. When a stack
/// that is shared is full, the next scene opens another one.
const SEATS: usize = 40;
/// Between two looks at something that does not tell when it changes.
pub const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// One runtime for all tests, so that a connection opened in one of them does
/// not die with it while another one uses it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    scopes::write_to(Path::new(crate::scopes::NEEDED));
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});
/// Temporal and S3 of all stacks that have none of their own: each of these serves one call
/// after the other, and more than one keeps tests from waiting for each other.
static SERVERS: [OnceCell<Arc<Shared>>; 3] = [const { OnceCell::const_new() }; 3];
static NEXT: AtomicUsize = AtomicUsize::new(0);
/// The stack that the next test gets a scene of.
static SHARED: Mutex<Option<Arc<World>>> = Mutex::const_new(None);

/// The servers that tests share. A test must not do anything to them that others notice.
pub async fn servers() -> Arc<Shared> {
    let start = async || {
        let started = RUNTIME.spawn(Shared::start(|line| eprintln!("{line}"))).await;
        Arc::new(started.expect("a start that does not panic").expect("servers"))
    };
    let next = NEXT.fetch_add(1, Ordering::Relaxed) % SERVERS.len();
    SERVERS[next].get_or_init(start).await.clone()
}

/// Runs what outlives the test that needs it first: a server for all of them.
pub async fn on_the_runtime<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    RUNTIME.spawn(work).await.expect("work that does not panic")
}

/// A test on the stack that all share.
pub fn shared(test: impl AsyncFnOnce(Scene)) {
    RUNTIME.block_on(async {
        let world = {
            let mut last = SHARED.lock().await;
            match last.take().filter(|world| world.has_a_seat()) {
                Some(world) => last.insert(world).clone(),
                None => last.insert(Arc::new(World::start(options(&policy(r#"timeout = "2m""#))).await)).clone(),
            }
        };
        let scene = world.scene();
        test(scene.clone()).await;
        scene.nothing_unread();
    });
}

/// A test with a bot of its own, in a workspace of its own. The servers behind it are shared.
pub fn alone(options: StackOptions, test: impl AsyncFnOnce(&mut World)) {
    alone_with(async || (options, ()), async |world, ()| test(world).await);
}

/// The same, and something beside it that must be there first.
pub fn alone_with<T>(prepare: impl AsyncFnOnce() -> (StackOptions, T), test: impl AsyncFnOnce(&mut World, T)) {
    RUNTIME.block_on(async {
        let (options, beside) = prepare().await;
        let mut world = World::start(options).await;
        test(&mut world, beside).await;
        let slack = world.stack.slack.clone();
        world.stack.stop().await;
        unread::nothing(&slack);
    });
}

/// A test with servers of its own, which it may stop, kill, set up and burden as it likes.
pub fn secluded(options: StackOptions, test: impl AsyncFnOnce(&mut World)) {
    secluded_with(async || (options, ()), async |world, ()| test(world).await);
}

/// The same, and something beside it that must be there first.
pub fn secluded_with<T>(prepare: impl AsyncFnOnce() -> (StackOptions, T), test: impl AsyncFnOnce(&mut World, T)) {
    RUNTIME.block_on(async {
        let (options, beside) = prepare().await;
        let mut world = World::secluded(options).await;
        test(&mut world, beside).await;
        let slack = world.stack.slack.clone();
        world.stack.stop().await;
        unread::nothing(&slack);
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
    for n in 0..SEATS {
        text += &format!(
            "\n[[teams]]\nid = \"{}\"\nname = \"Team {n}\"\nmembers = [\"{}\"]\nauthorizers = [\"{}\", \"{ADA}\"]\n",
            team(n),
            alice(n),
            bob(n)
        );
    }
    text + &format!(
        "\n[[teams]]\nid = \"search\"\nname = \"Search\"\nmembers = [\"S0EVERYONE\"]\nauthorizers = [\"{ADA}\", \"U0LEFT00001\", \"U0OTHERBOT1\", \"U0GUEST0001\"]\n"
    ) + &doors::client::configuration((0..SEATS).map(team))
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

/// What is there behind [`policy`] before any scene is.
pub fn populate(acme: &mut Workspace) {
    doors::same::populate(acme);
    acme.add_channel(Channel::public(doors::client::CHANNEL, "programs", &[ADA]));
    acme.add_person(Profile::member(doors::client::OWNER, "olga", "Olga"));
    let members = (0..SEATS).map(alice).collect();
    acme.add_group(Group { id: "S0EVERYONE".into(), handle: "everyone".into(), members, disabled: false });
}

/// The people and the channel of a scene: the channel.
pub fn seat(acme: &mut Workspace, n: usize) -> String {
    acme.add_person(Profile::member(&alice(n), &format!("alice{n}"), "Alice"));
    acme.add_person(Profile::member(&bob(n), &format!("bob{n}"), "Bob"));
    let channel = format!("C0SCENE{n:03}");
    acme.add_channel(Channel::public(&channel, &format!("scene-{n}"), &[&alice(n), &bob(n), ADA, SAM]));
    channel
}

/// A running stack, and what a test needs around it.
pub struct World {
    pub stack: Stack,
    pub temporal: Temporal,
    scenes: AtomicUsize,
}

impl World {
    pub async fn start(options: StackOptions) -> Self {
        Self::secluded(StackOptions { shared: Some(servers().await), ..options }).await
    }

    /// With servers of its own.
    async fn secluded(options: StackOptions) -> Self {
        let stack = Stack::start(options, |line| eprintln!("{line}")).await.unwrap();
        stack.slack.change(populate);
        let temporal = Temporal::connect(&stack.temporal.address(), &stack.namespace).await;
        Self { stack, temporal, scenes: AtomicUsize::new(0) }
    }

    pub fn temporal_address(&self) -> String {
        self.stack.temporal.address()
    }

    fn has_a_seat(&self) -> bool {
        self.scenes.load(Ordering::SeqCst) < SEATS
    }

    /// People, a team and a channel nobody else uses.
    pub fn scene(&self) -> Scene {
        let n = self.scenes.fetch_add(1, Ordering::SeqCst);
        assert!(n < SEATS, "more scenes than the configuration has teams for");
        let slack = self.stack.slack.clone();
        let channel = slack.change(|acme| seat(acme, n));
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
        .http_client(aws_profiles::http::client(None, None))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .build();
    aws_sdk_s3::Client::from_conf(config)
}
