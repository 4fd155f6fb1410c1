//! Traces: the spans that tell the story of a request, from the click to the S3
//! calls. Nothing happens here unless [`crate::otlp`] exports them.
//!
//! Everything about a request is one trace, in whatever process and attempt it
//! happens: the trace's ID and its first span's follow from the request's ID, so
//! nothing has to travel through Temporal and the workflow emits nothing.
//!
//! A span holds names, numbers and codes. Never a secret, nor what somebody typed.

use std::cell::Cell;
use std::time::SystemTime;

use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer,
};
use opentelemetry::{Context, KeyValue, Value, global};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use sha2::{Digest, Sha256};
use temporalio_sdk::activities::{ActivityError, ActivityInfo};
use tracing::field::Empty;
use tracing::{Instrument, Level, Span, enabled, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of every span: exported where traces are, and never logged. The provisioner's
/// have one of their own: [`provisioner_s3::spans::TARGET`].
pub const TARGET: &str = "provision_bot::spans";

/// What Slack delivered: a click, a form. `request` is what it is about, if that
/// is known yet; a command has a trace of its own.
pub fn delivery(name: &str, request: Option<&str>) -> Span {
    let span = info_span!(
        target: TARGET, parent: None, "delivery", otel.name = name, otel.kind = "server", request.id = request,
    );
    if let Some(request) = request {
        hang(&span, request);
    }
    span
}

/// Runs an attempt of an activity of the request that its workflow is.
pub async fn activity<T>(
    info: &ActivityInfo,
    work: impl Future<Output = Result<T, ActivityError>>,
) -> Result<T, ActivityError> {
    let request = info.workflow_id.as_deref();
    let span = info_span!(
        target: TARGET, parent: None, "activity", otel.name = Empty, otel.kind = "server",
        request.id = request, activity.attempt = info.attempt,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("RunActivity:{}", info.activity_type));
        if let Some(request) = request {
            hang(&span, request);
        }
    }
    let done = work.instrument(span.clone()).await;
    match &done {
        Err(ActivityError::Application(failure)) => failed(&span, failure.type_name().unwrap_or("unknown").to_owned()),
        Err(ActivityError::Cancelled { .. }) => tell(&span, "activity.cancelled", true),
        Ok(_) | Err(_) => {}
    }
    done
}

/// A call to another program, made for the delivery or the activity under way.
pub fn call(name: &str) -> Span {
    info_span!(target: TARGET, "call", otel.name = name, otel.kind = "client")
}

/// Is a delivery or an activity under way? Other calls, such as those of
/// `/readyz`, are no part of a story.
pub fn under_way() -> bool {
    Span::current().metadata().is_some_and(|span| span.target() == TARGET)
}

/// Runs `work` in `span`, which tells whether it failed.
pub async fn within<T, E>(span: Span, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let done = work.instrument(span.clone()).await;
    if done.is_err() {
        span.set_status(Status::error(""));
    }
    done
}

/// Adds an attribute.
pub fn tell(span: &Span, name: &'static str, value: impl Into<Value>) {
    span.set_attribute(name, value);
}

/// Says that what the span tells of failed, by a code.
pub fn failed(span: &Span, code: impl Into<Value>) {
    span.set_status(Status::error(""));
    span.set_attribute("error.type", code);
}

/// Are there traces at all?
pub fn are_on() -> bool {
    enabled!(target: TARGET, Level::INFO)
}

/// The first span of a request, told when it is over: from beginning to end.
pub fn whole(request: &str, began: SystemTime, status: &'static str, failed: bool) {
    let attributes = [KeyValue::new("request.id", request.to_owned()), KeyValue::new("request.status", status)];
    let span = SpanBuilder::from_name("provision request")
        .with_kind(SpanKind::Internal)
        .with_start_time(began)
        .with_attributes(attributes);
    GIVEN.set(Some(ids(request)));
    let mut span = global::tracer(env!("CARGO_PKG_NAME")).build_with_context(span, &Context::new());
    GIVEN.set(None);
    if failed {
        span.set_status(Status::error(""));
    }
    span.end();
}

/// Hangs a span below the first one of a request.
pub fn hang(span: &Span, request: &str) {
    if !span.is_disabled() {
        let (trace, first) = ids(request);
        let first = SpanContext::new(trace, first, TraceFlags::SAMPLED, true, TraceState::NONE);
        // Without a layer that exports there is nothing to hang.
        let _ = span.set_parent(Context::new().with_remote_span_context(first));
    }
}

/// A request's trace and its first span: 16 and 8 bytes of SHA-256. Part of the
/// contract with provisioners, whose spans belong there too.
fn ids(request: &str) -> (TraceId, SpanId) {
    let digest: [u8; 32] = Sha256::digest(request.as_bytes()).into();
    let (mut trace, mut span) = ([0; 16], [0; 8]);
    trace.copy_from_slice(&digest[..16]);
    span.copy_from_slice(&digest[16..24]);
    (TraceId::from_bytes(trace), SpanId::from_bytes(span))
}

thread_local! {
    /// The IDs of the span that is being made on this thread, where they are not
    /// left to chance. OpenTelemetry's builder takes none.
    static GIVEN: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// Random IDs, except for the first span of a request.
#[derive(Debug, Default)]
pub struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        GIVEN.get().map_or_else(|| self.0.new_trace_id(), |(trace, _)| trace)
    }

    fn new_span_id(&self) -> SpanId {
        GIVEN.get().map_or_else(|| self.0.new_span_id(), |(_, span)| span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_are_the_first_bytes_of_the_digest() {
        // printf checkout-7f3a9c0011 | sha256sum
        let (trace, first) = ids("checkout-7f3a9c0011");
        assert_eq!(
            (trace.to_string().as_str(), first.to_string().as_str()),
            ("a4ccab290b361eda8105496b7be04bb6", "32469098b06b80c6")
        );
    }
}
