//! A program that calls the HTTP API, and the clients that the tests' configuration has.

use std::error::Error;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use slack_simulator::PATIENCE;
use tokio::time::timeout;

use super::same;
use crate::world::{ADA, Scene, knows};

/// Where the clients' requests are told.
pub const CHANNEL: &str = "C0PROGRAMS";
/// The person behind the client `owned`.
pub const OWNER: &str = "U0OLGA00001";

/// Asks and reads for every team; its channel is [`CHANNEL`].
pub const CI: &str = "ci";
/// Asks for every team; told to its owner.
pub const OWNED: &str = "owned";
/// Reads the team `search`, and no other.
pub const SEARCH: &str = "search";
/// Signs for the team `scanned`, where it is named.
pub const SCANNER: &str = "scanner";
/// May do everything, for one team.
pub const ALL: &str = "all";

/// A client's token.
pub fn token(client: &str) -> String {
    format!("token-of-{client}")
}

/// `[[clients]]`, and the team that names one.
pub fn configuration(teams: impl Iterator<Item = String>) -> String {
    let mut teams: Vec<_> = teams.collect();
    teams.push("scanned".to_owned());
    let clients = [
        (CI, "[\"ask\", \"read\"]", json!(teams).to_string(), format!("channel = \"{CHANNEL}\"")),
        (OWNED, "[\"ask\"]", json!(teams).to_string(), format!("owner = \"{OWNER}\"")),
        (SEARCH, "[\"read\"]", json!(["search"]).to_string(), String::new()),
        (
            ALL,
            "[\"ask\", \"read\", \"decide\", \"lease\"]",
            json!([teams[0]]).to_string(),
            format!("channel = \"{CHANNEL}\""),
        ),
        (SCANNER, "[\"decide\", \"read\"]", json!(["scanned", teams[0]]).to_string(), String::new()),
    ];
    let everything = "[\"ask\", \"read\", \"decide\", \"lease\"]";
    let of_the_table =
        same::configuration().into_iter().map(|(id, told)| (id, everything, json!(["scanned"]).to_string(), told));
    let mut text = format!(
        "\n[[teams]]\nid = \"scanned\"\nname = \"Scanned\"\nmembers = [\"{ADA}\"]\n\
         authorizers = [\"client:{SCANNER}\", \"{ADA}\"]\n"
    );
    for (id, may, teams, told) in clients.into_iter().chain(of_the_table) {
        let digest = hex::encode(Sha256::digest(token(id)));
        text += &format!(
            "\n[[clients]]\nid = \"{id}\"\ntoken_sha256 = \"{digest}\"\nmay = {may}\nteams = {teams}\n{told}\n"
        );
    }
    text
}

/// A program with a token.
#[derive(Clone)]
pub struct Program {
    http: Client<HttpConnector, Full<Bytes>>,
    base: String,
    token: Option<String>,
}

/// What it was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Program {
    pub fn new(bot_url: &str, token: Option<&str>) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        Self { http, base: format!("{bot_url}/api/v1"), token: token.map(str::to_owned) }
    }

    /// The program of one of the clients above.
    pub fn of(scene: &Scene, client: &str) -> Self {
        Self::new(&scene.bot_url, Some(&token(client)))
    }

    /// The same with another token, or none.
    pub fn with(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_to_send(method, path, headers, body).await.unwrap()
    }

    /// The same where nobody may be there to answer.
    async fn try_to_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
        let answer = timeout(PATIENCE, self.http.request(request)).await.expect("an answer in time")?;
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], b"").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[("content-type", "application/json")], body.to_string().as_bytes()).await
    }

    /// Asks with this key, of somebody who may die meanwhile.
    pub async fn ask_in_vain(&self, key: &str, body: &Value) {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let _ = self.try_to_send(Method::POST, "/requests", &headers, body.to_string().as_bytes()).await;
    }

    /// Acts, before somebody who may die meanwhile.
    pub async fn act_in_vain(&self, id: &str, act: &Value) {
        let headers = [("content-type", "application/json")];
        let path = format!("/requests/{id}/acts");
        let _ = self.try_to_send(Method::POST, &path, &headers, act.to_string().as_bytes()).await;
    }

    /// Asks with this key.
    pub async fn ask(&self, key: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.send(Method::POST, "/requests", &headers, body.to_string().as_bytes()).await
    }

    pub async fn act(&self, id: &str, act: &Value) -> Answer {
        self.post(&format!("/requests/{id}/acts"), act).await
    }

    /// Waits by long polls until a request stands so.
    pub async fn wait_for(&self, id: &str, status: &str) -> Value {
        let waited = async {
            let mut known = self.get(&format!("/requests/{id}")).await.body;
            while known["status"] != status {
                let (stands, round) = (known["status"].as_str().expect("a status"), &known["round"]);
                let step = known["progress"]["step"].as_u64().unwrap_or(0);
                let path = format!("/requests/{id}?wait=5s&status={stands}&round={round}&step={step}");
                known = self.get(&path).await.body;
            }
            known
        };
        let patience = PATIENCE.max(Duration::from_secs(30));
        timeout(patience, waited).await.unwrap_or_else(|_| panic!("waited in vain for {status}"))
    }
}

/// What a program asks for in a scene.
pub fn body(scene: &Scene, application: &str) -> Value {
    json!({
        "applicationName": application, "teamId": scene.team, "authorizerId": scene.bob.id(),
        "blueprint": "bucket", "justification": "Nightly preview",
    })
}

/// Asked for, and taken: the ID.
pub fn taken(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    let id = answer.body["requestId"].as_str().expect("an ID").to_owned();
    knows(&id);
    id
}
