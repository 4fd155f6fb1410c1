//! A gate before the server: it counts the calls, answers some of them itself, and judges them
//! by a policy as Amazon's IAM would.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

use super::World;

/// No request and no answer is larger.
const LARGEST: usize = 1 << 20;

/// What becomes of a call.
pub enum Answer {
    /// The server's.
    Pass,
    /// An error, before the server hears of the call.
    Refuse(&'static str, &'static str, u16),
    /// The server does it, and its answer is lost.
    Lose,
    /// The server's answer, changed.
    Change(fn(&str) -> String),
}

/// A call: the action, its fields, and how many of this action came before it.
pub struct Call {
    pub action: String,
    pub fields: Vec<(String, String)>,
    pub before: usize,
}

type Speech = Box<dyn Fn(&Call) -> Answer + Send + Sync>;

pub struct Gate {
    server: String,
    speech: Mutex<Speech>,
    /// The actions of all calls.
    pub calls: Mutex<Vec<String>>,
}

pub fn client() -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new()).build_http()
}

impl Gate {
    /// Stands before the server of `world` from now on.
    pub async fn before(world: &mut World, speech: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        let server = world.endpoint.clone();
        let gate = Arc::new(Self { server, speech: Mutex::new(Box::new(speech)), calls: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        world.door = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(pass).with_state(gate.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        gate
    }

    pub fn speak(&self, speech: impl Fn(&Call) -> Answer + Send + Sync + 'static) {
        *self.speech.lock().unwrap() = Box::new(speech);
        self.calls.lock().unwrap().clear();
    }

    pub fn count(&self, action: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|call| *call == action).count()
    }
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap();
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    let action = fields.iter().find(|(name, _)| name == "Action").map(|(_, value)| value.clone()).unwrap_or_default();
    let before = gate.count(&action);
    gate.calls.lock().unwrap().push(action.clone());
    let answer = (gate.speech.lock().unwrap())(&Call { action, fields, before });
    if let Answer::Refuse(code, message, status) = answer {
        return refusal(code, message, status);
    }
    head.uri = format!("{}{}", gate.server, head.uri.path_and_query().unwrap()).parse().unwrap();
    let said = client().request(Request::from_parts(head, Body::from(body))).await.unwrap();
    let (head, body) = said.into_parts();
    let body = to_bytes(Body::new(body), LARGEST).await.unwrap();
    match answer {
        Answer::Change(change) => (head.status, change(std::str::from_utf8(&body).unwrap())).into_response(),
        Answer::Lose => (StatusCode::BAD_GATEWAY, "gone").into_response(),
        Answer::Pass | Answer::Refuse(..) => (head.status, body).into_response(),
    }
}

fn refusal(code: &str, message: &str, status: u16) -> Response {
    let body = format!(
        r#"<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"#
    );
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}
