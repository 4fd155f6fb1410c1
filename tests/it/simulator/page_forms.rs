//! Forms on the page, in a browser as small as a phone: every element by mouse and by keyboard,
//! and a form that changes under who fills it in.

use serde_json::{Value, json};
use slack_simulator::Simulator;

use crate::simulator::browser::{PHONE, Window};
use crate::simulator::forms::{inputs, inputs_of_a_kind, message, view};
use crate::simulator::page::{TURN, choose};
use crate::simulator::page_looks::is_fine;
use crate::simulator::tiny_bot::{TinyBot, ok};
use crate::world::plain;

/// The page of a workspace with the tiny bot.
fn visit(test: impl AsyncFnOnce(&Simulator, &TinyBot, &Window)) {
    plain(async || {
        let _turn = TURN.lock().await;
        let (slack, bot) = TinyBot::start().await;
        let window = Window::open(&slack.page_url(), PHONE).await;
        test(&slack, &bot, &window).await;
        window.close().await;
        slack.stop();
    });
}

/// Alice opens the form.
async fn open(bot: &TinyBot, window: &Window) {
    *bot.opens.lock().unwrap() = view(inputs());
    *bot.becomes.lock().unwrap() = Some(view(inputs_of_a_kind()));
    window.click("[aria-label='Start a command']").await;
    window.click("[aria-label=Send]").await;
    window.wait("document.activeElement.matches('dialog [data-action=name]')").await;
}

/// What a field of the form holds, as the workspace has it.
async fn held(slack: &Simulator, window: &Window, field: &str, wanted: Value) {
    let modal = slack.person("U0REQUESTER").modal().unwrap();
    for _ in 0..200 {
        let value = modal.value(field).unwrap();
        if value.as_object().unwrap().values().any(|inner| *inner == wanted) {
            return;
        }
        window.value("new Promise((done) => setTimeout(done, 50))").await;
    }
    panic!("{field} is {}, not {wanted}", modal.value(field).unwrap());
}

async fn fits(window: &Window) {
    let wide = window.value("[document.documentElement.scrollWidth, innerWidth]").await;
    assert!(wide[0].as_i64() <= wide[1].as_i64(), "wider than the phone: {wide}");
}

fn values(chosen: &Value) -> Vec<&str> {
    chosen["selected_options"].as_array().unwrap().iter().map(|option| option["value"].as_str().unwrap()).collect()
}

#[test]
fn a_form_by_mouse_on_a_phone() {
    visit(async |slack, bot, window| {
        open(bot, window).await;
        window.wait("document.querySelector('dialog').innerText.includes('At most 30')").await;
        window.wait("document.querySelector('dialog').innerText.includes('price (optional)')").await;
        // Nothing leaves while something is missing, and each field says so below it.
        window.click("dialog [type=submit]").await;
        window.wait("document.querySelectorAll('dialog .error').length === 5").await;
        window.wait("document.activeElement.matches('[data-action=name]')").await;

        window.type_text("checkout-service").await;
        window.click("[data-action=days]").await;
        window.type_text("31").await;
        window.click("[data-action=parts] [data-value=alerts]").await;
        window.wait_for("Please enter 30 or less.").await;
        held(slack, window, "days", Value::Null).await;
        window.click("[data-action=regions]").await;
        window.click(".picker [data-value=eu]").await;
        window.click(".picker [data-value=ap]").await;
        window.wait("document.querySelectorAll('.tokens button').length === 2").await;
        window.wait_for("No more than 2 can be chosen.").await;
        window.click(".picker [data-value=us]").await;
        window.click("[data-token=ap]").await;
        window.wait("document.activeElement.matches('[data-action=regions]')").await;
        window.click("[data-action=people]").await;
        window.click(".picker [data-value=U0ADMIN0001]").await;
        window.click("[data-action=size] [data-value=l]").await;
        let modal = slack.person("U0REQUESTER").modal().unwrap();
        held(slack, window, "size", modal.view().unwrap()["blocks"][6]["element"]["options"][1].clone()).await;
        assert_eq!(values(&modal.value("regions").unwrap()), ["eu"]);
        assert_eq!(values(&modal.value("people").unwrap()), ["U0ADMIN0001"]);
        assert_eq!(values(&modal.value("parts").unwrap()), ["logs", "alerts"]);
        assert_eq!(modal.value("name").unwrap()["value"], "checkout-s", "no more fits");

        is_fine(window, "the form with every element").await;
        window.resize(PHONE).await;
        // The form changes, and keeps what was typed.
        choose(window, "kind", "bucket").await;
        window.wait("document.querySelector('[data-action=depth]')?.value === '3'").await;
        window.wait("!document.querySelector('[data-action=regions]')").await;
        window.wait("document.querySelector('[data-action=name]').value === 'checkout-s'").await;
        window.wait("document.querySelector('[data-action=days]').value === '31'").await;
        window.wait("document.querySelector('[data-action=size]').value === 'Small'").await;
        window.wait("document.querySelector('[data-action=parts] [data-value=alerts]').checked").await;
        fits(window).await;

        // What is no such number is not sent either.
        window.click("dialog [type=submit]").await;
        window.wait("document.activeElement.matches('[data-action=days]')").await;
        assert!(slack.last_delivery("view_submission").is_none());
        window.press("Backspace").await;
        window.click("dialog [type=submit]").await;
        window.wait("!document.querySelector('dialog')").await;
        let sent = slack.last_delivery("view_submission").unwrap().payload()["view"]["state"]["values"].clone();
        assert_eq!((&sent["days"]["days"]["value"], &sent["depth"]["depth"]["value"]), (&json!("3"), &json!("3")));
    });
}

#[test]
fn a_form_by_keyboard() {
    visit(async |slack, bot, window| {
        open(bot, window).await;
        window.type_text("cart").await;
        window.tab_to("[data-action=days]").await;
        window.type_text("7").await;
        window.tab_to("[data-action=parts] [data-value=metrics]").await;
        window.press(" ").await;
        window.tab_to("[data-action=regions]").await;
        window.press("Enter").await;
        window.wait("document.querySelector('[role=option].active')?.innerText === 'US'").await;
        window.press("Enter").await;
        window.press("ArrowDown").await;
        window.press("Enter").await;
        window.wait("document.querySelectorAll('.tokens button').length === 2").await;
        window.press("Backspace").await;
        window.wait("document.querySelectorAll('.tokens button').length === 1").await;
        window.press("Escape").await;
        window.tab_to("[data-action=size] [data-value=s]").await;
        window.press(" ").await;
        window.press("ArrowDown").await;
        window.wait("document.querySelector('[data-action=size] [data-value=l]').checked").await;
        window.tab_to("[data-action=kind]").await;
        window.press("Enter").await;
        window.wait("document.querySelector('[role=option].active')?.innerText === 'Site'").await;
        window.press("Enter").await;
        // The form changed, and what has the focus keeps it.
        window.wait("document.querySelector('[data-action=depth]')").await;
        window.wait("document.activeElement.matches('[data-action=kind]')").await;
        window.wait("document.querySelector('[data-action=name]').value === 'cart'").await;
        window.tab_to("dialog [type=submit]").await;
        window.press("Enter").await;
        window.wait("!document.querySelector('dialog')").await;
        let sent = slack.last_delivery("view_submission").unwrap().payload()["view"]["state"]["values"].clone();
        assert_eq!((&sent["name"]["name"]["value"], &sent["days"]["days"]["value"]), (&json!("cart"), &json!("7")));
        assert_eq!(values(&sent["parts"]["parts"]), ["logs", "metrics"]);
        assert_eq!(sent["size"]["size"]["selected_option"]["value"], "s", "the menu starts anew");
    });
}

#[test]
fn a_message_asks_on_the_page() {
    visit(async |slack, _bot, window| {
        ok(slack, "chat.postMessage", json!({ "channel": "U0AUTHORIZER", "text": "Decide", "blocks": message() }))
            .await;
        window.click("[data-person=U0AUTHORIZER]").await;
        window.click("[data-user=U0AUTHORIZER] .menu").await;
        window.click("[data-user=U0AUTHORIZER] [data-place=dm]").await;
        window.click("[data-action=name]").await;
        window.type_text("cart").await;
        window.click("[data-action=days]").await;
        window.type_text("x").await;
        window.click("[data-action=parts] [data-value=metrics]").await;
        window.wait_for("Please enter a number.").await;
        window.click("[data-action=regions]").await;
        window.click(".picker [data-value=eu]").await;
        window.press("Escape").await;
        window.click("[data-action=size] [data-value=l]").await;
        window.click("[data-action=price]").await;
        window.type_text("5").await;
        // What was typed last is there before the button is.
        window.click("[data-action=go]").await;
        window.wait("!document.querySelector('[data-action=go].busy')").await;
        let told = slack.last_delivery("block_actions").unwrap().payload();
        let state = &told["state"]["values"];
        assert_eq!(told["actions"][0]["action_id"], "go");
        assert_eq!((&state["name"]["name"]["value"], &state["days"]["days"]["value"]), (&json!("cart"), &Value::Null));
        assert_eq!(state["price"]["price"]["value"], "0.55");
        assert_eq!(values(&state["parts"]["parts"]), ["logs", "metrics"]);
        assert_eq!(values(&state["regions"]["regions"]), ["eu"]);
        assert_eq!(state["size"]["size"]["selected_option"]["value"], "l");
        fits(window).await;
        // An edit takes what was typed, for the bot and for the eye.
        let (channel, ts) = (&told["channel"]["id"], &told["message"]["ts"]);
        ok(slack, "chat.update", json!({ "channel": channel, "ts": ts, "text": "Decide", "blocks": message() })).await;
        window.wait("document.querySelector('[data-action=name]').value === ''").await;
        window.wait("!document.querySelector('[data-action=parts] [data-value=metrics]').checked").await;
    });
}
