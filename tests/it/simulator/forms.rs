//! Forms of the simulated Slack: every element that people type into or choose from, in modals
//! and in messages, and a form that changes while it is filled in.

use serde_json::{Value, json};
use slack_simulator::{Modal, Simulator, Submitted};

use crate::simulator::tiny_bot::{DEPLOYS, TinyBot, error, ok, option, plain};

pub fn input(id: &str, element: Value) -> Value {
    let mut element = element;
    element["action_id"] = id.into();
    json!({ "type": "input", "block_id": id, "label": plain(id), "element": element })
}

pub fn with(mut block: Value, name: &str, value: Value) -> Value {
    block[name] = value;
    block
}

fn number(decimals: bool, changes: Value) -> Value {
    let mut element = json!({ "type": "number_input", "is_decimal_allowed": decimals });
    element.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    element
}

fn parts() -> Value {
    json!([option("logs", "Logs"), option("metrics", "Metrics"), option("alerts", "Alerts")])
}

fn regions() -> Value {
    json!({ "type": "multi_static_select", "max_selected_items": 2,
        "options": [option("us", "US"), option("eu", "EU"), option("ap", "AP")] })
}

/// The inputs of a form, each of another kind.
pub fn inputs() -> Vec<Value> {
    let sizes = json!([option("s", "Small"), option("l", "Large")]);
    let kinds = json!([option("site", "Site"), option("bucket", "Bucket")]);
    vec![
        input("name", json!({ "type": "plain_text_input", "min_length": 2, "max_length": 10 })),
        with(input("days", number(false, json!({ "min_value": "1", "max_value": "30" }))), "hint", plain("At most 30")),
        with(input("price", number(true, json!({ "initial_value": "0.5" }))), "optional", json!(true)),
        input(
            "parts",
            json!({ "type": "checkboxes", "options": parts(), "initial_options": [option("logs", "Logs")] }),
        ),
        input("regions", regions()),
        with(
            input("people", json!({ "type": "multi_external_select", "min_query_length": 0 })),
            "optional",
            json!(true),
        ),
        input("size", json!({ "type": "radio_buttons", "options": sizes })),
        with(input("kind", json!({ "type": "static_select", "options": kinds })), "dispatch_action", json!(true)),
    ]
}

/// The form after a kind was chosen: no regions, sizes from a menu, and a depth.
pub fn inputs_of_a_kind() -> Vec<Value> {
    let sizes = json!([option("s", "Small"), option("l", "Large")]);
    let mut blocks = inputs();
    blocks.retain(|block| block["block_id"] != "regions");
    let size = blocks.iter_mut().find(|block| block["block_id"] == "size").unwrap();
    *size = input("size", json!({ "type": "static_select", "options": sizes, "initial_option": option("s", "Small") }));
    blocks.push(input("depth", number(false, json!({ "initial_value": "3" }))));
    blocks
}

pub fn view(blocks: Vec<Value>) -> Value {
    json!({ "type": "modal", "callback_id": "form", "title": plain("Form"), "submit": plain("Send"), "blocks": blocks })
}

async fn open(slack: &Simulator, bot: &TinyBot, blocks: Vec<Value>) -> Modal {
    *bot.opens.lock().unwrap() = view(blocks);
    slack.person("U0REQUESTER").command(DEPLOYS, "/provision", "").await.modal.expect("a modal")
}

fn deliveries(slack: &Simulator, kind: &str) -> usize {
    slack.deliveries().iter().filter(|delivery| delivery.payload()["type"] == kind).count()
}

/// An option as Slack gives it back.
fn stored(value: &str, text: &str) -> Value {
    json!({ "text": { "type": "plain_text", "text": text, "emoji": true }, "value": value })
}

#[tokio::test]
async fn what_was_filled_in_arrives_as_slack_sends_it() {
    let (slack, bot) = TinyBot::start().await;
    let modal = open(&slack, &bot, inputs()).await;
    let values = || modal.view().unwrap()["state"]["values"].clone();
    let untouched = json!({
        "name": { "name": { "type": "plain_text_input", "value": null } },
        "days": { "days": { "type": "number_input", "value": null } },
        "price": { "price": { "type": "number_input", "value": "0.5" } },
        "parts": { "parts": { "type": "checkboxes", "selected_options": [stored("logs", "Logs")] } },
        "regions": { "regions": { "type": "multi_static_select", "selected_options": [] } },
        "people": { "people": { "type": "multi_external_select", "selected_options": [] } },
        "size": { "size": { "type": "radio_buttons", "selected_option": null } },
        "kind": { "kind": { "type": "static_select", "selected_option": null } },
    });
    assert_eq!(values(), untouched);
    assert!(modal.plain().contains("parts Logs Metrics Alerts\n"), "{}", modal.plain());

    modal.fill("name", "checkout").await.unwrap();
    modal.fill("days", "14").await.unwrap();
    modal.fill("price", "-2.25").await.unwrap();
    modal.check("parts", &["alerts", "Metrics"]).await.unwrap();
    modal.check("regions", &["eu", "ap"]).await.unwrap();
    modal.check("people", &["U0AUTHORIZER"]).await.unwrap();
    modal.check("people", &["U0AUTHORIZER", "Ada"]).await.unwrap();
    modal.choose("size", "Large").await.unwrap();
    assert_eq!(deliveries(&slack, "block_actions"), 0);
    modal.choose("kind", "site").await.unwrap();
    let shown = slack.describe_modal("U0REQUESTER").unwrap();
    let expected = "(name: checkout)\n(days: 14)\n(price: -2.25)\n(parts: Alerts, Metrics)\n(regions: EU, AP)\n\
        (people: Bob, Ada)\n(size: Large)\n(kind: Site)\n";
    assert!(shown.contains(expected), "{shown}");

    assert_eq!(modal.submit().await.unwrap(), Submitted::Closed);
    let submission = slack.last_delivery("view_submission").unwrap().payload();
    let arrived = json!({
        "name": { "name": { "type": "plain_text_input", "value": "checkout" } },
        "days": { "days": { "type": "number_input", "value": "14" } },
        "price": { "price": { "type": "number_input", "value": "-2.25" } },
        "parts": { "parts": { "type": "checkboxes",
            "selected_options": [stored("alerts", "Alerts"), stored("metrics", "Metrics")] } },
        "regions": { "regions": { "type": "multi_static_select",
            "selected_options": [stored("eu", "EU"), stored("ap", "AP")] } },
        "people": { "people": { "type": "multi_external_select",
            "selected_options": [stored("U0AUTHORIZER", "Bob"), stored("U0ADMIN0001", "Ada")] } },
        "size": { "size": { "type": "radio_buttons", "selected_option": stored("l", "Large") } },
        "kind": { "kind": { "type": "static_select", "selected_option": stored("site", "Site") } },
    });
    assert_eq!(submission["view"]["state"]["values"], arrived);
}

#[tokio::test]
async fn the_client_refuses_what_does_not_fit() {
    let (slack, bot) = TinyBot::start().await;
    let modal = open(&slack, &bot, inputs()).await;
    for (field, text, why) in [
        ("name", "checkout-service", "at most 10 characters"),
        ("days", "ten", "takes a number"),
        ("days", "1.5", "takes whole numbers"),
        ("days", "0", "takes 1 or more"),
        ("days", "31", "takes 30 or less"),
        ("price", "1e3", "takes a number"),
        ("size", "Small", "nobody can type"),
    ] {
        let refused = modal.fill(field, text).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{field} {text}: {refused}");
    }
    for (field, values, why) in [
        ("parts", vec!["traces"], "does not offer"),
        ("parts", vec!["logs", "Logs"], "nothing twice"),
        ("regions", vec!["us", "eu", "ap"], "at most 2"),
        ("people", vec!["Nobody"], "does not offer"),
        ("size", vec!["s"], "nobody can choose several"),
    ] {
        let refused = modal.check(field, &values).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{field} {values:?}: {refused}");
    }
    // What is empty, too short or too little keeps the form from being sent.
    let missing = async || modal.submit().await.unwrap_err().to_string();
    assert_eq!(missing().await, "`name` is required and empty");
    modal.fill("name", "c").await.unwrap();
    assert_eq!(missing().await, "`name` is too short");
    modal.fill("name", "cart").await.unwrap();
    assert_eq!(missing().await, "`days` is required and empty");
    modal.fill("days", "30").await.unwrap();
    modal.check("parts", &[]).await.unwrap();
    assert_eq!(missing().await, "`parts` is required and empty");
    modal.check("parts", &["logs"]).await.unwrap();
    modal.clear("parts").await.unwrap();
    assert_eq!(modal.value("parts").unwrap(), json!({ "type": "checkboxes", "selected_options": [] }));
    assert_eq!(missing().await, "`parts` is required and empty");
    modal.check("parts", &["logs"]).await.unwrap();
    assert_eq!(missing().await, "`regions` is required and empty");
    modal.check("regions", &["us"]).await.unwrap();
    assert_eq!(missing().await, "`size` is required and empty");
    modal.choose("size", "s").await.unwrap();
    modal.clear("price").await.unwrap();
    assert_eq!(modal.value("price").unwrap(), json!({ "type": "number_input", "value": null }));
    assert_eq!(missing().await, "`kind` is required and empty");
    assert_eq!(deliveries(&slack, "view_submission"), 0);
    modal.choose("kind", "site").await.unwrap();
    assert_eq!(modal.submit().await.unwrap(), Submitted::Closed);

    // An initial value counts like one that was typed.
    let modal =
        open(&slack, &bot, vec![input("days", number(false, json!({ "min_value": "5", "initial_value": "4" })))]).await;
    assert_eq!(modal.submit().await.unwrap_err().to_string(), "`days` takes 5 or more, not \"4\"");
}

#[tokio::test]
async fn a_choice_changes_the_form_and_keeps_what_was_typed() {
    let (slack, bot) = TinyBot::start().await;
    let modal = open(&slack, &bot, inputs()).await;
    modal.fill("name", "checkout").await.unwrap();
    modal.check("parts", &["metrics"]).await.unwrap();
    modal.check("regions", &["eu"]).await.unwrap();
    modal.choose("size", "l").await.unwrap();
    assert_eq!(deliveries(&slack, "block_actions"), 0, "these are silent");
    let before = modal.view().unwrap();
    *bot.becomes.lock().unwrap() = Some(view(inputs_of_a_kind()));
    modal.choose("kind", "Bucket").await.unwrap();

    let told = slack.last_delivery("block_actions").unwrap().payload();
    let action = &told["actions"][0];
    assert_eq!(
        (&action["type"], &action["action_id"], &action["block_id"], &action["selected_option"]),
        (&json!("static_select"), &json!("kind"), &json!("kind"), &stored("bucket", "Bucket"))
    );
    assert_eq!(told["container"], json!({ "type": "view", "view_id": modal.id() }));
    assert_eq!((&told["view"]["hash"], &told["state"]), (&before["hash"], &Value::Null));
    let values = &told["view"]["state"]["values"];
    assert_eq!(values["name"]["name"]["value"], "checkout");
    assert_eq!(values["kind"]["kind"]["selected_option"], stored("bucket", "Bucket"));
    assert_eq!(values["days"]["days"], json!({ "type": "number_input", "value": null }));

    let now = modal.view().unwrap();
    let values = &now["state"]["values"];
    assert_eq!(values["name"]["name"]["value"], "checkout");
    assert_eq!(values["parts"]["parts"]["selected_options"], json!([stored("metrics", "Metrics")]));
    assert_eq!(values["kind"]["kind"]["selected_option"], stored("bucket", "Bucket"));
    assert_eq!(values["size"]["size"], json!({ "type": "static_select", "selected_option": stored("s", "Small") }));
    assert_eq!(values["depth"]["depth"]["value"], "3");
    assert!(values["regions"].is_null() && !modal.offers("regions"));

    // Who was told of the form as it was may not change it any more.
    let late = json!({ "view_id": modal.id(), "hash": before["hash"], "view": view(inputs()) });
    assert_eq!(error(&slack, "views.update", late).await, "hash_conflict");
    let in_time = json!({ "view_id": modal.id(), "hash": now["hash"], "view": view(inputs()) });
    ok(&slack, "views.update", in_time).await;
    assert_eq!(modal.value("regions").unwrap()["selected_options"], json!([]), "it was gone");
    // The choice came with a trigger.
    let push = json!({ "trigger_id": told["trigger_id"], "view": view(vec![]) });
    ok(&slack, "views.push", push).await;
    assert_ne!(slack.person("U0REQUESTER").modal().unwrap().id(), modal.id());
}

/// Inputs of a message, then boxes in a section, and a button.
pub fn message() -> Vec<Value> {
    let mut blocks = inputs();
    blocks.push(json!({ "type": "section", "block_id": "more", "text": plain("More"),
        "accessory": { "type": "checkboxes", "action_id": "more", "options": parts() } }));
    blocks.push(json!({ "type": "actions", "block_id": "go", "elements": [
        { "type": "button", "action_id": "go", "text": plain("Go") }, with(regions(), "action_id", json!("near")) ] }));
    blocks
}

#[tokio::test]
async fn a_message_asks_like_a_form() {
    let (slack, _bot) = TinyBot::start().await;
    let bob = slack.person("U0AUTHORIZER");
    let post = json!({ "channel": "U0AUTHORIZER", "text": "Decide", "blocks": message() });
    ok(&slack, "chat.postMessage", post).await;
    let ask = bob.wait_for_dm(|message| message.offers("go")).await.unwrap();
    let state = async || {
        assert_eq!(bob.click(&ask, "go").await.unwrap().ack_status, Some(200));
        slack.last_delivery("block_actions").unwrap().payload()["state"]["values"].clone()
    };
    let untouched = state().await;
    assert_eq!(untouched["name"]["name"], json!({ "type": "plain_text_input", "value": null }));
    assert_eq!(untouched["days"]["days"], json!({ "type": "number_input", "value": null }));
    assert_eq!(untouched["size"]["size"], json!({ "type": "radio_buttons", "selected_option": null }));
    assert_eq!(untouched["regions"]["regions"], json!({ "type": "multi_static_select", "selected_options": [] }));
    assert_eq!(untouched["parts"]["parts"], json!({ "type": "checkboxes", "selected_options": [] }), "only initial");
    assert_eq!(untouched["more"]["more"], json!({ "type": "checkboxes", "selected_options": [] }));

    let told = deliveries(&slack, "block_actions");
    for outcome in [
        bob.fill(&ask, "name", "checkout").await,
        bob.fill(&ask, "days", "14").await,
        bob.check(&ask, "parts", &["metrics", "alerts"]).await,
        bob.check(&ask, "regions", &["US"]).await,
        bob.check(&ask, "people", &["Bob"]).await,
        bob.check(&ask, "people", &["Bob", "Ada"]).await,
        bob.select(&ask, "size", "s").await,
    ] {
        assert_eq!(outcome.unwrap().ack_status, None);
    }
    assert!(bob.fill(&ask, "days", "31").await.is_err());
    assert!(bob.fill(&ask, "name", "checkout-service").await.is_err());
    assert!(bob.check(&ask, "regions", &["us", "eu", "ap"]).await.is_err());
    assert_eq!(deliveries(&slack, "block_actions"), told, "inside of inputs nothing is told");

    // Outside of an input, and where an input asks for it, the bot is told.
    assert_eq!(bob.check(&ask, "more", &["logs"]).await.unwrap().ack_status, Some(200));
    let action = &slack.last_delivery("block_actions").unwrap().payload()["actions"][0];
    assert_eq!(
        (&action["type"], &action["selected_options"]),
        (&json!("checkboxes"), &json!([stored("logs", "Logs")]))
    );
    assert_eq!(bob.check(&ask, "near", &["eu"]).await.unwrap().ack_status, Some(200));
    assert_eq!(bob.select(&ask, "kind", "site").await.unwrap().ack_status, Some(200));
    assert_eq!(deliveries(&slack, "block_actions"), told + 3);

    let filled = state().await;
    assert_eq!(filled["name"]["name"]["value"], "checkout");
    assert_eq!(filled["days"]["days"]["value"], "14");
    assert_eq!(filled["parts"]["parts"]["selected_options"].as_array().unwrap().len(), 2);
    let people = [stored("U0AUTHORIZER", "Bob"), stored("U0ADMIN0001", "Ada")];
    assert_eq!(filled["people"]["people"]["selected_options"], json!(people));
    assert_eq!(filled["size"]["size"]["selected_option"], stored("s", "Small"));
    assert_eq!(filled["go"]["near"]["selected_options"], json!([stored("eu", "EU")]));
    let shown = slack.transcript(&ask.channel, "U0AUTHORIZER");
    assert!(shown.contains("(name: checkout)\n  (days: 14)"), "{shown}");
    assert!(shown.contains("(parts: Metrics, Alerts)\n  (regions: US)\n  (people: Bob, Ada)"), "{shown}");
    assert!(ask.plain().contains("parts Logs Metrics Alerts\n"), "{}", ask.plain());

    bob.fill(&ask, "name", "").await.unwrap();
    bob.check(&ask, "parts", &[]).await.unwrap();
    let emptied = state().await;
    assert_eq!(emptied["name"]["name"]["value"], Value::Null);
    assert_eq!(emptied["parts"]["parts"]["selected_options"], json!([]));
    assert_eq!(emptied["days"]["days"]["value"], "14");

    // Who sees an edited message has put nothing into it.
    let update = json!({ "channel": ask.channel, "ts": ask.ts, "text": "Decide", "blocks": message() });
    ok(&slack, "chat.update", update).await;
    assert_eq!(state().await, untouched);
}
