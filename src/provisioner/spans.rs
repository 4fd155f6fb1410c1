//! A span for each call of S3, with its retries: what was called, and the answer.

use aws_sdk_s3::config::interceptors::{BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use tracing::Span;

use crate::traces;

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
        let span = traces::call(&format!("S3.{operation}"));
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
        traces::tell(span, "aws.attempts", i64::from(attempts));
        let answer = context.response();
        if let Some(answer) = answer {
            traces::tell(span, "http.response.status_code", i64::from(answer.status().as_u16()));
            // Amazon's support asks for it.
            if let Some(id) = answer.headers().get("x-amz-request-id") {
                traces::tell(span, "aws.request_id", id.to_owned());
            }
        }
        if let Some(Err(error)) = context.output_or_error() {
            match answer.filter(|_| !error.is_timeout_error()) {
                Some(answer) if answer.status().is_success() => traces::failed(span, "unreadable"),
                Some(answer) => traces::failed(span, answer.status().as_u16().to_string()),
                None if error.is_timeout_error() => traces::failed(span, "timeout"),
                None => traces::failed(span, "unreachable"),
            }
        }
        Ok(())
    }
}
