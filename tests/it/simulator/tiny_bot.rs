//! A tiny bot, which plays against the simulated Slack.

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
use slack_simulator::{Simulator, SimulatorOptions};

pub const DEPLOYS: &str = "C0DEPLOYS01";
pub const PRIVATE: &str = "C0PRIVATE01";

/// A Web API call; none when the connection broke or timed out.
pub async fn call(slack: &Simulator, method: &str, args: Value) -> Option<Value> {
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

pub async fn ok(slack: &Simulator, method: &str, args: Value) -> Value {
    let answer = call(slack, method, args.clone()).await.unwrap();
    assert_eq!(answer["ok"], true, "{method} {args}: {answer}");
    answer
}

pub async fn error(slack: &Simulator, method: &str, args: Value) -> String {
    let answer = call(slack, method, args.clone()).await.unwrap();
    assert_eq!(answer["ok"], false, "{method} {args}: {answer}");
    answer["error"].as_str().unwrap().to_string()
}

pub async fn start() -> Simulator {
    Simulator::start(SimulatorOptions { another_app: true, ..Default::default() }).await.unwrap()
}

pub fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

pub fn option(value: &str, text: &str) -> Value {
    json!({ "text": plain(text), "value": value })
}

pub fn form() -> Value {
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

pub fn card() -> Value {
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

/// What the tiny bot answers to the next submission, which form a command opens, and which it
/// becomes once somebody used an element of it that tells.
#[derive(Clone)]
pub struct TinyBot {
    slack: Simulator,
    pub next_answer: Arc<Mutex<String>>,
    pub opens: Arc<Mutex<Value>>,
    pub becomes: Arc<Mutex<Option<Value>>>,
}

impl TinyBot {
    pub async fn start() -> (Simulator, TinyBot) {
        let slack = start().await;
        let opens = Arc::new(Mutex::new(form()));
        let bot = TinyBot { slack: slack.clone(), next_answer: Arc::default(), opens, becomes: Arc::default() };
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
                let view = bot.opens.lock().unwrap().clone();
                drop(ok(&bot.slack, "views.open", json!({ "trigger_id": fields["trigger_id"], "view": view })).await)
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
        if payload["view"].is_object() {
            let view = bot.becomes.lock().unwrap().take();
            if let Some(view) = view {
                let (id, hash) = (&payload["view"]["id"], &payload["view"]["hash"]);
                ok(&bot.slack, "views.update", json!({ "view_id": id, "hash": hash, "view": view })).await;
            }
            return ().into_response();
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
