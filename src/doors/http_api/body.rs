//! The body of a call: JSON, an object, and not large.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde_json::{Map, Value};

use super::answer::Refused;
use crate::bodies::{self, Bodies};

/// Reads the object that a body holds.
///
/// # Errors
/// 400, 408, 413, 415, 422 or 503.
pub(super) async fn read(bodies: &Bodies, request: Request) -> Result<Map<String, Value>, Refused> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts) {
        bodies.let_go(&parts, body);
        let said = "Send JSON, and say so: Content-Type: application/json.";
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, said));
    }
    let held = bodies.read(&parts, body).await.map_err(|why| match why {
        bodies::Refusal::TooLarge => Refused::new(why.status(), "The body is larger than 64 KiB."),
        why => Refused::new(why.status(), format!("The body was not read: {why}.")),
    })?;
    match serde_json::from_slice(held.bytes()) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refused::field("body", "Expected an object.")),
        Err(error) => Err(Refused::new(StatusCode::BAD_REQUEST, format!("The body is not JSON: {error}."))),
    }
}

fn is_json(parts: &Parts) -> bool {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
