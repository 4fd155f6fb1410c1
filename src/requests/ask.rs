//! Asking: the pre-flight checks, so that what is wrong is said while there is somebody to
//! mend it, and then the workflow is started. Its ID comes from what is unique to the
//! submission, so that one that arrives twice is one request.

use std::time::Duration;

use crate::domain::client;
use crate::domain::policy::{Policy, PreflightProblem};
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::open::Open;
use crate::slack::directory::{Directory, Look};
use crate::telemetry::Metrics;
use crate::temporal::{Requests, Started};

/// What is kept of the time to start a request, however long Slack takes to tell who asks.
const STARTING: Duration = Duration::from_millis(600);

/// What asking needs.
pub struct Asking<'a> {
    pub policy: &'a Policy,
    pub directory: &'a Directory,
    pub requests: &'a Requests,
    pub open: &'a Open,
    pub metrics: &'a Metrics,
}

/// A request that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub id: RequestId,
    pub started: Started,
}

/// Why nothing was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAsked {
    Problem(PreflightProblem),
    /// Temporal does not answer. It may be asked again: nothing happens twice.
    NoAnswer,
    /// The same submission was taken before, as another request than this.
    Changed(RequestId),
}

/// Starts a request; `digest` is of what is unique to the submission.
///
/// # Errors
/// Why no request was started.
pub async fn ask(asking: &Asking<'_>, digest: &str, request: &ProvisionRequest) -> Result<Asked, NotAsked> {
    let id = RequestId::new(&request.application_name, digest);
    if let Err(problem) = judge(asking, request).await {
        // What was taken before stays taken, whatever the file says by now.
        return taken_before(asking, id, request).await.unwrap_or(Err(NotAsked::Problem(problem)));
    }
    has_room(asking, request, &id).await?;
    match asking.requests.start(&id, request).await {
        Ok(Started::Now) => {
            asking.metrics.request("started");
            tracing::info!(request.id = %id, "a request was started");
            Ok(Asked { id, started: Started::Now })
        }
        Ok(Started::Before) => {
            let before = taken_before(asking, id.clone(), request).await;
            before.unwrap_or(Ok(Asked { id, started: Started::Before }))
        }
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "a request could not be started");
            Err(NotAsked::NoAnswer)
        }
    }
}

/// The request that was made of the same submission. `None`: there is none, or it cannot be
/// read.
async fn taken_before(
    asking: &Asking<'_>,
    id: RequestId,
    request: &ProvisionRequest,
) -> Option<Result<Asked, NotAsked>> {
    let sent = asking.requests.get(&id).await.ok()?;
    Some(if is_same(&sent, request) { Ok(Asked { id, started: Started::Before }) } else { Err(NotAsked::Changed(id)) })
}

/// Whether both say the same. For how long it waits is the file's word, and may have changed.
fn is_same(sent: &ProvisionRequest, request: &ProvisionRequest) -> bool {
    let timeout = sent.authorization_timeout_seconds;
    let told = sent.channel_id.clone();
    let request = ProvisionRequest { authorization_timeout_seconds: timeout, ..request.clone() };
    match client::id(&request.requester_id) {
        // And so is where a client's requests are told.
        Some(_) => *sent == ProvisionRequest { channel_id: told, ..request },
        None => *sent == request,
    }
}

/// Whether its person may have one more request open. A submission that was taken before is
/// no further one.
async fn has_room(asking: &Asking<'_>, request: &ProvisionRequest, id: &RequestId) -> Result<(), NotAsked> {
    let Some(most) = asking.policy.open_max.filter(|_| client::id(&request.requester_id).is_none()) else {
        return Ok(());
    };
    match asking.open.may_begin(&request.requester_id, id, most).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(NotAsked::Problem(PreflightProblem::TooManyOpen { most })),
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "open requests could not be counted");
            Err(NotAsked::NoAnswer)
        }
    }
}

/// The pre-flight checks. Where Slack does not answer they are left to the workflow, which
/// repeats them.
async fn judge(asking: &Asking<'_>, request: &ProvisionRequest) -> Result<(), PreflightProblem> {
    let about = asking.directory.about(asking.policy, request, Look::Lately);
    match tokio::time::timeout(asking.requests.sooner(STARTING).left(), about).await {
        Ok(Ok(known)) => asking.policy.preflight(request, &known).map(|_| ()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a request could not be judged before it starts");
            Ok(())
        }
        Err(_) => {
            tracing::warn!("Slack took too long: a request could not be judged before it starts");
            Ok(())
        }
    }
}
