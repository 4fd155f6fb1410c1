//! What the history of a request says of itself. Reading it needs no worker, no memo
//! and no action, whoever started the workflow, and an ended request has one as well.

use temporalio_common::data_converters::{SerializationContextData, TemporalDeserializable};
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads, WorkflowExecution};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse, GetWorkflowExecutionHistoryRequest,
};

use super::{IntoRequest, RequestError, Requests, of_request};
use crate::domain::lifecycle::Break;
use crate::domain::notice::Notification;
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::Rules;
use crate::traces;
use crate::workflow::Lenient;
use crate::workflow::calls::NOTIFY;
use crate::workflow::payload::Unread;

/// Events among which the first notice of nearly every request is.
const BEGINNING: i32 = 12;
/// Events of a page, where more is looked through.
pub(super) const PAGE: i32 = 1_000;

/// How the execution of a request's workflow stands, as the server knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// It goes on, or nothing is known to the contrary.
    Open,
    /// It came to its own end, and its state tells which.
    Completed,
    /// It was ended before its end: its state tells where it stood then.
    Broken(Break),
}

impl Execution {
    /// A status that nobody thought of ends nothing: what is sent to a workflow that
    /// has ended is refused anyway.
    pub(super) fn of(status: i32) -> Self {
        match WorkflowExecutionStatus::try_from(status) {
            Ok(WorkflowExecutionStatus::Completed) => Self::Completed,
            Ok(WorkflowExecutionStatus::Terminated) => Self::Broken(Break::Terminated),
            Ok(WorkflowExecutionStatus::TimedOut) => Self::Broken(Break::TimedOut),
            Ok(WorkflowExecutionStatus::Failed) => Self::Broken(Break::Failed),
            Ok(WorkflowExecutionStatus::Canceled | WorkflowExecutionStatus::ContinuedAsNew) => {
                Self::Broken(Break::Other)
            }
            _ => Self::Open,
        }
    }
}

/// A request as it was made, and by what it is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub request: ProvisionRequest,
    /// `None` until somebody was told of the request.
    pub rules: Option<Rules>,
}

impl Requests {
    /// The request as it was made.
    pub async fn get(&self, id: &RequestId) -> Result<ProvisionRequest, RequestError> {
        let first = self.page(id, 1, Vec::new()).await?.0.into_iter().next();
        self.made(first).await
    }

    /// The request as it was made, and the rules that were recorded with it.
    pub async fn recorded(&self, id: &RequestId) -> Result<Recorded, RequestError> {
        let (mut events, mut next) = self.page(id, BEGINNING, Vec::new()).await?;
        let request = self.made(events.first().cloned()).await?;
        loop {
            if let Some(input) = events.into_iter().find_map(notified) {
                let told: Option<Notification> = self.read(input).await?;
                return Ok(Recorded { request, rules: told.and_then(|told| told.subject.rules) });
            }
            if next.is_empty() {
                return Ok(Recorded { request, rules: None });
            }
            (events, next) = self.page(id, PAGE, next).await?;
        }
    }

    /// How the execution stands.
    pub async fn execution(&self, id: &RequestId) -> Result<Execution, RequestError> {
        let described = self.describe(id).await?;
        Ok(Execution::of(described.workflow_execution_info.unwrap_or_default().status))
    }

    /// What the server knows of the latest run.
    pub(super) async fn describe(&self, id: &RequestId) -> Result<DescribeWorkflowExecutionResponse, RequestError> {
        let client = self.client()?;
        let namespace = client.options().namespace.clone();
        let mut call = DescribeWorkflowExecutionRequest { namespace, execution: Some(latest_run(id)) }.into_request();
        call.set_timeout(self.left());
        let mut service = client.connection().workflow_service();
        let read = async { service.describe_workflow_execution(call).await.map_err(|status| of_request(&status)) };
        let read = self.answer(read);
        Ok(traces::within(traces::call("DescribeWorkflowExecution"), read).await?.into_inner())
    }

    /// A page of a history, and the token of the next one.
    pub(super) async fn page(
        &self,
        id: &RequestId,
        size: i32,
        token: Vec<u8>,
    ) -> Result<(Vec<HistoryEvent>, Vec<u8>), RequestError> {
        let client = self.client()?;
        let mut call = GetWorkflowExecutionHistoryRequest {
            namespace: client.options().namespace.clone(),
            execution: Some(latest_run(id)),
            maximum_page_size: size,
            next_page_token: token,
            ..Default::default()
        }
        .into_request();
        call.set_timeout(self.left());
        let mut service = client.connection().workflow_service();
        let read = async { service.get_workflow_execution_history(call).await.map_err(|status| of_request(&status)) };
        let read = self.answer(read);
        let answer = traces::within(traces::call("GetWorkflowExecutionHistory"), read).await?.into_inner();
        Ok((answer.history.unwrap_or_default().events, answer.next_page_token))
    }

    /// The input of the workflow, from its first event.
    async fn made(&self, first: Option<HistoryEvent>) -> Result<ProvisionRequest, RequestError> {
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = first.and_then(|e| e.attributes)
        else {
            return Err(RequestError::NotFound);
        };
        self.read(started.input.unwrap_or_default()).await?.ok_or(RequestError::NotFound)
    }

    /// What a payload holds; `None` if it is something else.
    pub(super) async fn read<T>(&self, payloads: Payloads) -> Result<Option<T>, RequestError>
    where
        Lenient<T>: TemporalDeserializable + 'static,
    {
        let converter = &self.client()?.options().data_converter;
        let payloads: Vec<Payload> = payloads.payloads;
        let read: Lenient<T> = converter
            .from_payloads(&SerializationContextData::None, payloads)
            .await
            .map_err(|error| RequestError::NoAnswer(error.to_string()))?;
        match read.0 {
            Ok(value) => Ok(Some(value)),
            Err(Unread::Wrong(_)) => Ok(None),
            // Another copy may have the key.
            Err(why) => Err(RequestError::NoAnswer(why.to_string())),
        }
    }
}

fn latest_run(id: &RequestId) -> WorkflowExecution {
    WorkflowExecution { workflow_id: id.to_string(), run_id: String::new() }
}

/// The input of `notify`, where an event schedules that.
pub(super) fn notified(event: HistoryEvent) -> Option<Payloads> {
    match event.attributes? {
        Attributes::ActivityTaskScheduledEventAttributes(it) if it.activity_type.as_ref()?.name == NOTIFY => it.input,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_end_is_an_end() {
        use WorkflowExecutionStatus as Status;
        for (status, execution) in [
            (Status::Running as i32, Execution::Open),
            (Status::Completed as i32, Execution::Completed),
            (Status::Terminated as i32, Execution::Broken(Break::Terminated)),
            (Status::TimedOut as i32, Execution::Broken(Break::TimedOut)),
            (Status::Failed as i32, Execution::Broken(Break::Failed)),
            (Status::Canceled as i32, Execution::Broken(Break::Other)),
            (Status::ContinuedAsNew as i32, Execution::Broken(Break::Other)),
            (Status::Paused as i32, Execution::Open),
            (Status::Unspecified as i32, Execution::Open),
            (4_711, Execution::Open),
        ] {
            assert_eq!(Execution::of(status), execution, "{status}");
        }
    }
}
