//! Reading a request: how it stands, and how far the work is.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::approval::{Approval, WaitingFor};
use crate::domain::lifecycle::{Authorized, Break, FailureShown, RequestState, Status};
use crate::domain::moment::Moment;
use crate::domain::notice::{MessageRef, Notice, part};
use crate::domain::provisioning::Progress;
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::temporal::{RequestError, Requests, Seen};

/// A request, as it stands.
#[derive(Clone, Debug)]
pub struct Shown {
    pub id: RequestId,
    pub request: ProvisionRequest,
    pub state: RequestState,
    /// How far the work is, while somebody works and has said so.
    pub progress: Option<Progress>,
    /// The message that tells of it.
    pub message: Option<MessageRef>,
    /// How long its history is; 0 when it cannot change any more.
    pub events: i64,
}

/// How the request of which this was seen stands now.
///
/// # Errors
/// Where no worker answers.
pub async fn show(requests: &Requests, id: &RequestId, seen: Seen) -> Result<Shown, RequestError> {
    if let Some(state) = over(id, &seen) {
        return Ok(Shown::of(id, seen, state));
    }
    let look = requests.look(id).await?;
    let state = requests.state(id).await?;
    let progress = look.progress.filter(|_| state.is_worked_on());
    let events = if state.status.is_final() { 0 } else { look.events };
    Ok(Shown { progress, events, ..Shown::of(id, seen, state) })
}

/// The same for a row among many: only where the work goes on a worker is asked, and if it
/// does not answer, what was told last has to do. `asks`: whether it is asked at all.
pub(super) async fn row(requests: &Requests, id: &RequestId, seen: Seen, asks: &AtomicBool) -> Shown {
    if let Some(state) = over(id, &seen) {
        return Shown::of(id, seen, state);
    }
    let recorded = recorded(id, &seen);
    let may_differ = matches!(recorded.status, Status::Provisioning | Status::NeedsAttention);
    if may_differ && asks.load(Ordering::Relaxed) {
        match requests.state(id).await {
            Ok(state) => return Shown::of(id, seen, state),
            Err(error) => {
                tracing::warn!(request.id = %id, %error, "a request is listed as people were told last");
                asks.store(false, Ordering::Relaxed);
            }
        }
    }
    Shown::of(id, seen, recorded)
}

impl Shown {
    fn of(id: &RequestId, seen: Seen, state: RequestState) -> Self {
        let message = seen.told.as_ref().and_then(|told| told.conversation.0.get(part::ROOT).cloned());
        Self { id: id.clone(), request: seen.request, state, progress: None, message, events: 0 }
    }
}

/// How a request stands that cannot change any more: no worker is needed to tell.
fn over(id: &RequestId, seen: &Seen) -> Option<RequestState> {
    match (&seen.result, seen.broken) {
        (Some(state), _) => Some(state.clone()),
        (None, Some(how)) => Some(broken(recorded(id, seen), how)),
        (None, None) => None,
    }
}

/// How a request stood when people were told of it last.
fn recorded(id: &RequestId, seen: &Seen) -> RequestState {
    let told = seen.told.as_ref();
    let status = told.map_or(Status::PreFlight, |told| told.notice.status());
    let waits = status == Status::AwaitingAuthorization;
    let mut approval = Approval::by(&seen.request.authorizer_id);
    if let Some(until) = told.and_then(|told| told.notice.expires_at()).map(Moment) {
        approval.open(until, None);
    }
    let at = Moment(seen.told_at);
    let authorization = told.and_then(|told| told.subject.authorization.as_ref());
    RequestState {
        request_id: id.to_string(),
        status,
        round: told.map_or(1, |told| told.subject.round),
        waiting_for: waits.then(|| match told.map(|told| &told.notice) {
            Some(Notice::Planning(_)) => WaitingFor::Plan,
            _ => approval.waiting_for(),
        }),
        deadline: approval.deadline().filter(|_| waits),
        offer: approval.offer,
        steps: approval.steps,
        question: None,
        counter: None,
        authorization: authorization.filter(|_| !waits).map(|it| Authorized::new(it, at)),
        resources: None,
        failure: None,
    }
}

/// Whoever ended its workflow from outside, nothing will come of it any more.
fn broken(state: RequestState, how: Break) -> RequestState {
    let cause = match how {
        Break::Terminated => "It was ended by an operator.",
        Break::TimedOut => "The time that was set for it is over.",
        Break::Failed | Break::Other => "It ended before it was done.",
    };
    let advice = match state.status {
        Status::Provisioning | Status::NeedsAttention => "Look for what it has built, and remove that by hand.",
        _ => "Ask again.",
    };
    let failure = FailureShown { step: None, cause: cause.to_owned(), advice: advice.to_owned() };
    RequestState { status: Status::Failed, waiting_for: None, deadline: None, failure: Some(failure), ..state }
}
