//! Temporal's worker versioning: which release the workers of this process are, and
//! what Temporal sends to it.
//!
//! Requests upgrade: with its next step a request goes to the release that is
//! current, and nothing holds the one it began with, which may be stopped then. The
//! other behaviour, pinning a request to its release, would keep every release
//! running for as long as a request may last, a month. It spares guarding changes of
//! the workflow, but those are guarded here anyway, for who runs without versioning.

use std::time::Duration;

use temporalio_client::Client;
use temporalio_client::tonic::{Code, IntoRequest, Status};
use temporalio_common::protos::temporal::api::deployment::v1::RoutingConfig;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkerDeploymentRequest;
use temporalio_common::worker::{VersioningBehavior, WorkerDeploymentOptions, WorkerDeploymentVersion};

use crate::config::Release;

/// How long Temporal gets to answer.
const ASK: Duration = Duration::from_secs(5);

/// What workers tell Temporal about themselves. Those of one release have to tell
/// the same: then the activities of a request go where the request goes.
pub fn options(release: Option<&Release>) -> WorkerDeploymentOptions {
    let Some(release) = release else {
        return WorkerDeploymentOptions::from_build_id(env!("CARGO_PKG_VERSION").to_owned());
    };
    let version = WorkerDeploymentVersion::builder()
        .deployment_name(release.deployment_name.clone())
        .build_id(release.build_id.clone())
        .build();
    WorkerDeploymentOptions::new(version)
        .use_worker_versioning(true)
        .default_versioning_behavior(VersioningBehavior::AutoUpgrade)
        .build()
}

/// Says so when requests do not go to this release: it waits then, without
/// anything being wrong.
pub async fn tell_routing(client: &Client, release: &Release) {
    let Release { deployment_name, build_id } = release;
    match tokio::time::timeout(ASK, routing(client, release)).await {
        Ok(Ok(routing)) if is_served(&routing, release) => {
            tracing::info!(deployment_name, build_id, "requests go to this release");
        }
        Ok(Ok(_)) => tracing::warn!(
            deployment_name,
            build_id,
            "Temporal sends no requests to this release until it is made current: temporal worker deployment \
             set-current-version --deployment-name {deployment_name} --build-id {build_id}"
        ),
        Ok(Err(error)) => tracing::warn!(%error, "Temporal does not tell whether requests go to this release"),
        Err(_) => tracing::warn!("Temporal does not tell in time whether requests go to this release"),
    }
}

/// A deployment that nobody polled for yet is unknown, and nothing goes there.
async fn routing(client: &Client, release: &Release) -> Result<RoutingConfig, Status> {
    let request = DescribeWorkerDeploymentRequest {
        namespace: client.options().namespace.clone(),
        deployment_name: release.deployment_name.clone(),
    };
    let mut service = client.connection().workflow_service();
    match service.describe_worker_deployment(request.into_request()).await {
        Ok(answer) => {
            Ok(answer.into_inner().worker_deployment_info.and_then(|info| info.routing_config).unwrap_or_default())
        }
        Err(status) if status.code() == Code::NotFound => Ok(RoutingConfig::default()),
        Err(status) => Err(status),
    }
}

fn is_served(routing: &RoutingConfig, release: &Release) -> bool {
    let versions = [&routing.current_deployment_version, &routing.ramping_deployment_version];
    versions.into_iter().flatten().any(|version| version.build_id == release.build_id)
}
