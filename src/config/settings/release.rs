//! [`Release`]: what Temporal calls a worker deployment version, under the names of
//! its documentation and of its Worker Controller for Kubernetes.

use super::variables::Variables;

/// Which release the workers of this process are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// What the releases have in common.
    pub deployment_name: String,
    /// What tells this one from the others.
    pub build_id: String,
}

const DEPLOYMENT_NAME: &str = "TEMPORAL_DEPLOYMENT_NAME";
const BUILD_ID: &str = "TEMPORAL_WORKER_BUILD_ID";

impl Release {
    /// Of the two variables, or which one is wrong and how. Half a release is a
    /// mistake: its workers would take the requests of all releases.
    fn of(deployment_name: Option<String>, build_id: Option<String>) -> Result<Option<Self>, (&'static str, String)> {
        let alone = |other: &str| {
            format!("is set, but {other} is not. Set both for Temporal's worker versioning, or neither to do without.")
        };
        match (deployment_name, build_id) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err((BUILD_ID, alone(DEPLOYMENT_NAME))),
            (Some(_), None) => Err((DEPLOYMENT_NAME, alone(BUILD_ID))),
            // The server would refuse every poll, and nobody would hear of it.
            (Some(name), Some(_)) if name.contains(['.', ':']) || name.starts_with("__") => {
                let rule = "Temporal allows no \".\" and no \":\" in it, and no \"__\" in front";
                Err((DEPLOYMENT_NAME, format!("is {name:?}, but {rule}.")))
            }
            (Some(deployment_name), Some(build_id)) => Ok(Some(Self { deployment_name, build_id })),
        }
    }
}

impl Variables<'_> {
    pub(super) fn release(&mut self) -> Option<Release> {
        match Release::of(self.get(DEPLOYMENT_NAME), self.get(BUILD_ID)) {
            Ok(release) => release,
            Err((name, message)) => self.refuse(name, message),
        }
    }
}
