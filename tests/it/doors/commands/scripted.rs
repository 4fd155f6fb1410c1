//! A bot that answers as it is told, and the commands that ask it.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use harness::ports::Port;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::runtime::Runtime;

use crate::world::BOT;

pub const TOKEN: &str = "s3cret-token-of-ci";
pub const ID: &str = "checkout-7f3a9c0011";
/// Enough to ask for something.
pub const REQUEST: [&str; 9] =
    ["request", "--team", "payments", "--app", "checkout", "--why", "Landing page", "--authorizer", "U0BOB000"];

/// What was asked, once.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `POST /requests`: the method, and the path under `/api/v1` with its query.
    pub call: String,
    pub key: Option<String>,
    pub body: Value,
}

/// What is answered, once.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub after: Duration,
}

impl Answer {
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

pub fn answer(status: u16, body: &Value) -> Answer {
    Answer { status, headers: Vec::new(), body: body.to_string(), after: Duration::ZERO }
}

pub fn accepted() -> Answer {
    answer(202, &json!({ "requestId": ID, "status": "pre_flight", "links": {} }))
}

/// A request's state, with what differs from one that has just begun.
pub fn state(status: &str, round: u32, more: Value) -> Value {
    let mut state = json!({
        "requestId": ID, "status": status, "round": round, "waitingFor": null, "deadline": null,
        "offer": { "region": null, "profile": null, "lifetimeSeconds": null, "parameters": {}, "plan": null, "digest": "d" },
        "steps": [{ "from": ["U0BOB000"], "need": 1, "asked": ["U0BOB000"], "signatures": [] }],
        "question": null, "counter": null, "authorization": null, "resources": null, "failure": null,
        "progress": null, "applicationName": "checkout", "teamId": "payments", "blueprint": "bucket",
        "requesterId": "client:ci-acme", "links": { "self": format!("/api/v1/requests/{ID}"), "slack": null },
    });
    let Value::Object(more) = more else { panic!("an object") };
    state.as_object_mut().unwrap().extend(more);
    state
}

/// One that waits for its authorizer.
pub fn waiting(round: u32) -> Value {
    state("awaiting_authorization", round, json!({ "waitingFor": "authorizer", "deadline": "2099-11-27T10:02:00Z" }))
}

/// One that is being built by an approval, so far.
pub fn building(step: u32, label: &str) -> Value {
    let authorization = json!({ "decision": "approve", "region": "us-east-1", "profile": "sandbox",
        "decidedBy": "U0BOB000", "reason": null, "at": "2026-11-27T10:01:00Z" });
    let progress = json!({ "step": step, "of": 8, "label": label });
    state("provisioning", 1, json!({ "authorization": authorization, "progress": progress }))
}

/// A bot that answers as it is told, to whoever has the token; each answer once.
pub struct Bot {
    port: Port,
    script: Arc<Mutex<Script>>,
    /// Of its own, so that its connections go with it.
    running: Option<Runtime>,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    asked: Vec<Asked>,
}

impl Bot {
    pub fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Script { answers: answers.into_iter().collect(), asked: Vec::new() };
        let (port, listener) = Port::listening().unwrap();
        let mut bot = Self { port, script: Arc::new(Mutex::new(script)), running: None };
        bot.serve_on(listener);
        bot
    }

    /// Starts it again, after [`stop`](Self::stop).
    pub fn serve(&mut self) {
        self.serve_on(TcpListener::bind(self.port.address()).unwrap());
    }

    fn serve_on(&mut self, listener: TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let routes = Router::new().fallback(serve).with_state(self.script.clone());
        runtime.spawn(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, routes).await.unwrap();
        });
        self.running = Some(runtime);
    }

    /// Ends it with all its connections, as a crash does.
    pub fn stop(&mut self) {
        self.running.take().unwrap().shutdown_background();
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }

    pub fn calls(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.call).collect()
    }

    /// Runs a command to its end. Every answer must have been asked for, and no other.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let ended = run(arguments, &[("PROVISION_BOT_URL", &self.url()), ("PROVISION_BOT_TOKEN", TOKEN)]).await;
        let left = self.script.lock().unwrap().answers.len();
        assert_eq!(left, 0, "answers nobody asked for, after {:?}: {ended:?}", self.calls());
        ended
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if let Some(runtime) = self.running.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let text = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let path = head.uri.path_and_query().unwrap().as_str();
    let path = path.strip_prefix("/api/v1").unwrap_or_else(|| panic!("{path} is not of the API"));
    assert_eq!(text("accept").as_deref(), Some("application/json"));
    let body: Bytes = to_bytes(body, 1 << 20).await.unwrap();
    let body = match body.is_empty() {
        true => Value::Null,
        false => {
            assert_eq!(text("content-type").as_deref(), Some("application/json"));
            serde_json::from_slice(&body).unwrap()
        }
    };
    let asked = Asked { call: format!("{} {path}", head.method), key: text("idempotency-key"), body };
    let answer = {
        let mut script = script.lock().unwrap();
        script.asked.push(asked.clone());
        script.answers.pop_front()
    };
    let is_known = text("authorization").as_deref() == Some(&format!("Bearer {TOKEN}"));
    let Some(answer) = answer.filter(|_| is_known) else {
        // A refusal, which ends any command: more was asked than is told.
        return (StatusCode::IM_A_TEAPOT, format!("{asked:?}")).into_response();
    };
    tokio::time::sleep(answer.after).await;
    let mut response = (StatusCode::from_u16(answer.status).unwrap(), answer.body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    for (name, value) in answer.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

impl Ended {
    pub fn lines(&self) -> Vec<&str> {
        self.out.lines().collect()
    }
}

pub fn command(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(BOT);
    // Everything is logged that can be: nothing of it may have the token in it.
    command.args(arguments).env_clear().env("RUST_LOG", "trace").envs(variables.iter().copied());
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

pub fn code(status: ExitStatus) -> i32 {
    status.code().expect("it ended by itself")
}

pub async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let began = Instant::now();
    let output = command(arguments, variables).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    for (name, value) in variables {
        let token = value.trim().trim_matches('\'');
        let is_printed = *name == "PROVISION_BOT_TOKEN" && format!("{out}{err}").contains(token);
        assert!(!is_printed || token.is_empty(), "the token is printed: {out}{err}");
    }
    assert!(!err.contains("panicked"), "{err}");
    Ended { code: code(output.status), out, err, took: began.elapsed() }
}
