//! `/leases`: what was built, in the life after that. Nothing that is built has one yet, so
//! that the list is empty, and none is known.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::answer::Refused;
use super::api::Api;
use super::body;
use super::caller::Caller;
use crate::domain::client::Right;

pub(super) async fn list(Extension(caller): Extension<Caller>) -> Result<Json<Value>, Refused> {
    caller.needs(&[Right::Read])?;
    Ok(Json(json!({ "items": [], "next": null })))
}

pub(super) async fn one(Extension(caller): Extension<Caller>) -> Result<Json<Value>, Refused> {
    caller.needs(&[Right::Read])?;
    Err(Refused::unknown("lease"))
}

pub(super) async fn act(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Value>, Refused> {
    caller.needs(&[Right::Lease])?;
    body::read(&api.bodies, request).await?;
    Err(Refused::unknown("lease"))
}
