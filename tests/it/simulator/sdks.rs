//! The simulated Slack, held to what Slack's own SDKs expect: the same small app on
//! the SDKs for Python and for JavaScript, over HTTP and over Socket Mode.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use harness::backends::{Program, Tools};
use harness::ports::Port;
use slack_simulator::{Connection, Fault, Modal, Rules, Simulator, SimulatorOptions, Submitted};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::world::plain;

const DEPLOYS: &str = "C0DEPLOYS01";
const GENERAL: &str = "C0GENERAL01";
const PYTHON: &[&str] = &["slack_sdk~=3.47", "slack_bolt~=1.30"];
const JAVASCRIPT: &[&str] = &["@slack/bolt@5.1.0", "@slack/web-api@8.2.0"];
const LONG: Duration = Duration::from_secs(60);

/// The app in one language: what runs it, and its file.
type App = (Program, &'static str);

async fn python() -> App {
    let python = Tools::python_with(PYTHON, |text| eprintln!("{text}")).await.unwrap();
    (python, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/simulator/sdks/app.py"))
}

async fn javascript() -> App {
    let node = Tools::node_with(JAVASCRIPT, |text| eprintln!("{text}")).await.unwrap();
    (node, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/simulator/sdks/app.js"))
}

/// The app over HTTP or by socket, ready. It ends when dropped.
async fn start((program, file): App, socket_mode: bool) -> (Simulator, Child) {
    let rules = Rules { socket_mode, ..Rules::default() };
    let slack = Simulator::start(SimulatorOptions { rules, another_app: true, ..Default::default() }).await.unwrap();
    let port = Port::take().unwrap();
    slack.connect_bot(&format!("http://{}", port.address()));
    let mut command = Command::new(&program.path);
    command.arg(file).envs(program.env).env("SLACK_API_URL", slack.api_url());
    command.env("SLACK_BOT_TOKEN", slack.bot_token());
    match socket_mode {
        true => command.arg("socket").env("SLACK_APP_TOKEN", slack.app_token()),
        false => command.args(["http", &port.number().to_string()]).env("SLACK_SIGNING_SECRET", slack.signing_secret()),
    };
    let mut app = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut said = BufReader::new(app.stdout.take().unwrap()).lines();
    let ready = async { while said.next_line().await.unwrap().expect("the app is ready before it ends") != "ready" {} };
    tokio::time::timeout(LONG, ready).await.expect("the app is ready");
    tokio::spawn(async move {
        while let Ok(Some(_)) = said.next_line().await {}
        drop(port); // held as long as the app lives
    });
    (slack, app)
}

/// Alice runs the command; the modal opens, maybe after the acknowledgement.
async fn form(slack: &Simulator) -> Modal {
    let alice = slack.person("U0REQUESTER");
    assert_eq!(alice.command(DEPLOYS, "/provision", "").await.error, None);
    alice.wait_for_modal().await.unwrap()
}

/// A form that answers with errors, opens another, and leads to a message whose
/// button changes it.
async fn a_form_and_a_button(slack: &Simulator) {
    let modal = form(slack).await;
    modal.choose("who", "Bob").await.unwrap();
    modal.fill("what", "bad").await.unwrap();
    let errors = BTreeMap::from([("what".to_owned(), "Not that".to_owned())]);
    assert_eq!(modal.submit().await.unwrap(), Submitted::Errors(errors));
    modal.fill("what", "more").await.unwrap();
    assert_eq!(modal.submit().await.unwrap(), Submitted::Pushed);
    slack.person("U0REQUESTER").modal().unwrap().close().await.unwrap();
    modal.fill("what", "good").await.unwrap();
    assert_eq!(modal.submit().await.unwrap(), Submitted::Closed);

    let bob = slack.person("U0AUTHORIZER");
    let card = bob.wait_for_dm(|m| m.offers("done")).await.unwrap();
    assert_eq!(card.text, "For you from U0REQUESTER");
    slack.person("U0REQUESTER").wait_for(DEPLOYS, |m| m.text == "Sent").await.unwrap();
    assert_eq!(bob.click(&card, "done").await.unwrap().error, None);
    let changed = bob.wait_for_dm(|m| m.text == "Done 7").await.unwrap();
    assert_eq!(changed.ts, card.ts, "changed in place");
    assert!(changed.blocks.is_empty());
}

/// Errors are exceptions, a cursor leads through all pages, a limited call is
/// repeated, and an answer finds its way to the response URL.
async fn a_report(slack: &Simulator) {
    let alice = slack.person("U0REQUESTER");
    for n in 0..5 {
        alice.say(GENERAL, &format!("message {n}"), None);
    }
    slack.change(|state| {
        let general = state.channels.get_mut(GENERAL).unwrap();
        general.members.insert("U0PROVBOT1".into());
    });
    slack.fail_next("users.info", Fault::RateLimited { retry_after: 1 });
    assert_eq!(alice.command(GENERAL, "/provision", "report").await.error, None);
    let report = alice.with_patience(LONG).wait_for(GENERAL, |m| m.is_ephemeral()).await.unwrap();
    let expected = "Alice Requester 5/3 channel_not_found invalid_trigger_id invalid_auth B0PROVBOT1";
    assert_eq!(report.text, expected);
    let calls = slack.calls_of("users.info");
    assert_eq!(calls.iter().map(|call| call.status).collect::<Vec<_>>(), [429, 200]);
}

async fn over_http(app: App) {
    let (slack, _app) = start(app, false).await;
    a_form_and_a_button(&slack).await;
    a_report(&slack).await;
    assert!(slack.deliveries().iter().all(|delivery| delivery.status == Some(200)), "{:?}", slack.deliveries());
}

/// Connections of which none was told to go, and none is one of `before`.
async fn reconnected(slack: &Simulator, before: &[Connection]) {
    let fresh = |one: &Connection| !one.leaving && before.iter().all(|old| old.number != one.number);
    let settled = |there: &[Connection]| !there.is_empty() && there.iter().all(fresh);
    slack.wait_for_connections("a new connection", LONG, settled).await.unwrap();
}

async fn by_socket(app: App) {
    let (slack, _app) = start(app, true).await;
    reconnected(&slack, &[]).await;
    a_form_and_a_button(&slack).await;
    a_report(&slack).await;
    for leave in [|slack: &Simulator| slack.disconnect_all("refresh_requested"), Simulator::break_all_sockets] {
        let before = slack.connections();
        leave(&slack);
        reconnected(&slack, &before).await;
        assert_eq!(form(&slack).await.callback_id(), "try");
        slack.person("U0REQUESTER").modal().unwrap().close().await.unwrap();
    }
    assert!(slack.deliveries().iter().all(|delivery| delivery.connection.is_some()), "{:?}", slack.deliveries());
}

#[test]
fn python_over_http() {
    plain(async || over_http(python().await).await);
}

#[test]
fn python_by_socket() {
    plain(async || by_socket(python().await).await);
}

#[test]
fn javascript_over_http() {
    plain(async || over_http(javascript().await).await);
}

#[test]
fn javascript_by_socket() {
    plain(async || by_socket(javascript().await).await);
}
