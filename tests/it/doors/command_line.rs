//! The commands against the bot itself: from asking to every end, with what is printed on
//! the way, and what people in Slack see of an act that came by the command line.

use std::process::Stdio;

use harness::proxy::Fault;
use slack_simulator::PATIENCE;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

use super::client::{CHANNEL, CI, SCANNER, token};
use crate::building::attention::question;
use crate::doors::commands::scripted::{Ended, code, command, run};
use crate::world::{ADA, Request, Scene, alone, ephemeral, eventually, options, policy, shared};

/// The variables of one of the clients.
fn variables<'a>(scene: &'a Scene, token: &'a str) -> [(&'static str, &'a str); 2] {
    [("PROVISION_BOT_URL", &scene.bot_url), ("PROVISION_BOT_TOKEN", token)]
}

/// Runs a command as this client, to its end.
async fn as_client(scene: &Scene, client: &str, arguments: &[&str]) -> Ended {
    run(arguments, &variables(scene, &token(client))).await
}

/// `request … --wait`, and what it has printed so far.
struct Watched {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    lines: Vec<String>,
}

impl Watched {
    /// Asks Bob, and waits for his card.
    async fn ask(scene: &Scene, application: &str) -> (Self, Request) {
        let arguments = ["--team", &scene.team, "--app", application, "--authorizer", scene.bob.id()];
        let arguments = [&["request", "--why", "Nightly preview", "--wait"][..], &arguments].concat();
        let token = token(CI);
        let mut command = command(&arguments, &variables(scene, &token));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut watched = Self { child, out, lines: Vec::new() };
        watched.reads("").await;
        let id = watched.lines[0].clone();
        assert!(id.starts_with(&format!("{application}-")), "{id}");
        watched.keeps_its_secret(&token);
        let is_card = |m: &slack_simulator::Message| m.offers("approve") && m.payload("request_id") == Some(&id);
        let card = scene.bob.wait_for_dm(is_card).await.unwrap();
        let root = scene.root_in(CHANNEL, &id).await;
        (watched, Request { id, root, card })
    }

    /// Whoever lists the processes reads their arguments.
    fn keeps_its_secret(&self, token: &str) {
        if cfg!(target_os = "linux") {
            let process = format!("/proc/{}", self.child.id().unwrap());
            let read = |name: &str| String::from_utf8(std::fs::read(format!("{process}/{name}")).unwrap()).unwrap();
            assert!(!read("cmdline").contains(token), "the token is an argument");
            assert!(read("environ").contains(token), "it has no other way");
        }
    }

    /// Reads up to a line that begins so.
    async fn reads(&mut self, begin: &str) {
        let read = async {
            while let Some(line) = self.out.next_line().await.unwrap() {
                self.lines.push(line);
                if self.lines.last().is_some_and(|line| line.starts_with(begin)) {
                    return;
                }
            }
            panic!("it ended without {begin:?}: {:?}", self.lines);
        };
        timeout(3 * PATIENCE, read).await.unwrap_or_else(|_| panic!("waited in vain for {begin:?}"));
    }

    /// Its code and its lines, when it is over.
    async fn ended(mut self) -> (i32, Vec<String>) {
        let over = async {
            while let Some(line) = self.out.next_line().await.unwrap() {
                self.lines.push(line);
            }
            self.child.wait_with_output().await.unwrap()
        };
        let output = timeout(3 * PATIENCE, over).await.expect("it ends");
        let err = String::from_utf8(output.stderr).unwrap();
        let token = token(CI);
        assert!(!format!("{}{err}", self.lines.join("\n")).contains(&token), "the token is printed: {err}");
        assert!(!err.contains("panicked"), "{err}");
        (code(output.status), self.lines)
    }
}

/// The bucket of a request of a team.
fn bucket(id: &str, team: &str) -> String {
    let (application, suffix) = id.rsplit_once('-').unwrap();
    format!("app-{application}-{team}-{suffix}")
}

#[test]
fn from_a_command_to_a_bucket() {
    shared(async |scene| {
        let (mut watched, request) = Watched::ask(&scene, "by-command").await;
        let bob = scene.bob.id();
        watched.reads(&format!("waits for {bob} until ")).await;

        let shown = as_client(&scene, CI, &["show", &request.id]).await;
        assert_eq!((shown.code, shown.err.as_str()), (0, ""));
        for (name, value) in [
            ("request", request.id.as_str()),
            ("status", "awaiting_authorization"),
            ("round", "1"),
            ("team", &scene.team),
            ("requester", "client:ci"),
        ] {
            assert!(shown.lines().contains(&&*format!("{name:<13}{value}")), "{name}: {}", shown.out);
        }
        let last = shown.lines().last().copied().unwrap_or_default();
        assert!(last.starts_with(&format!("{:<13}waits for {bob}", "now")), "{last}");
        let listed = async || {
            let list = ["list", "--team", &scene.team, "--status", "awaiting_authorization"];
            let listed = as_client(&scene, CI, &list).await;
            assert_eq!(listed.code, 0, "{listed:?}");
            (listed.lines().len() == 1 && listed.out.starts_with(&request.id)).then_some(())
        };
        eventually("the list", listed).await;

        scene.approve(&request).await;
        let (code, lines) = watched.ended().await;
        assert_eq!(code, 0, "{lines:?}");
        let approved = lines.iter().position(|line| *line == format!("approved by {bob}: us-east-1, sandbox"));
        let approved = approved.unwrap_or_else(|| panic!("{lines:?}"));
        let waits = |line: &String| *line == "is being checked" || line.starts_with("waits for ");
        assert!(lines[1..approved].iter().all(waits), "{lines:?}");
        let (last, building) = lines[approved + 1..].split_last().unwrap();
        let steps = |line: &String| *line == "is being built" || line.as_bytes()[0].is_ascii_digit();
        assert!(building.iter().all(steps), "{lines:?}");
        let built = format!("bucketName={}", bucket(&request.id, &scene.team));
        assert!(last.starts_with("provisioned: ") && last.contains(&built), "{last}");
        scene.ended(&request, "provisioned").await;
        assert_eq!(scene.buckets(&request.id).await.len(), 1);
    });
}

#[test]
fn every_end_has_its_code() {
    shared(async |scene| {
        let ((), request, ()) = tokio::join!(rejected(&scene), cancelled(&scene), failed(&scene));
        // What the command line withdrew is over in Slack, too.
        let late = ephemeral(&scene.bob.click_as_seen(&request.card, "reject").await.unwrap());
        assert!(late.contains("was cancelled"), "{late}");
    });
}

async fn rejected(scene: &Scene) {
    let (watched, request) = Watched::ask(scene, "turned-down").await;
    scene.reject(&request, "Use the shared bucket").await;
    let (code, lines) = watched.ended().await;
    let last = format!("rejected by {}: Use the shared bucket", scene.bob.id());
    assert_eq!((code, lines.last()), (10, Some(&last)), "{lines:?}");
}

async fn cancelled(scene: &Scene) -> Request {
    let (watched, request) = Watched::ask(scene, "taken-back").await;
    let done = as_client(scene, CI, &["cancel", &request.id]).await;
    assert_eq!((done.code, done.lines()[0]), (0, &*format!("cancel is done: {}", request.id)), "{done:?}");
    let (code, lines) = watched.ended().await;
    assert_eq!((code, lines.last().map(String::as_str)), (12, Some("cancelled")), "{lines:?}");
    scene.ended(&request, "cancelled").await;
    request
}

async fn failed(scene: &Scene) {
    let (watched, request) = Watched::ask(scene, "out-of-luck").await;
    let bucket = bucket(&request.id, &scene.team);
    scene.s3_proxy.fail_each(&bucket, Fault::refuse(403, "AccessDenied"));
    scene.approve(&request).await;
    let card = question(scene, &request, None).await;
    scene.s3_proxy.heal_each(&bucket);
    scene.clicks(&scene.bob, &card, "give_up").await;
    let (code, lines) = watched.ended().await;
    assert!(lines.iter().any(|line| line.starts_with("needs a hand: stopped at ")), "{lines:?}");
    assert!(code == 13 && lines.last().is_some_and(|line| line.starts_with("failed: ")), "{lines:?}");
    scene.ended(&request, "failed").await;
}

/// A request that waits for the scanner: its ID, and the message that tells of it.
async fn for_the_scanner(scene: &Scene, application: &str) -> Request {
    let arguments = ["--team", "scanned", "--app", application, "--authorizer", "client:scanner"];
    let asked = as_client(scene, CI, &[&["request", "--why", "Nightly preview"][..], &arguments].concat()).await;
    assert_eq!((asked.code, asked.lines().len(), asked.err.as_str()), (0, 1, ""), "{asked:?}");
    let id = asked.lines()[0].to_owned();
    let root = scene.slack.person(ADA).wait_for(CHANNEL, |m| m.payload("request_id") == Some(&id)).await.unwrap();
    scene.temporal.wait_for(&id, "awaiting_authorization").await;
    Request { id, card: root.clone(), root }
}

#[test]
fn what_a_program_decides_is_seen_in_slack() {
    shared(async |scene| {
        let ada = scene.slack.person(ADA);
        for (application, status) in [("scanned-good", "provisioned"), ("scanned-bad", "rejected")] {
            let request = for_the_scanner(&scene, application).await;
            let id = request.id.as_str();
            assert!(request.root.offers("cancel"), "{}", request.root.plain());
            let act: &[&str] = match status {
                "provisioned" => &["approve", id, "--region", "us-east-1", "--profile", "sandbox"],
                _ => &["reject", id, "--reason", "Two critical findings"],
            };
            let stranger = as_client(&scene, CI, act).await;
            assert_eq!((stranger.code, stranger.out.as_str()), (3, ""), "{stranger:?}");
            let done = as_client(&scene, SCANNER, act).await;
            assert_eq!((done.code, done.lines()[0]), (0, &*format!("{} is done: {id}", act[0])), "{done:?}");
            assert!(done.lines()[1].contains(" by client:scanner: "), "{done:?}");
            scene.ended(&request, status).await;
            // An authorizer of the team who was not asked reads the same message: it says how
            // it stands, and has nothing to press. Whoever still sees it as it was is told.
            let seen = ada.refresh(&request.root).unwrap();
            assert!(seen.says(status) && seen.buttons().is_empty(), "{}", seen.plain());
            assert!(ada.dm_with_bot().iter().all(|message| message.payload("request_id") != Some(id)));
            let late = ephemeral(&ada.click_as_seen(&request.root, "cancel").await.unwrap());
            assert!(late.starts_with("Only ") && late.contains("client:ci") && !late.contains("<@client"), "{late}");
        }
    });
}

#[test]
fn a_restart_and_the_end_of_the_time_are_waited_through() {
    alone(options(&policy("timeout = \"40s\"")), async |world| {
        let scene = world.scene();
        let ((mut watched, request), (forgotten, expires)) =
            tokio::join!(Watched::ask(&scene, "across"), Watched::ask(&scene, "forgotten"));
        watched.reads("waits for ").await;
        world.stack.kill_bot().await;
        world.stack.start_bot().await.unwrap();
        scene.approve(&request).await;
        let (code, lines) = watched.ended().await;
        assert!(code == 0 && lines.last().is_some_and(|line| line.starts_with("provisioned: ")), "{lines:?}");
        let (code, lines) = forgotten.ended().await;
        assert_eq!((code, lines.last().map(String::as_str)), (11, Some("expired")), "{lines:?}");
        scene.ended(&expires, "expired").await;
        scene.ended(&request, "provisioned").await;
    });
}
