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
use crate::temporal;

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

/// Whether Temporal sends requests to a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routing {
    /// All of them, or a part.
    Here,
    /// None; they go to this build, or where no build is current, to bots that are no
    /// release.
    Elsewhere(Option<String>),
}

impl Routing {
    /// Asks Temporal.
    pub async fn of(client: &Client, release: &Release) -> Result<Self, Status> {
        let mut call = DescribeWorkerDeploymentRequest {
            namespace: client.options().namespace.clone(),
            deployment_name: release.deployment_name.clone(),
        }
        .into_request();
        call.set_timeout(ASK);
        let mut service = client.connection().workflow_service();
        let asked = tokio::time::timeout(ASK, service.describe_worker_deployment(call));
        match asked.await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time"))) {
            Ok(answer) => {
                let routing = answer.into_inner().worker_deployment_info.and_then(|info| info.routing_config);
                Ok(Self::read(routing.unwrap_or_default(), &release.build_id))
            }
            // Nobody polled for it yet.
            Err(status) if status.code() == Code::NotFound && !temporal::is_about_the_namespace(&status) => {
                Ok(Self::Elsewhere(None))
            }
            Err(status) => Err(status),
        }
    }

    fn read(routing: RoutingConfig, build_id: &str) -> Self {
        let current = routing.current_deployment_version.map(|version| version.build_id);
        let ramping = routing.ramping_deployment_version.map(|version| version.build_id);
        match [&current, &ramping].contains(&&Some(build_id.to_owned())) {
            true => Self::Here,
            false => Self::Elsewhere(current),
        }
    }
}

/// What sends all requests to a release.
pub fn make_current(release: &Release) -> String {
    let Release { deployment_name, build_id } = release;
    format!("temporal worker deployment set-current-version --deployment-name {deployment_name} --build-id {build_id}")
}

/// Says so when requests do not go to this release: it waits then, without
/// anything being wrong.
pub async fn tell_routing(client: &Client, release: &Release) {
    let Release { deployment_name, build_id } = release;
    match Routing::of(client, release).await {
        Ok(Routing::Here) => tracing::info!(deployment_name, build_id, "requests go to this release"),
        Ok(Routing::Elsewhere(current)) => tracing::warn!(
            deployment_name,
            build_id,
            current,
            "Temporal sends no requests to this release until it is made current: {}",
            make_current(release)
        ),
        Err(error) => tracing::warn!(%error, "Temporal does not tell whether requests go to this release"),
    }
}

#[cfg(test)]
mod tests {
    use temporalio_common::protos::temporal::api::deployment::v1;

    use super::*;

    #[test]
    fn requests_go_to_who_is_current_or_ramping() {
        let version = |build_id: &str| {
            Some(v1::WorkerDeploymentVersion { deployment_name: "bot".into(), build_id: build_id.into() })
        };
        let routing = RoutingConfig {
            current_deployment_version: version("1"),
            ramping_deployment_version: version("2"),
            ..Default::default()
        };
        assert_eq!(Routing::read(routing.clone(), "1"), Routing::Here);
        assert_eq!(Routing::read(routing.clone(), "2"), Routing::Here);
        assert_eq!(Routing::read(routing, "3"), Routing::Elsewhere(Some("1".into())));
        assert_eq!(Routing::read(RoutingConfig::default(), "1"), Routing::Elsewhere(None));
    }
}
