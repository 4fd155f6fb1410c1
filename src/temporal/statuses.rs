//! What the statuses of gRPC mean for a request. The server may be of any version, and
//! behind any proxy: what is not known for sure is no answer, and is tried again.

use temporalio_client::errors::{WorkflowInteractionError, WorkflowQueryError};
use temporalio_client::tonic::{Code, Status};

/// Why nothing could be done with a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("there is no such request")]
    NotFound,
    #[error("the request has ended")]
    Ended,
    /// The call may still be carried out. Every call here may be made again.
    #[error("Temporal does not answer: {0}")]
    NoAnswer(String),
}

/// An ended workflow and an unknown one are told apart by the message alone, and a
/// namespace that is not there from both by the details and the message.
pub fn of_request(status: &Status) -> RequestError {
    let said = status.message().to_lowercase();
    match status.code() {
        Code::NotFound if is_about_the_namespace(status) => no_answer(status),
        Code::NotFound if said.contains("already completed") => RequestError::Ended,
        Code::NotFound if said.contains("workflow") => RequestError::NotFound,
        _ => no_answer(status),
    }
}

/// Whether a namespace is not there, or not usable.
pub fn is_about_the_namespace(status: &Status) -> bool {
    /// `NamespaceNotFoundFailure` and its kin.
    const KIN: &[u8] = b"temporal.api.errordetails.v1.Namespace";
    let said = status.message().to_lowercase();
    status.details().windows(KIN.len()).any(|part| part == KIN) || said.starts_with("namespace ")
}

pub fn no_answer(status: &Status) -> RequestError {
    RequestError::NoAnswer(format!("{:?}: {}", status.code(), status.message()))
}

pub fn of_interaction(error: WorkflowInteractionError) -> RequestError {
    match error {
        WorkflowInteractionError::NotFound(status) | WorkflowInteractionError::Rpc(status) => of_request(&status),
        other => RequestError::NoAnswer(other.to_string()),
    }
}

pub fn of_query(error: WorkflowQueryError) -> RequestError {
    match error {
        WorkflowQueryError::NotFound(status) | WorkflowQueryError::Rpc(status) => of_request(&status),
        other => RequestError::NoAnswer(other.to_string()),
    }
}

/// The server queues few queries for a workflow: one that found no place is asked again.
pub fn is_queue_full(error: &WorkflowQueryError) -> bool {
    matches!(error, WorkflowQueryError::Rpc(status) if status.code() == Code::ResourceExhausted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_of_a_workflow_says_that_there_is_none() {
        let not_found = |message: &str| of_request(&Status::not_found(message));
        for message in ["workflow not found for ID: x", "Workflow execution not found", "workflow execution is gone"] {
            assert_eq!(not_found(message), RequestError::NotFound, "{message}");
        }
        assert_eq!(not_found("workflow execution already completed"), RequestError::Ended);
        for message in ["", "Namespace prod is not found.", "namespace workflow is not found", "no route", "404"] {
            assert!(matches!(not_found(message), RequestError::NoAnswer(_)), "{message}");
        }
        let details = b"\x1a)type.googleapis.com/temporal.api.errordetails.v1.NamespaceNotFoundFailure";
        let gone = Status::with_details(Code::NotFound, "workflow?", details.to_vec().into());
        assert!(matches!(of_request(&gone), RequestError::NoAnswer(_)));
    }

    #[test]
    fn every_other_status_is_no_answer() {
        for code in (0..=16).chain([17, 99]).map(Code::from_i32).filter(|code| *code != Code::NotFound) {
            for message in ["workflow execution already completed", "workflow not found", "who knows"] {
                let error = of_request(&Status::new(code, message));
                assert!(matches!(error, RequestError::NoAnswer(_)), "{code:?}: {message}");
            }
        }
    }
}
