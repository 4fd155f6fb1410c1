//! What CloudFormation checked before it made anything, and found wanting. Neither a stack's own
//! events nor the reason of a change set tell that: both only point here.

use aws_sdk_cloudformation::types::OperationEvent;

use crate::place::Place;

/// A check that failed: of which resource, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub resource: String,
    pub reason: String,
}

/// What of a change set failed.
pub async fn of_change_set(place: &Place, set: &str) -> Vec<Failed> {
    let events = place.client.describe_events().change_set_name(set).send().await;
    failed(&events.map(|answer| answer.operation_events.unwrap_or_default()).unwrap_or_default())
}

/// What failed when a stack was to be made.
pub async fn of_stack(place: &Place, stack: &str) -> Vec<Failed> {
    let events = place.client.describe_events().stack_name(stack).send().await;
    failed(&events.map(|answer| answer.operation_events.unwrap_or_default()).unwrap_or_default())
}

/// Those of one operation: an earlier one may have failed, too.
fn failed(events: &[OperationEvent]) -> Vec<Failed> {
    let is_failure =
        |event: &&OperationEvent| event.validation_status().is_some_and(|status| status.as_str() == "FAILED");
    let newest = events.iter().find(is_failure).and_then(OperationEvent::operation_id);
    let told = |event: &OperationEvent| {
        let resource = match (event.logical_resource_id(), event.resource_type()) {
            (Some(id), Some(kind)) => format!("{id} ({kind})"),
            (Some(id), None) => id.to_owned(),
            (None, _) => "the template".to_owned(),
        };
        Some(Failed { resource, reason: event.validation_status_reason()?.to_owned() })
    };
    events.iter().filter(is_failure).filter(|event| event.operation_id() == newest).filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::ValidationStatus;

    use super::*;

    #[test]
    fn what_failed_last_is_told() {
        let event = |operation: &str, id: Option<&str>, status: &str, reason: &str| {
            OperationEvent::builder()
                .operation_id(operation)
                .set_logical_resource_id(id.map(str::to_owned))
                .validation_status(ValidationStatus::from(status))
                .validation_status_reason(reason)
                .build()
        };
        let events = [
            event("3", Some("Zone"), "SKIPPED", "not now"),
            event("2", Some("Pages"), "FAILED", "taken"),
            event("2", None, "FAILED", "odd"),
            event("1", Some("Old"), "FAILED", "old"),
        ];
        let told = |resource: &str, reason: &str| Failed { resource: resource.to_owned(), reason: reason.to_owned() };
        assert_eq!(failed(&events), [told("Pages", "taken"), told("the template", "odd")]);
        assert_eq!(failed(&[]), []);
    }
}
