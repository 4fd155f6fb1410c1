//! Which requests go on, as Temporal's index knows: it is a second or more behind.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use temporalio_client::tonic::{Code, Status};
use temporalio_common::protos::temporal::api::common::v1::SearchAttributes;
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CountWorkflowExecutionsRequest, ListWorkflowExecutionsRequest,
};

use super::statuses::no_answer;
use super::{IntoRequest, RequestError, Requests};
use crate::domain::request::RequestId;
use crate::traces;
use crate::workflow::{WORKFLOW_TYPE, search_attributes};

/// Requests of a page.
const PAGE: i32 = 1_000;

/// A request that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub id: String,
    /// When it began by the server's clock, in nanoseconds of Unix time.
    pub start: u128,
    /// Who made it, where the namespace has the search attribute.
    pub requester: Option<String>,
}

impl Requests {
    /// Every request that goes on and may be this person's: those of which the index
    /// does not say whose they are among them.
    pub async fn running(&self, person: &str) -> Result<Vec<Running>, RequestError> {
        let all = format!("WorkflowType = '{WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'");
        // Whoever starts a workflow may name anybody: what is no ID is not quoted here.
        if !person.is_empty() && person.chars().all(|c| c.is_ascii_alphanumeric()) {
            let requester = search_attributes::REQUESTER;
            let mine = format!("{all} AND ({requester} = '{person}' OR {requester} IS NULL)");
            match self.list(&mine).await {
                // The namespace has no such attribute.
                Err(RequestError::NotFound) => {}
                listed => return listed,
            }
        }
        self.list(&all).await
    }

    pub(super) async fn list(&self, query: &str) -> Result<Vec<Running>, RequestError> {
        let client = self.client()?;
        let (mut running, mut next) = (Vec::new(), Vec::new());
        loop {
            let mut call = ListWorkflowExecutionsRequest {
                namespace: client.options().namespace.clone(),
                page_size: PAGE,
                next_page_token: next,
                query: query.to_owned(),
            }
            .into_request();
            call.set_timeout(self.left());
            let mut service = client.connection().workflow_service();
            let read = async { service.list_workflow_executions(call).await.map_err(|status| unlisted(&status)) };
            let read = self.answer(read);
            let answer = traces::within(traces::call("ListWorkflowExecutions"), read).await?.into_inner();
            running.extend(answer.executions.into_iter().map(Running::from));
            next = answer.next_page_token;
            if next.is_empty() {
                return Ok(running);
            }
        }
    }

    /// How many requests that began more than `older_than` seconds ago have not
    /// ended, as far as Temporal's index knows: it is seconds behind.
    pub async fn open(&self, older_than: i64) -> Result<i64, RequestError> {
        let client = self.client()?;
        let mut query = format!("WorkflowType = '{WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'");
        if older_than > 0 {
            let before = Timestamp::from_second(now() - older_than).unwrap_or_default();
            query += &format!(" AND StartTime < '{before}'");
        }
        let mut call =
            CountWorkflowExecutionsRequest { namespace: client.options().namespace.clone(), query }.into_request();
        call.set_timeout(self.left());
        let mut service = client.connection().workflow_service();
        let count = async { service.count_workflow_executions(call).await.map_err(|status| no_answer(&status)) };
        Ok(self.answer(count).await?.into_inner().count)
    }

    /// When a request began, in nanoseconds of Unix time.
    pub async fn began(&self, id: &RequestId) -> Result<u128, RequestError> {
        Ok(start(&self.describe(id).await?.workflow_execution_info.unwrap_or_default()))
    }
}

#[expect(clippy::disallowed_methods, reason = "the age of a request is told from outside its workflow")]
fn now() -> i64 {
    Timestamp::now().as_second()
}

/// A query that the server does not understand names an attribute that it does not have.
fn unlisted(status: &Status) -> RequestError {
    match status.code() {
        Code::InvalidArgument => RequestError::NotFound,
        _ => no_answer(status),
    }
}

impl From<WorkflowExecutionInfo> for Running {
    fn from(info: WorkflowExecutionInfo) -> Self {
        Self {
            start: start(&info),
            requester: info.search_attributes.as_ref().and_then(requester),
            id: info.execution.unwrap_or_default().workflow_id,
        }
    }
}

fn requester(attributes: &SearchAttributes) -> Option<String> {
    serde_json::from_slice(&attributes.indexed_fields.get(search_attributes::REQUESTER)?.data).ok()
}

fn start(info: &WorkflowExecutionInfo) -> u128 {
    let at: Option<SystemTime> = info.start_time.and_then(|at| at.try_into().ok());
    at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos())
}
