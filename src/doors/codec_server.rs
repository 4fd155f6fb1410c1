//! `provision-bot codec-server`: decrypts payloads for the Temporal Web UI and
//! CLI, for those who may. It speaks Temporal's remote codec protocol: a POST of
//! payloads to `/decode` or `/encode`.
//!
//! Whoever reaches it reads what people typed. So it wants a token, except where
//! only programs of the same machine reach it, and no page of somebody else's in
//! one of its browsers.

use std::time::Duration;

use anyhow::{Context, bail};
use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use loopback::{foreign_origin, only_here};
use ring::hmac;
use ring::rand::SystemRandom;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;

use crate::bodies::Bodies;
use crate::codec::{Codec, CodecError};
use crate::server::{self, Bounds};

/// Temporal refuses a message beyond 4 MiB; base64 makes a third more of it.
const BODY_MAX: usize = 6 * 1024 * 1024;
/// How long a body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How much of all bodies is held at once. What is made of one takes three times as much.
const BODIES_ROOM: usize = 4 * BODY_MAX;
/// How long a request may take, its body included.
const REQUEST_WITHIN: Duration = Duration::from_secs(20);

/// Where it serves, and for whom.
pub struct Options {
    /// `host:port`.
    pub listen: String,
    /// What callers send as `Authorization: Bearer …`.
    pub token: Option<SecretString>,
    /// Where the Temporal Web UI is opened, such as `http://localhost:8233`.
    pub origins: Vec<String>,
}

/// Serves until `stopping` is over.
pub async fn run(
    codec: Codec,
    options: Options,
    stopping: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    if codec.key_id().is_none() {
        bail!("PROVISION_BOT_ENCRYPTION_KEYS is not set: there is nothing to decrypt with");
    }
    let listener =
        TcpListener::bind(&options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = listener.local_addr()?;
    if options.token.is_none() && !address.ip().is_loopback() {
        bail!(
            "{address} can be reached from other machines: set PROVISION_BOT_CODEC_TOKEN, and give it to those who may \
             read requests, or listen on 127.0.0.1"
        );
    }
    tracing::info!(%address, "decrypting");
    let routes = routes(codec, &options)?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        stopping.await;
        let _ = stop.send(true);
    });
    server::serve(listener, routes, Bounds::default(), stopped).await;
    Ok(())
}

/// The address of a page as browsers name its origin: without what is behind the port.
fn origin(page: &String) -> anyhow::Result<String> {
    let origin = url::Url::parse(page).ok().map(|url| url.origin()).filter(|origin| origin.is_tuple());
    let origin = origin.with_context(|| format!("{page:?} is no origin such as http://localhost:8233"))?;
    Ok(origin.ascii_serialization())
}

fn routes(codec: Codec, options: &Options) -> anyhow::Result<Router> {
    let known = options.origins.iter().map(origin).collect::<anyhow::Result<Vec<_>>>()?;
    let origins: Vec<HeaderValue> = known.iter().map(|origin| Ok(origin.parse()?)).collect::<anyhow::Result<_>>()?;
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("x-namespace")])
        .allow_credentials(true);
    let guard = Guard { token: options.token.clone(), origins: known };
    let codes = Router::new()
        .route("/decode", post(decode))
        .route("/encode", post(encode))
        .layer(middleware::from_fn_with_state(guard, may))
        // Asked by browsers before they send a token.
        .layer(cors);
    let codes = match options.token {
        Some(_) => codes,
        None => codes.layer(middleware::from_fn(only_here)),
    };
    Ok(codes
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_WITHIN))
        .with_state(Served { codec, bodies: Bodies::new(BODY_MAX, BODY_WITHIN, BODIES_ROOM) }))
}

/// Who may ask.
#[derive(Clone)]
struct Guard {
    token: Option<SecretString>,
    origins: Vec<String>,
}

/// Lets those through who know the token, or, where there is none, who are no page
/// of somebody else's.
async fn may(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(token) = guard.token else {
        return match foreign_origin(headers, &guard.origins) {
            None => next.run(request).await,
            Some(_) => (StatusCode::FORBIDDEN, "Pages of this origin are let in by --origin alone.\n").into_response(),
        };
    };
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    match is_same(sent, token.expose_secret()) {
        Ok(true) => next.run(request).await,
        _ => (StatusCode::UNAUTHORIZED, "This needs the token, as \"Authorization: Bearer …\".\n").into_response(),
    }
}

/// Compares without telling by its time how much was right: what is compared are
/// codes under a key of the moment.
fn is_same(sent: &str, token: &str) -> Result<bool, ring::error::Unspecified> {
    let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?;
    let expected = hmac::sign(&key, token.as_bytes());
    Ok(hmac::verify(&key, sent.as_bytes(), expected.as_ref()).is_ok())
}

/// Payloads in the JSON form of Protocol Buffers.
#[derive(Serialize, Deserialize)]
struct Payloads {
    #[serde(default)]
    payloads: Vec<JsonPayload>,
}

#[derive(Serialize, Deserialize)]
struct JsonPayload {
    #[serde(default)]
    metadata: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    data: String,
}

/// A status, and why.
type Refusal = (StatusCode, String);

#[derive(Clone)]
struct Served {
    codec: Codec,
    bodies: Bodies,
}

async fn decode(State(served): State<Served>, request: Request) -> Result<Json<Payloads>, Refusal> {
    served.code(request, |payload| served.codec.decrypt(payload)).await
}

async fn encode(State(served): State<Served>, request: Request) -> Result<Json<Payloads>, Refusal> {
    served.code(request, |payload| served.codec.encrypt(payload)).await
}

impl Served {
    async fn code(
        &self,
        request: Request,
        code: impl Fn(Payload) -> Result<Payload, CodecError>,
    ) -> Result<Json<Payloads>, Refusal> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
            self.bodies.let_go(&parts, body);
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "Payloads are application/json.\n".to_owned()));
        }
        let body = self.bodies.read(&parts, body).await.map_err(|why| (why.status(), format!("{why}\n")))?;
        let payloads = serde_json::from_slice(body.bytes())
            .map_err(|_| (StatusCode::BAD_REQUEST, "These are no payloads in JSON.\n".to_owned()))?;
        each(payloads, code)
    }
}

fn each(body: Payloads, code: impl Fn(Payload) -> Result<Payload, CodecError>) -> Result<Json<Payloads>, Refusal> {
    let refuse = |why: String| (StatusCode::BAD_REQUEST, why + "\n");
    let payloads = body.payloads.into_iter().map(|payload| {
        let payload = from_json(payload).ok_or_else(|| "Metadata and data are base64.".to_owned())?;
        code(payload).map(to_json).map_err(|error| error.to_string())
    });
    Ok(Json(Payloads { payloads: payloads.collect::<Result<_, _>>().map_err(refuse)? }))
}

fn from_json(payload: JsonPayload) -> Option<Payload> {
    let metadata = payload.metadata.into_iter().map(|(name, value)| Some((name, BASE64.decode(value).ok()?)));
    Some(Payload {
        metadata: metadata.collect::<Option<_>>()?,
        data: BASE64.decode(payload.data).ok()?,
        ..Default::default()
    })
}

fn to_json(payload: Payload) -> JsonPayload {
    let metadata = payload.metadata.into_iter().map(|(name, value)| (name, BASE64.encode(value)));
    JsonPayload { metadata: metadata.collect(), data: BASE64.encode(payload.data) }
}
