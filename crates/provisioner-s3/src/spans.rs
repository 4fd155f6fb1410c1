//! What a trace shows of the work: a span for each attempt, each step, and each call of S3
//! with its retries. They are `tracing`'s; whoever serves the activities exports them, or
//! does not.
//!
//! A span holds names, numbers and codes. Never a secret, nor what somebody typed.

use std::fmt::Display;

use aws_sdk_s3::config::interceptors::{BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use temporalio_sdk::activities::{ActivityError, ActivityInfo};
use tracing::field::{Empty, display};
use tracing::{Instrument, Span, info_span};

/// The target of every span: to be exported, and never logged.
pub const TARGET: &str = "provisioner_s3::spans";

/// Hangs the span of an attempt where the trace of its request is, by the request's ID.
pub type Hang = fn(&Span, &str);

/// Runs an attempt of an activity of the request that its workflow is.
pub async fn activity<T>(
    info: &ActivityInfo,
    hang: Hang,
    work: impl Future<Output = Result<T, ActivityError>>,
) -> Result<T, ActivityError> {
    let request = info.workflow_id.as_deref();
    let span = info_span!(
        target: TARGET, parent: None, "activity", otel.name = Empty, otel.kind = "server", otel.status_code = Empty,
        request.id = request, activity.attempt = info.attempt, activity.cancelled = Empty,
        aws.region = Empty, aws.profile = Empty, error.type = Empty,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("RunActivity:{}", info.activity_type));
        if let Some(request) = request {
            hang(&span, request);
        }
    }
    let done = work.instrument(span.clone()).await;
    match &done {
        Err(ActivityError::Application(problem)) => failed(&span, problem.type_name().unwrap_or("unknown")),
        Err(ActivityError::Cancelled { .. }) => _ = span.record("activity.cancelled", true),
        Ok(_) | Err(_) => {}
    }
    done
}

/// Says with whose rights, and where, the activity under way builds.
pub fn tell_place(region: &str, profile: &str) {
    Span::current().record("aws.region", region).record("aws.profile", profile);
}

/// Runs a step of the activity under way; its span tells whether it failed.
pub async fn step<T, E>(
    label: &'static str,
    number: usize,
    of: usize,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let span = info_span!(
        target: TARGET, "step", otel.name = label, otel.status_code = Empty, step.number = number, step.of = of,
    );
    let done = work.instrument(span.clone()).await;
    if done.is_err() {
        span.record("otel.status_code", FAILED);
    }
    done
}

/// The status of a span whose work failed, in OpenTelemetry's words.
const FAILED: &str = "ERROR";

fn failed(span: &Span, code: impl Display) {
    span.record("otel.status_code", FAILED).record("error.type", display(code));
}

/// Watches the calls of a client.
#[derive(Debug)]
pub struct Spans;

/// The span of the call that a bag belongs to.
#[derive(Debug)]
struct Call(Span);

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Spans {
    fn name(&self) -> &'static str {
        "Spans"
    }

    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = bag.load::<Metadata>().map_or("call", Metadata::name);
        let span = info_span!(
            target: TARGET, "call", otel.name = format!("S3.{operation}"), otel.kind = "client",
            otel.status_code = Empty, aws.attempts = Empty, aws.request_id = Empty,
            http.response.status_code = Empty, error.type = Empty,
        );
        bag.interceptor_state().store_put(Call(span));
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Call(span)) = bag.load::<Call>() else { return Ok(()) };
        let attempts = bag.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts);
        span.record("aws.attempts", i64::from(attempts));
        let answer = context.response();
        if let Some(answer) = answer {
            span.record("http.response.status_code", i64::from(answer.status().as_u16()));
            // Amazon's support asks for it.
            if let Some(id) = answer.headers().get("x-amz-request-id") {
                span.record("aws.request_id", id);
            }
        }
        if let Some(Err(error)) = context.output_or_error() {
            match answer.filter(|_| !error.is_timeout_error()) {
                Some(answer) if answer.status().is_success() => failed(span, "unreadable"),
                Some(answer) => failed(span, answer.status().as_u16()),
                None if error.is_timeout_error() => failed(span, "timeout"),
                None => failed(span, "unreachable"),
            }
        }
        Ok(())
    }
}
