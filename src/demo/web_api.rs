//! The `/api/{method}` end of Slack over the simulated state. It takes query,
//! form and JSON arguments alike, and refuses what Slack refuses.

mod args;
mod chat;
mod content;
mod conversations;
mod users;
mod views;

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Map, Value, json};

use super::record::{Call, Fault};
use super::simulator::Simulator;
use super::workspace::*;
use args::Args;

/// How long a hanging call hangs.
const HANG: Duration = Duration::from_secs(60);
/// Posts in one channel: one a second, this many at once.
const POST_BURST: usize = 4;
/// Edits: about fifty a minute.
const UPDATES_PER_MINUTE: usize = 50;

/// What a method answers: fields to put beside `"ok": true`, or an error.
type Answer = Result<Value, Refusal>;

/// An error of Slack, with what it says besides the code.
#[derive(Debug)]
struct Refusal {
    error: String,
    more: Map<String, Value>,
}

impl Refusal {
    fn new(error: &str) -> Self {
        Refusal { error: error.into(), more: Map::new() }
    }

    fn with(error: &str, more: Value) -> Self {
        Refusal { error: error.into(), more: more.as_object().cloned().unwrap_or_default() }
    }

    /// `invalid_arguments` with one message.
    fn argument(message: &str) -> Self {
        Refusal::with(
            "invalid_arguments",
            json!({ "response_metadata": { "messages": [format!("[ERROR] {message}")] } }),
        )
    }

    fn json(self) -> Value {
        let mut body = json!({ "ok": false, "error": self.error });
        self.more.into_iter().for_each(|(name, value)| body[name.as_str()] = value);
        body
    }
}

fn refuse<T>(error: &str) -> Result<T, Refusal> {
    Err(Refusal::new(error))
}

pub(super) fn routes() -> Router<Simulator> {
    Router::new().route("/api/{method}", any(handle))
}

async fn handle(
    State(slack): State<Simulator>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let started = Instant::now();
    let args = Args::parse(query.as_deref().unwrap_or_default(), &headers, &body);
    let fault = slack.change(|state| {
        let ordered = state.faults.get_mut(&method).and_then(|queue| queue.pop_front());
        ordered.or_else(|| state.every_call.clone())
    });
    let limited = || (429, json!({ "ok": false, "error": "ratelimited" }));
    let mut retry_after = None;
    let (status, answer) = match &fault {
        Some(Fault::RateLimited { retry_after: seconds }) => {
            retry_after = Some(*seconds);
            limited()
        }
        Some(Fault::ServerError(status)) => (*status, Value::Null),
        Some(Fault::Hang) => (0, Value::Null),
        Some(Fault::Error(code)) => (200, json!({ "ok": false, "error": code })),
        Some(Fault::DropAfterApply) => (0, slack.change(|state| apply(state, slack.bot_token(), &method, &args))),
        None if slack.change(|state| over_the_limit(state, &method, &args)) => {
            retry_after = Some(1);
            limited()
        }
        None => (200, slack.change(|state| apply(state, slack.bot_token(), &method, &args))),
    };
    let scopes = slack.change(|state| {
        state.calls.push(Call {
            method,
            args: args.recorded(),
            status,
            answer: answer.clone(),
            at: crate::demo::record::now(),
            latency: started.elapsed(),
        });
        provided(state)
    });
    match fault {
        Some(Fault::Hang) => tokio::time::sleep(HANG).await,
        Some(Fault::DropAfterApply) => return broken(),
        _ => {}
    }
    let Ok(code) = StatusCode::from_u16(status) else { return broken() };
    if answer.is_null() {
        return (code, "upstream error").into_response();
    }
    let mut response = (code, axum::Json(answer)).into_response();
    if let Ok(scopes) = scopes.parse() {
        response.headers_mut().insert("x-oauth-scopes", scopes);
    }
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// A response that breaks the connection before anything of it arrives.
fn broken() -> Response {
    let fails =
        futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("connection dropped on purpose")) });
    ([(header::CONTENT_LENGTH, "4096")], Body::from_stream(fails)).into_response()
}

/// The whole answer to one call, `ok` included.
fn apply(state: &mut Workspace, bot_token: &str, method: &str, args: &Args) -> Value {
    match call(state, bot_token, method, args) {
        Ok(mut answer) => {
            answer["ok"] = true.into();
            answer
        }
        Err(refusal) => refusal.json(),
    }
}

fn call(state: &mut Workspace, bot_token: &str, method: &str, args: &Args) -> Answer {
    match args.token() {
        None => return refuse("not_authed"),
        Some(token) if token != bot_token => return refuse("invalid_auth"),
        Some(_) => {}
    }
    match method {
        "auth.test" => Ok(json!({
            "url": format!("https://{TEAM_DOMAIN}.slack.com/"),
            "team": TEAM_NAME,
            "user": "provisionbot",
            "team_id": TEAM_ID,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "is_enterprise_install": false,
        })),
        "api.test" => Ok(json!({})),
        "chat.postMessage" => chat::post_message(state, args),
        "chat.postEphemeral" => chat::post_ephemeral(state, args),
        "chat.update" => chat::update(state, args),
        "chat.delete" => chat::delete(state, args),
        "chat.getPermalink" => chat::permalink(state, args),
        "conversations.open" => conversations::open(state, args),
        "conversations.info" => conversations::info(state, args),
        "conversations.join" => conversations::join(state, args),
        "conversations.history" => conversations::history(state, args),
        "conversations.replies" => conversations::replies(state, args),
        "users.info" => users::info(state, args),
        "users.list" => users::list(state, args),
        "usergroups.users.list" => users::group_members(state, args),
        "usergroups.list" => users::groups(state, args),
        "views.open" => views::open(state, args),
        "views.push" => views::push(state, args),
        "views.update" => views::update(state, args),
        "views.publish" => views::publish(state, args),
        // Socket Mode needs an app-level token; the simulator speaks HTTP only.
        "apps.connections.open" => refuse("not_allowed_token_type"),
        _ => refuse("unknown_method"),
    }
}

/// The granted scopes, as Slack lists them.
fn provided(state: &Workspace) -> String {
    state.rules.scopes.iter().cloned().collect::<Vec<_>>().join(",")
}

fn need_scope(state: &Workspace, scope: &str) -> Result<(), Refusal> {
    if state.rules.scopes.contains(scope) {
        return Ok(());
    }
    Err(Refusal::with("missing_scope", json!({ "needed": scope, "provided": provided(state) })))
}

/// Is this call one too many? Only asked while rate limits are on.
fn over_the_limit(state: &mut Workspace, method: &str, args: &Args) -> bool {
    let (key, many, window) = match method {
        "chat.postMessage" => {
            let channel = args.text("channel").unwrap_or_default();
            (channel, POST_BURST, Duration::from_secs(POST_BURST as u64))
        }
        "chat.update" => (method.to_string(), UPDATES_PER_MINUTE, Duration::from_secs(60)),
        _ => return false,
    };
    if !state.rules.rate_limits {
        return false;
    }
    let recent = state.posted.entry(key).or_default();
    recent.retain(|at| at.elapsed() < window);
    let over = recent.len() >= many;
    if !over {
        recent.push_back(Instant::now());
    }
    over
}

/// A message as the Web API shows it, for payloads.
pub(super) fn shown(state: &Workspace, message: &super::message::Message) -> Value {
    chat::shown(state, message)
}
