//! A Slack that only answers, and takes the time: no state, no limits, so that
//! what is measured is the bot.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub const TOKEN: &str = "xoxb-benchmark";
pub const SECRET: &str = "benchmark-signing-secret";
pub const REQUESTER: &str = "U0REQUESTER";
pub const AUTHORIZER: &str = "U0AUTHORIZER";
pub const CHANNEL: &str = "C0DEPLOYS01";

/// What the bot said about one request, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The authorizer's card, with its buttons.
    Card,
    /// A message that shows how far the provisioner is.
    Progress,
    /// The message that ends it.
    Outcome,
}

/// What was said, about which request, and when.
pub type Heard = (Said, String, Instant);

#[derive(Clone, Default)]
pub struct Slack {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Who waits for what is said, by application.
    waiting: Mutex<HashMap<String, UnboundedSender<Heard>>>,
    /// `private_metadata` of each opened form, by trigger.
    forms: Mutex<HashMap<String, String>>,
    calls: Mutex<HashMap<String, u64>>,
    /// How many fields of blueprints all opened forms had.
    fields: AtomicU64,
    next: AtomicU64,
}

impl Slack {
    /// Serves on a free port; returns the base of the Web API.
    pub async fn start(&self) -> anyhow::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}/api", listener.local_addr()?);
        let routes = Router::new().route("/api/{method}", any(answer)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(base)
    }

    /// What will be said about an application's request: the kind, the request's
    /// ID, the moment.
    pub fn listen(&self, application: &str) -> UnboundedReceiver<Heard> {
        let (tell, heard) = unbounded_channel();
        self.inner.waiting.lock().unwrap().insert(application.to_owned(), tell);
        heard
    }

    pub fn forget(&self, application: &str) {
        self.inner.waiting.lock().unwrap().remove(application);
    }

    /// The metadata of the form that was opened for a trigger.
    pub fn form(&self, trigger: &str) -> Option<String> {
        self.inner.forms.lock().unwrap().remove(trigger)
    }

    /// How many fields of blueprints all forms had that were opened so far.
    pub fn fields(&self) -> u64 {
        self.inner.fields.load(Ordering::Relaxed)
    }

    /// How often each method was called so far.
    pub fn calls(&self) -> HashMap<String, u64> {
        self.inner.calls.lock().unwrap().clone()
    }

    fn number(&self) -> u64 {
        self.inner.next.fetch_add(1, Ordering::Relaxed)
    }

    fn hear(&self, body: &str, posted: bool) {
        let at = Instant::now();
        let Some(id) = between(body, "\"request_id\":\"", "\"") else { return };
        let Some((application, _)) = id.rsplit_once('-') else { return };
        let said = if posted && body.contains("\"action_id\":\"approve\"") {
            Said::Card
        } else if body.contains("\"part\":\"outcome\"") {
            Said::Outcome
        } else if body.contains("\"part\":\"progress-1\"") {
            Said::Progress
        } else {
            return;
        };
        if let Some(tell) = self.inner.waiting.lock().unwrap().get(application) {
            let _ = tell.send((said, id.to_owned(), at));
        }
    }
}

/// The text between two others, if both are there.
pub fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    Some(&rest[..rest.find(end)?])
}

async fn answer(
    State(slack): State<Slack>,
    Path(method): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let body = std::str::from_utf8(&body).unwrap_or_default();
    let answer = match method.as_str() {
        "auth.test" => r#"{"ok":true,"team_id":"T0ACME0001","user_id":"U0PROVBOT1"}"#.to_owned(),
        "users.info" => {
            let user = query.get("user").map(String::as_str).unwrap_or_default();
            format!(
                r#"{{"ok":true,"user":{{"id":"{user}","team_id":"T0ACME0001","name":"x","deleted":false,"is_bot":false,"profile":{{"display_name":"{user}"}}}}}}"#
            )
        }
        "views.open" => {
            let fields = body.matches("\"block_id\":\"field-").count();
            slack.inner.fields.fetch_add(fields as u64, Ordering::Relaxed);
            let trigger = between(body, "\"trigger_id\":\"", "\"").unwrap_or_default().to_owned();
            if let Some(metadata) = between(body, "\"private_metadata\":\"", "}\"") {
                let metadata = format!("{metadata}}}").replace("\\\"", "\"");
                slack.inner.forms.lock().unwrap().insert(trigger, metadata);
            }
            format!(r#"{{"ok":true,"view":{{"id":"V{}","hash":"1.x"}}}}"#, slack.number())
        }
        "conversations.open" => r#"{"ok":true,"channel":{"id":"D0AUTHDM001"}}"#.to_owned(),
        "chat.postMessage" | "chat.update" => {
            slack.hear(body, method == "chat.postMessage");
            format!(r#"{{"ok":true,"channel":"{CHANNEL}","ts":"1795492860.{:06}"}}"#, slack.number())
        }
        _ => r#"{"ok":true,"messages":[]}"#.to_owned(),
    };
    *slack.inner.calls.lock().unwrap().entry(method).or_default() += 1;
    ([(header::CONTENT_TYPE, "application/json")], answer).into_response()
}
