//! What stands between this attempt and CloudFormation: no request that changes something
//! leaves once Temporal may have given up the attempt.

use std::sync::Arc;

use activity_lease::Lease;
use aws_sdk_cloudformation::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_cloudformation::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudformation::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;

/// Judges each request of one attempt, and each time it is tried again.
#[derive(Clone)]
pub struct Guard(pub Arc<Lease>);

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guard")
    }
}

impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "Guard"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = bag.load::<Metadata>().map_or("", Metadata::name);
        if reads(operation) || self.0.holds() {
            return Ok(());
        }
        Err("nothing is changed by an attempt that Temporal may have given up".into())
    }
}

/// Whether an operation changes nothing.
fn reads(operation: &str) -> bool {
    ["Describe", "List", "Detect"].iter().any(|verb| operation.starts_with(verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_is_held_back() {
        for operation in ["CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DeleteStack", "", "SomethingNew"] {
            assert!(!reads(operation), "{operation}");
        }
        for operation in ["DescribeStacks", "ListChangeSets", "DetectStackDrift"] {
            assert!(reads(operation), "{operation}");
        }
    }
}
