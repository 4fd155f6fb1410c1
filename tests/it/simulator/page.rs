//! The demo's page in a real browser: the whole flow by mouse and by keyboard, and
//! what is underneath.

use std::path::PathBuf;

use harness::show::Show;
use harness::stack::StackOptions;
use slack_simulator::Simulator;
use tokio::sync::Mutex;

use crate::simulator::browser::{DESKTOP, Window};
use crate::world::{BOT, plain};

/// Chromium takes much of a small machine: one at a time.
pub static TURN: Mutex<()> = Mutex::const_new(());

/// All that the demo offers.
fn demo() -> StackOptions {
    StackOptions::demo(PathBuf::from(BOT), true)
}

/// A demo and a browser on its page.
pub fn visit(config: Option<&str>, test: impl AsyncFnOnce(&Show, &Window)) {
    plain(async || {
        let _turn = TURN.lock().await;
        let mut options = demo();
        if let Some(config) = config {
            options.config = config.to_owned();
        }
        let show = Show::start(options, |line| eprintln!("{line}")).await.unwrap();
        let window = Window::open(&show.slack.page_url(), DESKTOP).await;
        // The tour goes on by itself, which moves what is to be clicked.
        window.click(".tour footer button").await;
        test(&show, &window).await;
        window.close().await;
        show.stop().await;
    });
}

/// Alice asks Bob for a bucket, by mouse.
pub async fn ask(window: &Window, application: &str) {
    fill_in(window, application, "bucket").await;
    window.click("dialog.modal [type=submit]").await;
    window.wait("!document.querySelector('dialog.modal')").await;
}

/// Alice fills in what every request has.
pub async fn fill_in(window: &Window, application: &str, blueprint: &str) {
    window.click("[data-person=U0REQUESTER]").await;
    window.click("[aria-label='Start a command']").await;
    window.type_text(application).await;
    window.click("[aria-label=Send]").await;
    window.wait("document.querySelector('dialog.modal')").await;
    choose(window, "team", "payments").await;
    choose(window, "authorizer", "U0AUTHORIZER").await;
    choose(window, "blueprint", blueprint).await;
    window.click("[data-action=justification]").await;
    window.type_text("Landing page for the spring launch").await;
}

pub async fn choose(window: &Window, action: &str, value: &str) {
    window.click(&format!("[data-action={action}]")).await;
    window.click(&format!(".picker [data-value='{value}']")).await;
    window
        .wait(&format!("document.querySelector('[data-action={action}]')?.getAttribute('aria-expanded') === 'false'"))
        .await;
}

/// Bob opens his direct message.
pub async fn be_bob(window: &Window) {
    window.click("[data-person=U0AUTHORIZER]").await;
    window.click("[data-user=U0AUTHORIZER] [data-place=dm]").await;
}

/// Bob approves what he was asked, by mouse.
pub async fn approve(window: &Window) {
    be_bob(window).await;
    choose(window, "region", "us-east-1").await;
    choose(window, "profile", "sandbox").await;
    window.click("[data-action=approve]").await;
}

#[test]
fn by_mouse_from_the_command_to_the_bucket() {
    visit(None, async |_, window| {
        // Required fields are checked before anything is sent.
        window.click("[aria-label='Start a command']").await;
        window.click("[aria-label=Send]").await;
        window.click("dialog.modal [type=submit]").await;
        window.wait_for("Please complete this required field.").await;
        window.click("dialog.modal [aria-label=Close]").await;
        window.wait("!document.querySelector('dialog.modal')").await;

        ask(window, "mouse").await;
        window.wait("document.querySelector('[data-person=U0AUTHORIZER] .dot')").await;
        approve(window).await;
        window.click("[data-person=U0REQUESTER]").await;
        window.click("[data-user=U0REQUESTER] [data-place=C0DEPLOYS01]").await;
        window.click("[data-user=U0REQUESTER] .replies").await;
        window.wait("document.querySelector('.thread')?.innerText.includes('8/8')").await;
        window.wait("/provisioned/i.test(document.querySelector('.thread').innerText)").await;

        // What is underneath says the same.
        window.click("[data-switch=panel]").await;
        window.wait("document.querySelector('.stopwatch.completed')").await;
        window.wait("document.querySelector('.history')?.innerText.includes('The request is over')").await;
        window.click("[data-tab=resources]").await;
        window.wait_for("blocked, in all four ways").await;
        window.wait_for("index.html").await;
        window.click("[data-tab=traffic]").await;
        window.wait_for("Somebody submitted a form").await;
    });
}

/// Fills in the open form, sends it and goes to Bob's direct message, without the mouse.
async fn fill_in_and_send(window: &Window) {
    for (field, typed) in [("team", "Pay"), ("authorizer", "bob"), ("blueprint", "Buck")] {
        pick_by_keys(window, field, typed).await;
    }
    window.tab_to("[data-action=justification]").await;
    window.type_text("Because").await;
    window.tab_to("dialog [type=submit]").await;
    window.press("Enter").await;
    window.wait("!document.querySelector('dialog')").await;

    window.tab_to("[data-person=U0AUTHORIZER]").await;
    window.press("Enter").await;
    window.tab_to("[data-user=U0AUTHORIZER] [data-place=dm]").await;
    window.press("Enter").await;
}

/// Chooses from a select that is on the page, without the mouse.
async fn pick_by_keys(window: &Window, field: &str, typed: &str) {
    window.tab_to(&format!("[data-action={field}]")).await;
    window.press("Enter").await;
    window.type_text(typed).await;
    window.wait(&format!("document.querySelector('[role=option].active')?.innerText.includes({typed:?})")).await;
    window.press("Enter").await;
}

#[test]
fn from_the_command_to_the_bucket_by_keyboard() {
    visit(None, async |_, window| {
        window.tab_to("[data-user=U0REQUESTER] .composer textarea").await;
        window.type_text("/provision by-keys").await;
        window.press("Enter").await;
        window.wait("document.activeElement.matches('[data-action=application_name]')").await;
        fill_in_and_send(window).await;
        window.wait("document.querySelector('[data-user=U0AUTHORIZER] [data-action=approve]')").await;
        pick_by_keys(window, "region", "eu-west-1").await;
        pick_by_keys(window, "profile", "sandbox").await;
        // One press says yes.
        window.tab_to("[data-action=approve]").await;
        window.press("Enter").await;
        window.tab_to("[data-person=U0REQUESTER]").await;
        window.press("Enter").await;
        window.tab_to("[data-user=U0REQUESTER] .replies").await;
        window.press("Enter").await;
        window.wait("/provisioned/i.test(document.querySelector('.thread')?.innerText)").await;
    });
}

#[test]
fn by_keyboard_alone() {
    visit(None, async |_, window| {
        window.tab_to("[data-user=U0REQUESTER] .composer textarea").await;
        window.type_text("/pro").await;
        window.press("Enter").await;
        window.wait("document.activeElement.value === '/provision '").await;
        window.type_text("keyboard").await;
        window.press("Enter").await;

        // The form takes the focus, keeps it, and is left with Escape.
        window.wait("document.activeElement.matches('[data-action=application_name]')").await;
        window.press("Escape").await;
        window.wait("!document.querySelector('dialog') && document.activeElement.matches('.composer textarea')").await;
        window.type_text("/provision keyboard").await;
        window.press("Enter").await;
        window.wait("document.activeElement.matches('[data-action=application_name]')").await;

        fill_in_and_send(window).await;
        window.wait("document.querySelector('[data-user=U0AUTHORIZER] [data-action=reject]')").await;
        window.tab_to("[data-action=reject]").await;
        window.press("Enter").await;
        window.wait("document.activeElement.matches('dialog [data-action=reason]')").await;
        window.type_text("Not before the audit").await;
        window.tab_to("dialog [type=submit]").await;
        window.press("Enter").await;
        window.wait("!document.querySelector('dialog')").await;

        window.tab_to("[data-person=U0REQUESTER]").await;
        window.press("Enter").await;
        window.tab_to("[data-user=U0REQUESTER] .replies").await;
        window.press("Enter").await;
        window.wait("document.querySelector('.thread')?.innerText.includes('Not before the audit')").await;
        window.press("Escape").await;
        window.wait("!document.querySelector('.thread')").await;
    });
}

#[test]
fn a_request_expires() {
    let config = demo().config.replace("\"2m\"", "\"4s\"").replace("\"1m\"", "\"1s\"");
    visit(Some(&config), async |_, window| {
        ask(window, "late").await;
        window.click("[data-user=U0REQUESTER] .replies").await;
        window.wait("/expired/i.test(document.querySelector('.thread')?.innerText)").await;
        // Nothing is left to decide.
        be_bob(window).await;
        window.wait("!document.querySelector('[data-action=approve]')").await;
    });
}

#[test]
fn a_request_survives_its_worker() {
    visit(None, async |_, window| {
        window.click("[data-switch=panel]").await;
        ask(window, "survivor").await;
        window.click("[data-tab=plugs]").await;
        window.click("[data-plug=worker] [data-to=armed]").await;
        window.wait("document.querySelector('[data-plug=worker][data-state=armed]')").await;
        approve(window).await;
        window.wait("document.querySelector('[data-plug=worker][data-state=killed]')").await;
        window.wait("document.querySelector('.stopwatch.running')").await;
        window.wait("document.querySelector('[data-plug=worker][data-state=running]')").await;
        window.wait("document.querySelector('.stopwatch.completed')").await;
        window.wait("document.querySelector('.stopwatch').innerText.includes('Worker killed')").await;
        window.click("[data-tab=workflow]").await;
        window.wait("document.querySelector('.history').innerText.includes('attempt 2')").await;
    });
}

#[test]
fn the_other_plugs_can_be_pulled_and_put_back() {
    visit(None, async |_, window| {
        window.click("[data-switch=panel]").await;
        ask(window, "outage").await;
        window.click("[data-tab=plugs]").await;
        for (plug, pulled, well) in [
            ("s3", "failing", "well"),
            ("slack", "limited", "well"),
            ("slack", "hanging", "well"),
            ("temporal", "stopped", "running"),
        ] {
            let is = |state: &str| format!("document.querySelector('[data-plug={plug}][data-state={state}]')");
            window.click(&format!("[data-plug={plug}] [data-to={pulled}]")).await;
            window.wait(&is(pulled)).await;
            window.click(&format!("[data-plug={plug}] [data-to={well}]")).await;
            window.wait(&is(well)).await;
        }
        approve(window).await;
        window.wait("document.querySelector('.stopwatch.completed')").await;
    });
}

#[test]
fn a_workspace_that_is_alone_has_its_traffic_beside_it() {
    plain(async || {
        let _turn = TURN.lock().await;
        let slack = Simulator::start(harness::app::workspace()).await.unwrap();
        let window = Window::open(&slack.page_url(), DESKTOP).await;
        window.click("[data-switch=panel]").await;
        window.wait("document.querySelector('.panel')?.innerText.includes('Nothing yet.')").await;
        window.click("[aria-label='Start a command']").await;
        window.click("[aria-label=Send]").await;
        window.wait("document.querySelector('.traffic')?.innerText.includes('Somebody ran /provision')").await;
        window.close().await;
        slack.stop();
    });
}
