//! Looking whether a stack is as its template says. CloudFormation compares what the template
//! names; nothing is changed.

use aws_sdk_cloudformation::types::{StackResourceDrift, StackResourceDriftStatus};
use provisioner::Inspected;

use crate::failure::{Problem, Stop};
use crate::pace::Pace;
use crate::place::{Found, IN_REVIEW, Place};

/// How much is told of each resource.
const DIFFERENCES: usize = 10;

/// Looks at the stack of a request.
pub async fn inspect(place: &Place) -> Result<Inspected, Stop> {
    let seen = match place.find().await? {
        Found::Nothing => return Ok(Inspected { exists: false, ours: false, drift: Vec::new() }),
        Found::Strangers(..) => return Ok(Inspected { exists: true, ours: false, drift: Vec::new() }),
        Found::Ours(seen) if seen.status == IN_REVIEW => {
            return Ok(Inspected { exists: false, ours: true, drift: Vec::new() });
        }
        Found::Ours(seen) => seen,
    };
    if seen.is_moving() || seen.is_a_failure() {
        let drift = vec![format!("the stack is in state {}", seen.status)];
        return Ok(Inspected { exists: true, ours: true, drift });
    }
    place.attempt.tell(1, 1, "Comparing the stack with its template").await;
    let detection = place.client.detect_stack_drift().stack_name(&seen.id).send().await.map_err(Problem::from)?;
    let detection = detection.stack_drift_detection_id().unwrap_or_default();
    let mut pace = Pace::new();
    loop {
        place.attempt.may_go_on().await?;
        let call = place.client.describe_stack_drift_detection_status().stack_drift_detection_id(detection);
        let status = call.send().await.map_err(Problem::from)?;
        match status.detection_status().map(|status| status.as_str()) {
            Some("DETECTION_IN_PROGRESS") => place.attempt.pause(pace.next()).await?,
            Some("DETECTION_COMPLETE") => break,
            // Some resources could not be compared; the others were.
            _ => {
                tracing::warn!(
                    request.id = %place.input.application_id,
                    reason = status.detection_status_reason(),
                    "not all of a stack could be compared"
                );
                break;
            }
        }
    }
    Ok(Inspected { exists: true, ours: true, drift: drift(place, &seen.id).await? })
}

async fn drift(place: &Place, stack: &str) -> Result<Vec<String>, Problem> {
    let mut drift = Vec::new();
    let call = place
        .client
        .describe_stack_resource_drifts()
        .stack_name(stack)
        .stack_resource_drift_status_filters(StackResourceDriftStatus::Modified)
        .stack_resource_drift_status_filters(StackResourceDriftStatus::Deleted);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        drift.extend(page.map_err(Problem::from)?.stack_resource_drifts().iter().flat_map(told));
    }
    Ok(drift)
}

/// What differs of a resource, in words.
fn told(resource: &StackResourceDrift) -> Vec<String> {
    let id = resource.logical_resource_id().unwrap_or_default();
    let name = format!("{id} ({})", resource.resource_type().unwrap_or_default());
    match resource.stack_resource_drift_status() {
        Some(StackResourceDriftStatus::Deleted) => vec![format!("{name} was deleted")],
        Some(StackResourceDriftStatus::Modified) => {
            let all = resource.property_differences();
            let mut told: Vec<String> = all
                .iter()
                .take(DIFFERENCES)
                .map(|difference| {
                    let path = difference.property_path().unwrap_or_default().trim_start_matches('/').replace('/', ".");
                    let how = match difference.difference_type().map(|kind| kind.as_str()) {
                        Some("ADD") => "was added",
                        Some("REMOVE") => "was removed",
                        _ => "was changed",
                    };
                    format!("{name}: {path} {how}")
                })
                .collect();
            if told.is_empty() {
                told.push(format!("{name} was changed"));
            } else if all.len() > DIFFERENCES {
                told.push(format!("{name}: {} more", all.len() - DIFFERENCES));
            }
            told
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::{DifferenceType, PropertyDifference};

    use super::*;

    #[test]
    fn what_differs_is_named_without_its_values() {
        let difference = |kind: DifferenceType| {
            PropertyDifference::builder()
                .property_path("/VersioningConfiguration/Status")
                .expected_value("secret")
                .actual_value("other")
                .difference_type(kind)
                .build()
        };
        let resource = |status: StackResourceDriftStatus, differences: Vec<PropertyDifference>| {
            StackResourceDrift::builder()
                .logical_resource_id("Bucket")
                .resource_type("AWS::S3::Bucket")
                .stack_resource_drift_status(status)
                .set_property_differences(Some(differences))
                .build()
        };
        let modified = StackResourceDriftStatus::Modified;
        for (resource, expected) in [
            (resource(StackResourceDriftStatus::Deleted, vec![]), "Bucket (AWS::S3::Bucket) was deleted"),
            (resource(modified.clone(), vec![]), "Bucket (AWS::S3::Bucket) was changed"),
            (
                resource(modified.clone(), vec![difference(DifferenceType::NotEqual)]),
                "Bucket (AWS::S3::Bucket): VersioningConfiguration.Status was changed",
            ),
            (
                resource(modified.clone(), vec![difference(DifferenceType::Add)]),
                "Bucket (AWS::S3::Bucket): VersioningConfiguration.Status was added",
            ),
        ] {
            assert_eq!(told(&resource), [expected]);
        }
        let many = told(&resource(modified, vec![difference(DifferenceType::Remove); 12]));
        assert_eq!((many.len(), many[10].as_str()), (11, "Bucket (AWS::S3::Bucket): 2 more"));
        assert!(told(&resource(StackResourceDriftStatus::InSync, vec![])).is_empty());
    }
}
