//! What stands between this attempt and S3: every request is for a bucket of the
//! profile's own account, and none that changes something leaves once the attempt was
//! given up.

use std::sync::{Arc, OnceLock};

use activity_lease::Lease;
use aws_sdk_s3::config::interceptors::{BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;

/// S3 refuses a request for the bucket of another account than this one (S3 user guide,
/// "Verifying bucket ownership with bucket owner condition").
const EXPECTED_OWNER: &str = "x-amz-expected-bucket-owner";

/// Judges each request of one attempt, and each time it is tried again.
#[derive(Clone)]
pub struct Guard {
    pub lease: Arc<Lease>,
    /// The profile's account, once it was asked for and is known.
    pub account: Arc<OnceLock<String>>,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "Guard"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = bag.load::<Metadata>().map_or("", Metadata::name);
        if let Some(account) = self.account.get()
            && has_an_owner(operation)
        {
            context.request_mut().headers_mut().insert(EXPECTED_OWNER, account.clone());
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if reads(context.request().method()) || self.lease.holds() {
            return Ok(());
        }
        Err("nothing is changed by an attempt that Temporal may have given up".into())
    }
}

/// Whether a call is about a bucket that has an owner already.
fn has_an_owner(operation: &str) -> bool {
    !matches!(operation, "CreateBucket" | "ListBuckets")
}

/// Whether a method changes nothing.
fn reads(method: &str) -> bool {
    matches!(method, "GET" | "HEAD")
}
