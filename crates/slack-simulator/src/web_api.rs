//! The `/api/{method}` end of Slack over the simulated state. It takes query,
//! form and JSON arguments alike, and refuses what Slack refuses.

mod answer;
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
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};

use crate::record::{Call, Fault};
use crate::scopes;
use crate::simulator::Simulator;
use crate::workspace::Workspace;
use answer::{Answer, Refusal, refuse};
use args::Args;

/// How long a hanging call hangs.
const HANG: Duration = Duration::from_secs(60 * 60);
/// A call this soon after a refusal may have been sent before the refusal was read.
const ON_ITS_WAY: Duration = Duration::from_millis(500);
/// Posts in one channel: one a second, this many at once.
const POST_BURST: usize = 4;

pub(crate) fn routes() -> Router<Simulator> {
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
    let mut healed = slack.healed();
    let fault = slack.change(|state| fault_of(state, &method, &args));
    let limited = || (429, json!({ "ok": false, "error": "ratelimited" }));
    let mut retry_after = None;
    let (status, answer) = match &fault {
        Some(Fault::RateLimited { retry_after: seconds }) => {
            retry_after = Some(seconds.to_string());
            limited()
        }
        Some(Fault::Limited(said)) => {
            retry_after = Some(said.clone());
            limited()
        }
        Some(Fault::ServerError(status) | Fault::Html(status)) => (*status, Value::Null),
        Some(Fault::Hang) => (0, Value::Null),
        Some(Fault::Answer(answer)) => (200, answer.clone()),
        Some(Fault::Error(code)) => (200, json!({ "ok": false, "error": code })),
        Some(Fault::DropAfterApply) => (0, slack.change(|state| apply(&slack, state, &method, &args))),
        Some(Fault::HangAfterApply) => (200, slack.change(|state| apply(&slack, state, &method, &args))),
        None | Some(Fault::None) if slack.change(|state| over_the_limit(state, &method, &args)) => {
            retry_after = Some("1".to_owned());
            limited()
        }
        None | Some(Fault::None) => (200, slack.change(|state| apply(&slack, state, &method, &args))),
    };
    let (scopes, date) = slack.change(|state| {
        state.calls.push(Call {
            method,
            args: args.recorded(),
            status,
            answer: answer.clone(),
            at: crate::record::now(),
            latency: started.elapsed(),
        });
        (provided(state), DateTimePrinter::new().timestamp_to_rfc9110_string(&state.clock()))
    });
    match fault {
        Some(Fault::Hang) => tokio::time::sleep(HANG).await,
        Some(Fault::HangAfterApply) => {
            let _ = tokio::time::timeout(HANG, healed.changed()).await;
        }
        Some(Fault::DropAfterApply) => return broken(),
        _ => {}
    }
    let Ok(code) = StatusCode::from_u16(status) else { return broken() };
    if let Some(Fault::Html(_)) = fault {
        return (code, axum::response::Html("<html><body>Slack is down for a moment</body></html>")).into_response();
    }
    if answer.is_null() {
        return (code, "upstream error").into_response();
    }
    let mut response = (code, axum::Json(answer)).into_response();
    if let Ok(scopes) = scopes.parse() {
        response.headers_mut().insert("x-oauth-scopes", scopes);
    }
    if let Ok(date) = date
        && let Ok(date) = date.parse()
    {
        response.headers_mut().insert(header::DATE, date);
    }
    if let Some(said) = retry_after.and_then(|said| said.parse().ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, said);
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
fn apply(slack: &Simulator, state: &mut Workspace, method: &str, args: &Args) -> Value {
    match call(slack, state, method, args) {
        Ok(mut answer) => {
            answer["ok"] = true.into();
            answer
        }
        Err(refusal) => refusal.json(),
    }
}

fn call(slack: &Simulator, state: &mut Workspace, method: &str, args: &Args) -> Answer {
    match (args.token(), method) {
        (None, _) => return refuse("not_authed"),
        (Some(token), "apps.connections.open") if token == slack.app_token() => {
            // What Slack answers while Socket Mode is off is not documented.
            return match state.rules.socket_mode {
                true => Ok(json!({ "url": slack.new_socket_url() })),
                false => refuse("access_denied"),
            };
        }
        (Some(token), "apps.connections.open") if token == slack.bot_token() => {
            return refuse("not_allowed_token_type");
        }
        (Some(token), _) if token == slack.app_token() => return refuse("not_allowed_token_type"),
        (Some(token), _) if token != slack.bot_token() => return refuse("invalid_auth"),
        (Some(_), _) => {}
    }
    may(slack, state, method, args)?;
    match method {
        "auth.test" => Ok(users::own(state)),
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
        "bots.info" => users::bot(args),
        "users.info" => users::info(state, args),
        "users.list" => users::list(state, args),
        "usergroups.users.list" => users::group_members(state, args),
        "usergroups.list" => users::groups(state, args),
        "views.open" => views::open(state, args),
        "views.push" => views::push(state, args),
        "views.update" => views::update(state, args),
        "views.publish" => views::publish(state, args),
        _ => refuse("unknown_method"),
    }
}

/// The granted scopes, as Slack lists them.
fn provided(state: &Workspace) -> String {
    state.rules.scopes.iter().cloned().collect::<Vec<_>>().join(",")
}

/// Refuses a call whose scope the app was not granted.
fn may(slack: &Simulator, state: &Workspace, method: &str, args: &Args) -> Result<(), Refusal> {
    let channel = args.text("channel");
    if scopes::is_outside(state, method, channel.as_deref()) {
        slack.note_scope(scopes::PUBLIC, method);
    }
    let Some(scope) = scopes::of(state, method, channel.as_deref()) else { return Ok(()) };
    slack.note_scope(&scope, method);
    if state.rules.scopes.contains(&scope) {
        return Ok(());
    }
    Err(Refusal::with("missing_scope", json!({ "needed": scope, "provided": provided(state) })))
}

/// What a test ordered to go wrong with this call. Whoever calls again before an
/// ordered `Retry-After` has passed is refused as Slack refuses it, and it is noted.
fn fault_of(state: &mut Workspace, method: &str, args: &Args) -> Option<Fault> {
    let channel = args.text("channel").unwrap_or_default();
    // Slack counts posts by channel, everything else by method.
    let counted = if method == "chat.postMessage" { channel.clone() } else { String::new() };
    let promise = (method.to_string(), counted);
    let now = Instant::now();
    if let Some((from, until)) = state.promised.get(&promise) {
        let left = until.saturating_duration_since(now);
        if !left.is_zero() {
            if now > *from {
                state.impatient.push(format!("{method} {channel}: {left:?} too early"));
            }
            return Some(Fault::RateLimited { retry_after: left.as_secs() + 1 });
        }
    }
    let ordered = state.faults.get_mut(method).and_then(|queue| queue.pop_front());
    let place = || {
        // A message, or else the channel.
        let places = [args.text("ts").unwrap_or_default(), channel];
        let faults = &mut state.faults_in;
        places.into_iter().find_map(|place| {
            let (fault, left) = faults.get_mut(&(method.to_string(), place)).filter(|(_, left)| *left > 0)?;
            *left -= 1;
            Some(fault.clone())
        })
    };
    let fault = ordered.or_else(place).or_else(|| state.every_call.clone());
    if let Some(Fault::RateLimited { retry_after }) = fault {
        let until = now.checked_add(Duration::from_secs(retry_after)).unwrap_or(now);
        state.promised.insert(promise, (now + ON_ITS_WAY, until));
    }
    fault
}

/// Is this call one too many? Only asked while rate limits are on.
fn over_the_limit(state: &mut Workspace, method: &str, args: &Args) -> bool {
    let (key, many, window) = match method {
        "chat.postMessage" => {
            let channel = args.text("channel").unwrap_or_default();
            (channel, POST_BURST, Duration::from_secs(POST_BURST as u64))
        }
        "chat.update" => (method.to_string(), state.rules.edits_per_minute, Duration::from_secs(60)),
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
