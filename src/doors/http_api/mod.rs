//! The HTTP API, under `/api/v1`: programs ask, read and sign by it, each with a token of
//! its own. It is there only where the configuration has clients. What it takes and answers
//! is described by `openapi.json`, which it serves.
//!
//! A call is looked at in this order: whose token it is (401), what that client may do
//! (403), whether there is such a thing for it (404), what was sent (400, 413, 415, 422),
//! and whether it still fits (409).

mod acts;
mod answer;
mod api;
mod ask;
mod body;
mod caller;
mod fields;
mod leases;
mod oidc;
mod read;
mod shown;
mod tokens;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::time::Instant;

use self::answer::Refused;
pub use self::api::{Api, BASE};
use self::caller::Caller;

/// The routes, or none where there are no clients.
pub fn routes(api: Api) -> Router {
    if api.policy.clients.is_empty() {
        return Router::new();
    }
    let calls = Router::new()
        .route("/requests", post(ask::post).get(read::list))
        .route("/requests/{id}", get(read::one))
        .route("/requests/{id}/acts", post(acts::post))
        .route("/leases", get(leases::list))
        .route("/leases/{id}", get(leases::one))
        .route("/leases/{id}/acts", post(leases::act))
        .layer(middleware::from_fn_with_state(api.clone(), known))
        // Described to whoever wants to know.
        .route("/openapi.json", get(described))
        .fallback(async || Refused::new(StatusCode::NOT_FOUND, "There is nothing at this address."))
        .layer(middleware::from_fn_with_state(api.clone(), finished))
        .with_state(api);
    Router::new().nest(BASE, calls)
}

/// Lets nobody in whose token is not known.
async fn known(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let arrived = Instant::now();
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let client = match api.tokens.client(token).await {
        Ok(client) => client,
        Err(refused) => {
            if refused.status == StatusCode::UNAUTHORIZED {
                tracing::warn!(why = refused.why(), "a call without a valid token was refused");
            }
            return refused.into_response();
        }
    };
    request.extensions_mut().insert(Caller { client, arrived });
    next.run(request).await
}

/// What is the same of every answer: it is counted, kept by nobody, and JSON.
async fn finished(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (began, method) = (Instant::now(), request.method().clone());
    let answer = next.run(request).await;
    let mut answer = match answer.status() {
        StatusCode::METHOD_NOT_ALLOWED => not_allowed(&method, &answer),
        _ => answer,
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    api.metrics.handled("api", answer.status().as_str(), began.elapsed());
    answer
}

fn not_allowed(method: &Method, answer: &Response) -> Response {
    let allow = answer.headers().get(header::ALLOW).cloned();
    let said = format!("{method} is not possible at this address.");
    let mut answer = Refused::new(StatusCode::METHOD_NOT_ALLOWED, said).into_response();
    answer.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
    answer
}

async fn described() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json")).into_response()
}
