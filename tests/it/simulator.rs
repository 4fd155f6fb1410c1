//! The Slack simulator itself: a tiny bot of this file plays against it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use slack_simulator::{Fault, Profile, Simulator, SimulatorOptions, Submitted, TROUBLE};

const DEPLOYS: &str = "C0DEPLOYS01";
const PRIVATE: &str = "C0PRIVATE01";

/// A Web API call; none when the connection broke or timed out.
async fn call(slack: &Simulator, method: &str, args: Value) -> Option<Value> {
    let request = axum::http::Request::post(format!("{}/{method}", slack.api_url()))
        .header(header::AUTHORIZATION, format!("Bearer {}", slack.bot_token()))
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(axum::body::Body::from(args.to_string()))
        .unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = tokio::time::timeout(Duration::from_secs(2), client.request(request)).await.ok()?.ok()?;
    let bytes = axum::body::to_bytes(axum::body::Body::new(answer.into_body()), 1 << 20).await.ok()?;
    serde_json::from_slice(&bytes).ok()
}

async fn ok(slack: &Simulator, method: &str, args: Value) -> Value {
    let answer = call(slack, method, args.clone()).await.unwrap();
    assert_eq!(answer["ok"], true, "{method} {args}: {answer}");
    answer
}

async fn error(slack: &Simulator, method: &str, args: Value) -> String {
    let answer = call(slack, method, args.clone()).await.unwrap();
    assert_eq!(answer["ok"], false, "{method} {args}: {answer}");
    answer["error"].as_str().unwrap().to_string()
}

async fn start() -> Simulator {
    Simulator::start(SimulatorOptions { another_app: true, ..Default::default() }).await.unwrap()
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

fn option(value: &str, text: &str) -> Value {
    json!({ "text": plain(text), "value": value })
}

fn form() -> Value {
    let input =
        |id: &str, element: Value| json!({ "type": "input", "block_id": id, "label": plain(id), "element": element });
    json!({
        "type": "modal", "callback_id": "form", "title": plain("Ask"), "submit": plain("Send"),
        "private_metadata": "kept",
        "blocks": [
            { "type": "section", "block_id": "intro", "text": plain("Hello") },
            input("name", json!({ "type": "plain_text_input", "action_id": "name", "max_length": 10 })),
            input("team", json!({ "type": "static_select", "action_id": "team",
                "options": [option("p", "Payments"), option("s", "Search")] })),
            input("who", json!({ "type": "external_select", "action_id": "who", "min_query_length": 0 })),
        ],
    })
}

fn card() -> Value {
    json!([
        { "type": "section", "block_id": "text", "text": { "type": "mrkdwn", "text": "*Decide*, <@U0AUTHORIZER>" } },
        { "type": "input", "block_id": "region", "label": plain("Region"), "element": {
            "type": "static_select", "action_id": "region", "options": [option("us", "US"), option("eu", "EU")] } },
        { "type": "actions", "block_id": "decide", "elements": [
            { "type": "button", "action_id": "approve", "text": plain("Approve"), "value": "r1",
              "confirm": { "title": plain("Sure?"), "text": plain("It costs."), "confirm": plain("Yes"), "deny": plain("No") } },
            { "type": "button", "action_id": "reject", "text": plain("Reject"), "value": "r1" } ] },
    ])
}

/// What the tiny bot answers to the next submission, and where it posts.
#[derive(Clone)]
struct TinyBot {
    slack: Simulator,
    next_answer: Arc<Mutex<String>>,
}

impl TinyBot {
    async fn start() -> (Simulator, TinyBot) {
        let slack = start().await;
        let bot = TinyBot { slack: slack.clone(), next_answer: Arc::default() };
        let routes = Router::new()
            .route("/slack/commands", post(Self::command))
            .route("/slack/options", post(Self::options))
            .route("/slack/interactions", post(Self::interaction))
            .with_state(bot.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        slack.connect_bot(&format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        (slack, bot)
    }

    fn verify(&self, headers: &HeaderMap, body: &str) {
        let timestamp = headers["x-slack-request-timestamp"].to_str().unwrap();
        let expected = self.slack.sign(body, timestamp.parse().unwrap());
        assert_eq!(headers["x-slack-signature"], expected[1].1);
    }

    async fn command(State(bot): State<TinyBot>, headers: HeaderMap, body: String) -> Response {
        bot.verify(&headers, &body);
        let fields: std::collections::HashMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).collect();
        match fields["text"].as_ref() {
            "sleep" => tokio::time::sleep(Duration::from_secs(9)).await,
            "fail" => return (axum::http::StatusCode::INTERNAL_SERVER_ERROR, "no").into_response(),
            "text" => return "just text".into_response(),
            "json" => return axum::Json(json!({ "response_type": "in_channel", "text": "to all" })).into_response(),
            _ => {
                drop(ok(&bot.slack, "views.open", json!({ "trigger_id": fields["trigger_id"], "view": form() })).await)
            }
        }
        ().into_response()
    }

    async fn options(body: String) -> Response {
        let payload: Value = payload(&body);
        let typed = payload["value"].as_str().unwrap_or_default();
        let all = [option("U0AUTHORIZER", "Bob"), option("U0ADMIN0001", "Ada")];
        let found: Vec<&Value> = all.iter().filter(|o| o["text"]["text"].as_str().unwrap().contains(typed)).collect();
        axum::Json(json!({ "options": found })).into_response()
    }

    async fn interaction(State(bot): State<TinyBot>, headers: HeaderMap, body: String) -> Response {
        bot.verify(&headers, &body);
        let payload = payload(&body);
        if payload["type"] == "view_submission" {
            let answer = bot.next_answer.lock().unwrap().clone();
            if answer.is_empty() {
                let post = json!({ "channel": "U0AUTHORIZER", "text": "Decide", "blocks": card(),
                    "metadata": { "event_type": "request", "event_payload": { "request_id": "r1" } } });
                ok(&bot.slack, "chat.postMessage", post).await;
            }
            return ([(header::CONTENT_TYPE, "application/json")], answer).into_response();
        }
        let region = &payload["state"]["values"]["region"]["region"]["selected_option"]["value"];
        if region.is_null() {
            let (channel, user) = (&payload["channel"]["id"], &payload["user"]["id"]);
            let say = json!({ "channel": channel, "user": user, "text": "Choose a region" });
            ok(&bot.slack, "chat.postEphemeral", say).await;
        } else {
            let update = json!({ "channel": payload["channel"]["id"], "ts": payload["message"]["ts"],
                "text": format!("Approved for {}", region.as_str().unwrap()) });
            ok(&bot.slack, "chat.update", update).await;
        }
        ().into_response()
    }
}

fn payload(body: &str) -> Value {
    let (_, json) = url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "payload").unwrap();
    serde_json::from_str(&json).unwrap()
}

#[tokio::test]
async fn a_command_a_modal_and_a_click_go_round() {
    let (slack, bot) = TinyBot::start().await;
    let (alice, bob) = (slack.person("U0REQUESTER"), slack.person("U0AUTHORIZER"));

    let ran = alice.command(DEPLOYS, "/provision", "").await;
    assert_eq!(ran.error, None);
    let modal = ran.modal.expect("a modal");
    assert_eq!((modal.title(), modal.private_metadata()), ("Ask".into(), "kept".into()));

    modal.fill("name", "checkout").await.unwrap();
    assert!(modal.fill("name", "much too long for it").await.is_err());
    modal.choose("team", "Payments").await.unwrap();
    assert!(modal.choose("team", "nobody").await.is_err());
    assert!(modal.submit().await.unwrap_err().to_string().contains("`who` is required"));
    assert_eq!(modal.options("who", "Ad").await.unwrap().len(), 1);
    modal.choose("who", "U0AUTHORIZER").await.unwrap();

    *bot.next_answer.lock().unwrap() = r#"{"response_action":"errors","errors":{"name":"taken"}}"#.into();
    let Submitted::Errors(errors) = modal.submit().await.unwrap() else { panic!("no errors") };
    assert_eq!(errors["name"], "taken");
    assert!(slack.describe_modal("U0REQUESTER").unwrap().contains("(name: checkout)\n  ! taken"));

    bot.next_answer.lock().unwrap().clear();
    assert_eq!(modal.submit().await.unwrap(), Submitted::Closed);
    assert!(!modal.is_open());
    let submission = slack.last_delivery("view_submission").unwrap();
    let values = &submission.payload()["view"]["state"]["values"];
    assert_eq!(values["team"]["team"]["selected_option"]["text"]["text"], "Payments");
    assert_eq!(submission.payload()["response_urls"], json!([]));

    let ask = bob.wait_for_dm(|message| message.offers("approve")).await.unwrap();
    assert_eq!((ask.buttons(), ask.payload("request_id")), (vec!["Approve".into(), "Reject".into()], Some("r1")));
    let clicked = bob.click(&ask, "approve").await.unwrap();
    assert_eq!((clicked.ack_status, clicked.confirmed.as_deref()), (Some(200), Some("It costs.")));
    assert_eq!(clicked.ephemerals[0].text, "Choose a region");
    assert_eq!(bob.select(&ask, "region", "EU").await.unwrap().ack_status, None);
    assert!(slack.transcript(&ask.channel, "U0AUTHORIZER").contains("(Region: EU)\n  [Approve] [Reject]"));
    assert!(bob.click(&ask, "approve").await.unwrap().error.is_none());
    let done = bob.wait_for_dm(|message| message.says("Approved for eu")).await.unwrap();
    assert_eq!((done.ts.as_str(), done.blocks.len(), done.payload("request_id")), (ask.ts.as_str(), 0, Some("r1")));
    assert!(bob.click(&ask, "approve").await.is_err(), "the button is gone");
    assert_eq!(bob.click_as_seen(&ask, "approve").await.unwrap().ack_status, Some(200));

    let again = slack.redeliver(&submission).await;
    assert_eq!((again.status, again.payload()), (Some(200), submission.payload()));
}

#[tokio::test]
async fn answers_to_commands_show_as_in_slack() {
    let (slack, _bot) = TinyBot::start().await;
    let alice = slack.person("U0REQUESTER");
    let text = alice.command(DEPLOYS, "/provision", "text").await;
    assert_eq!(text.ephemeral.unwrap().text, "just text");
    assert_eq!(slack.person("U0AUTHORIZER").messages(DEPLOYS), []);
    alice.command(DEPLOYS, "/provision", "json").await;
    assert_eq!(slack.person("U0AUTHORIZER").messages(DEPLOYS)[0].text, "to all");
    assert_eq!(alice.command(DEPLOYS, "/provision", "fail").await.error.unwrap(), "http_service_error (500)");
    slack.set_rules(|rules| rules.ack_deadline = Duration::from_millis(100));
    assert_eq!(alice.command(DEPLOYS, "/provision", "sleep").await.error.unwrap(), "operation_timeout");
}

#[tokio::test]
async fn an_unexpected_answer_to_a_submission_is_trouble() {
    let (slack, bot) = TinyBot::start().await;
    let modal = slack.person("U0REQUESTER").command(DEPLOYS, "/provision", "").await.modal.unwrap();
    modal.fill("name", "checkout").await.unwrap();
    modal.choose("team", "s").await.unwrap();
    modal.choose("who", "Bob").await.unwrap();
    for answer in ["{}", "ok", r#"{"response_action":"errors","errors":{"intro":"no input"}}"#] {
        *bot.next_answer.lock().unwrap() = answer.into();
        assert_eq!(modal.submit().await.unwrap(), Submitted::Trouble(TROUBLE.into()), "{answer}");
    }
    let mut next = form();
    next["title"] = plain("Updated");
    *bot.next_answer.lock().unwrap() = json!({ "response_action": "update", "view": next }).to_string();
    assert_eq!(modal.submit().await.unwrap(), Submitted::Updated);
    assert_eq!((modal.title().as_str(), modal.value("name").unwrap()["value"].as_str()), ("Updated", Some("checkout")));
    *bot.next_answer.lock().unwrap() = json!({ "response_action": "push", "view": next }).to_string();
    assert_eq!(modal.submit().await.unwrap(), Submitted::Pushed);
    assert!(modal.submit().await.is_err(), "another modal is on top");
    let top = slack.person("U0REQUESTER").modal().unwrap();
    top.close().await.unwrap();
    assert_eq!(slack.person("U0REQUESTER").modal().unwrap().id(), modal.id());
}

#[tokio::test]
async fn triggers_open_one_modal_in_time() {
    let (slack, _bot) = TinyBot::start().await;
    let alice = slack.person("U0REQUESTER");
    alice.command(DEPLOYS, "/provision", "").await;
    let trigger = slack.last_delivery("command").unwrap().payload()["trigger_id"].clone();
    let open = |trigger: Value| json!({ "trigger_id": trigger, "view": form() });
    assert_eq!(error(&slack, "views.open", open(trigger)).await, "exchanged_trigger_id");
    assert_eq!(error(&slack, "views.open", open(json!("1.2.3"))).await, "invalid_trigger_id");
    alice.command(DEPLOYS, "/provision", "text").await;
    slack.expire_triggers();
    let trigger = slack.last_delivery("command").unwrap().payload()["trigger_id"].clone();
    assert_eq!(error(&slack, "views.open", open(trigger.clone())).await, "expired_trigger_id");
    let view = alice.modal().unwrap();
    let update = json!({ "view_id": view.id(), "hash": "1.old", "view": form() });
    assert_eq!(error(&slack, "views.update", update).await, "hash_conflict");
    assert_eq!(error(&slack, "views.push", open(trigger)).await, "expired_trigger_id");
    let mut bad = form();
    bad["title"] = plain("much longer than 24 characters");
    let answer = call(&slack, "views.update", json!({ "view_id": view.id(), "view": bad })).await.unwrap();
    assert_eq!(
        answer["response_metadata"]["messages"][0],
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    );
}

#[tokio::test]
async fn posting_follows_slacks_rules() {
    let slack = start().await;
    let post = |channel: &str| json!({ "channel": channel, "text": "hi" });
    ok(&slack, "chat.postMessage", post(DEPLOYS)).await;
    assert_eq!(error(&slack, "chat.postMessage", post(PRIVATE)).await, "channel_not_found");
    assert_eq!(error(&slack, "chat.postMessage", post("C0NOWHERE01")).await, "channel_not_found");
    assert_eq!(error(&slack, "chat.postMessage", json!({ "channel": DEPLOYS })).await, "no_text");
    slack.change(|state| state.rules.scopes.remove("chat:write.public"));
    assert_eq!(error(&slack, "chat.postMessage", post(DEPLOYS)).await, "not_in_channel");
    assert_eq!(error(&slack, "conversations.history", json!({ "channel": DEPLOYS })).await, "not_in_channel");
    ok(&slack, "conversations.join", json!({ "channel": DEPLOYS })).await;
    ok(&slack, "chat.postMessage", post(DEPLOYS)).await;
    slack.change(|state| state.channels.get_mut(DEPLOYS).unwrap().is_archived = true);
    assert_eq!(error(&slack, "chat.postMessage", post(DEPLOYS)).await, "is_archived");
    slack.set_rules(|rules| rules.messages_tab_enabled = false);
    assert_eq!(error(&slack, "chat.postMessage", post("U0REQUESTER")).await, "messages_tab_disabled");
    assert_eq!(error(&slack, "conversations.open", json!({ "users": "U0LEFT00001" })).await, "user_disabled");
    slack.change(|state| state.rules.scopes.remove("chat:write"));
    let answer = call(&slack, "chat.postMessage", post(DEPLOYS)).await.unwrap();
    assert_eq!((&answer["error"], &answer["needed"]), (&json!("missing_scope"), &json!("chat:write")));
    assert_eq!(error(&slack, "chat.unheardOf", json!({})).await, "unknown_method");
    let long = json!({ "channel": "C0GENERAL01", "blocks": card() });
    slack.change(|state| state.rules.scopes.extend(["chat:write".into(), "chat:write.public".into()]));
    ok(&slack, "chat.postMessage", long).await;
    let bad = json!({ "channel": "C0GENERAL01", "blocks": [{ "type": "header", "text": plain("") }] });
    let answer = call(&slack, "chat.postMessage", bad).await.unwrap();
    assert_eq!(answer["errors"][0], "must be more than 0 characters [json-pointer:/blocks/0/text/text]");
}

#[tokio::test]
async fn messages_keep_metadata_and_threads() {
    let slack = start().await;
    ok(&slack, "conversations.join", json!({ "channel": DEPLOYS })).await;
    let metadata = json!({ "event_type": "e", "event_payload": { "request_id": "r1" } });
    let parent = ok(
        &slack,
        "chat.postMessage",
        json!({ "channel": DEPLOYS, "text": "a & <b> <@U0REQUESTER>", "blocks": card(), "metadata": metadata }),
    )
    .await;
    let ts = parent["ts"].as_str().unwrap();
    assert_eq!(parent["message"]["text"], "a &amp; &lt;b&gt; <@U0REQUESTER>");
    assert_eq!(parent["message"]["blocks"][2]["elements"][0]["text"]["emoji"], true);
    let reply = json!({ "channel": DEPLOYS, "text": "reply", "thread_ts": ts });
    assert_eq!(ok(&slack, "chat.postMessage", reply).await["message"]["parent_user_id"], "U0PROVBOT1");
    ok(&slack, "chat.update", json!({ "channel": DEPLOYS, "ts": ts, "text": "changed" })).await;
    let asked = json!({ "channel": DEPLOYS, "ts": ts, "include_all_metadata": true });
    let thread = ok(&slack, "conversations.replies", asked).await;
    assert_eq!(thread["messages"][0]["metadata"], metadata);
    assert_eq!((&thread["messages"][0]["reply_count"], &thread["messages"][1]["text"]), (&json!(1), &json!("reply")));
    let page = ok(&slack, "conversations.replies", json!({ "channel": DEPLOYS, "ts": ts, "limit": 1 })).await;
    assert_eq!((&page["has_more"], &page["messages"][0]["metadata"]), (&json!(true), &json!({ "event_type": "e" })));
    let cursor = &page["response_metadata"]["next_cursor"];
    let rest = ok(&slack, "conversations.replies", json!({ "channel": DEPLOYS, "ts": ts, "cursor": cursor })).await;
    assert_eq!(rest["messages"][0]["text"], "reply");
    let long = json!({ "channel": DEPLOYS, "ts": ts, "text": "x".repeat(4001) });
    assert_eq!(error(&slack, "chat.update", long).await, "msg_too_long");
    let theirs = slack.person("U0REQUESTER").say(DEPLOYS, "mine", None);
    let edit = json!({ "channel": DEPLOYS, "ts": theirs.ts, "text": "x" });
    assert_eq!(error(&slack, "chat.update", edit).await, "cant_update_message");
    let expected = "provision-bot: changed\n    provision-bot: reply\nAlice Requester: mine";
    assert_eq!(slack.transcript(DEPLOYS, "U0AUTHORIZER"), expected);
}

#[tokio::test]
async fn faults_come_as_ordered() {
    let slack = start().await;
    let post = || json!({ "channel": DEPLOYS, "text": "once" });
    slack.fail_next("chat.postMessage", Fault::Error("fatal_error".into()));
    assert_eq!(error(&slack, "chat.postMessage", post()).await, "fatal_error");
    slack.fail_next("chat.postMessage", Fault::RateLimited { retry_after: 7 });
    assert_eq!(error(&slack, "chat.postMessage", post()).await, "ratelimited");
    // The time that was promised has passed.
    slack.change(|acme| acme.promised.clear());
    slack.fail_times("chat.postMessage", Fault::ServerError(503), 2);
    assert_eq!(call(&slack, "chat.postMessage", post()).await, None);
    assert_eq!(call(&slack, "chat.postMessage", post()).await, None);
    slack.fail_next("chat.postMessage", Fault::Hang);
    assert_eq!(call(&slack, "chat.postMessage", post()).await, None);
    assert!(slack.all_messages().is_empty());
    slack.fail_next("chat.postMessage", Fault::DropAfterApply);
    assert_eq!(call(&slack, "chat.postMessage", post()).await, None);
    assert_eq!(slack.all_messages().len(), 1);
    let statuses: Vec<u16> = slack.calls_of("chat.postMessage").iter().map(|call| call.status).collect();
    assert_eq!(statuses, [200, 429, 503, 503, 0, 0]);
    slack.set_rules(|rules| rules.rate_limits = true);
    let mut limited = false;
    for _ in 0..6 {
        limited |= call(&slack, "chat.postMessage", post()).await.unwrap()["error"] == "ratelimited";
    }
    assert!(limited);
}

#[tokio::test]
async fn ephemerals_are_private_and_people_can_join_and_leave() {
    let slack = start().await;
    let private = json!({ "channel": DEPLOYS, "user": "U0REQUESTER", "text": "psst" });
    ok(&slack, "chat.postEphemeral", private).await;
    assert_eq!(slack.person("U0REQUESTER").messages(DEPLOYS).len(), 1);
    assert_eq!(slack.person("U0AUTHORIZER").messages(DEPLOYS).len(), 0);
    slack.change(|state| state.add_person(Profile::member("U0NEW000001", "nora", "Nora New")));
    assert_eq!(ok(&slack, "users.info", json!({ "user": "U0NEW000001" })).await["user"]["deleted"], false);
    let outside = json!({ "channel": DEPLOYS, "user": "U0NEW000001", "text": "psst" });
    assert_eq!(error(&slack, "chat.postEphemeral", outside).await, "user_not_in_channel");
    slack.change(|state| state.people.get_mut("U0NEW000001").unwrap().deleted = true);
    assert_eq!(ok(&slack, "users.info", json!({ "user": "U0NEW000001" })).await["user"]["deleted"], true);
    let waiting = slack.person("U0REQUESTER").with_patience(Duration::from_millis(50));
    let error = waiting.wait_for(DEPLOYS, |message| message.says("never")).await.unwrap_err().to_string();
    assert!(error.contains("provision-bot (only to Alice Requester): psst"), "{error}");
}

/// Asks the page's server; the answer as text.
async fn page(slack: &Simulator, method: &str, path: &str, body: Value) -> String {
    let request = axum::http::Request::builder()
        .method(method)
        .uri(format!("{}{}", slack.page_url().trim_end_matches('/'), path))
        .header(header::CONTENT_TYPE, "application/json")
        .body(axum::body::Body::from(body.to_string()))
        .unwrap();
    let answer = Client::builder(TokioExecutor::new()).build_http().request(request).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let bytes = axum::body::to_bytes(axum::body::Body::new(answer.into_body()), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_page_acts_and_shows_like_a_person() {
    let (slack, _bot) = TinyBot::start().await;
    for path in ["/", "/sim/app.js", "/sim/blocks.js", "/sim/base.css", "/sim/vendor/preact.js"] {
        assert!(page(&slack, "GET", path, Value::Null).await.len() > 500, "{path}");
    }
    let act = async |action: Value| -> Value {
        let mut action = action;
        action["as"] = "U0REQUESTER".into();
        serde_json::from_str(&page(&slack, "POST", "/sim/act", action).await).unwrap()
    };
    let state = async || -> Value {
        let all = page(&slack, "GET", "/sim/state?as=U0REQUESTER", Value::Null).await;
        serde_json::from_str::<Value>(&all).unwrap()["viewers"]["U0REQUESTER"].clone()
    };
    let ran = act(json!({ "do": "command", "channel": DEPLOYS, "command": "/provision", "text": "" })).await;
    assert_eq!(ran["error"], Value::Null);
    let view = state().await["modals"][0]["id"].clone();
    act(json!({ "do": "fill", "view": view, "action_id": "name", "value": "checkout" })).await;
    act(json!({ "do": "choose", "view": view, "action_id": "team", "value": "s" })).await;
    let early = act(json!({ "do": "submit", "view": view })).await;
    assert_eq!(early["error"], "`who` is required and empty");
    let options = act(json!({ "do": "view_options", "view": view, "action_id": "who", "typed": "" })).await;
    assert_eq!(options["options"].as_array().unwrap().len(), 2);
    act(json!({ "do": "choose", "view": view, "action_id": "who", "value": "U0AUTHORIZER" })).await;
    assert_eq!(act(json!({ "do": "submit", "view": view })).await["error"], Value::Null);
    assert_eq!(state().await["modals"], json!([]));
    act(json!({ "do": "say", "channel": DEPLOYS, "text": "<script>" })).await;
    assert_eq!(state().await["messages"][DEPLOYS][0]["text"], "&lt;script&gt;");
    let traffic = page(&slack, "GET", "/sim/traffic", Value::Null).await;
    assert!(traffic.contains("view_submission") && traffic.contains("views.open"));
}
