//! `provision-bot codec-server`: decrypts payloads for the Temporal Web UI and
//! CLI, for those who may. It speaks Temporal's remote codec protocol: a POST of
//! payloads to `/decode` or `/encode`.
//!
//! Whoever reaches it reads what people typed. So it wants a token, except where
//! only programs of the same machine reach it.

use anyhow::{Context, bail};
use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::hmac;
use ring::rand::SystemRandom;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use tokio::net::TcpListener;
use tower_http::cors::CorsLayer;

use crate::codec::{Codec, CodecError};

/// Temporal refuses a message beyond 4 MiB; base64 makes a third more of it.
const BODY_MAX: usize = 6 * 1024 * 1024;

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
    axum::serve(listener, routes).with_graceful_shutdown(stopping).await.context("the codec server")
}

fn routes(codec: Codec, options: &Options) -> anyhow::Result<Router> {
    let origins: Vec<HeaderValue> = options
        .origins
        .iter()
        .map(|origin| origin.parse().with_context(|| format!("{origin:?} is no origin such as http://localhost:8233")))
        .collect::<Result<_, _>>()?;
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("x-namespace")])
        .allow_credentials(true);
    Ok(Router::new()
        .route("/decode", post(decode))
        .route("/encode", post(encode))
        .layer(middleware::from_fn_with_state(options.token.clone(), may))
        // Asked by browsers before they send a token.
        .layer(cors)
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(codec))
}

/// Lets those through who know the token.
async fn may(State(token): State<Option<SecretString>>, request: Request, next: Next) -> Response {
    let Some(token) = token else { return next.run(request).await };
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
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

async fn decode(State(codec): State<Codec>, Json(body): Json<Payloads>) -> Result<Json<Payloads>, Refusal> {
    each(body, |payload| codec.decrypt(payload))
}

async fn encode(State(codec): State<Codec>, Json(body): Json<Payloads>) -> Result<Json<Payloads>, Refusal> {
    each(body, |payload| codec.encrypt(payload))
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
