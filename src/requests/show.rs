//! Reading a request: how it stands, and how far the work is.

use crate::domain::lifecycle::{Break, FailureShown, RequestState, Status};
use crate::domain::notice::{MessageRef, part};
use crate::domain::provisioning::Progress;
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::temporal::{Execution, RequestError, Requests, Seen};

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
    let message = seen.told.as_ref().and_then(|told| told.conversation.0.get(part::ROOT).cloned());
    let (id, request) = (id.clone(), seen.request);
    if let Some(state) = seen.result {
        return Ok(Shown { id, request, state, progress: None, message, events: 0 });
    }
    let look = requests.look(&id).await?;
    let mut state = requests.state(&id).await?;
    if let Execution::Broken(how) = look.execution
        && !state.status.is_final()
    {
        state = broken(state, how);
    }
    let progress = look.progress.filter(|_| state.status == Status::Provisioning);
    let events = if state.status.is_final() { 0 } else { look.events };
    Ok(Shown { id, request, state, progress, message, events })
}

/// Whoever ended its workflow from outside, nothing will come of it any more.
fn broken(state: RequestState, how: Break) -> RequestState {
    let cause = match how {
        Break::Terminated => "It was ended in Temporal.",
        Break::TimedOut => "The time that was set for it in Temporal is over.",
        Break::Failed | Break::Other => "Its workflow ended before it was done.",
    };
    let advice = match state.status {
        Status::Provisioning | Status::NeedsAttention => "Look for what it has built, and remove that by hand.",
        _ => "Ask again.",
    };
    let failure = FailureShown { step: None, cause: cause.to_owned(), advice: advice.to_owned() };
    RequestState { status: Status::Failed, waiting_for: None, deadline: None, failure: Some(failure), ..state }
}
