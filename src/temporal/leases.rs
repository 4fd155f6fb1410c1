//! What was built, by the ID of the request that asked for it.

use temporalio_client::Client;
use temporalio_client::{RetryOptions, RpcOptions, WorkflowHandle, WorkflowQueryOptions, WorkflowSignalOptions};
use temporalio_common::{HasWorkflowDefinition, QueryDefinition};
use tokio::time::timeout;

use super::running::Running;
use super::statuses::{is_queue_full, of_interaction, of_query};
use super::{Place, QUERY, QUERY_AGAIN, RequestError, Requests};
use crate::domain::lease::act::LeaseAct;
use crate::domain::lease::judge::LeaseVerdict;
use crate::domain::lease::state::{LeaseState, Resource};
use crate::domain::request::RequestId;
use crate::traces;
use crate::workflow::lease::workflow_id;
use crate::workflow::{LEASE_TYPE, Lenient, ResourceLease, WORKFLOW_TYPE};

type Run = <ResourceLease as HasWorkflowDefinition>::Run;

impl Requests {
    fn lease(&self, id: &RequestId) -> Result<WorkflowHandle<Client, ResourceLease>, RequestError> {
        Ok(self.client()?.get_workflow_handle::<ResourceLease>(&workflow_id(id.as_str())))
    }

    /// Sends what somebody does with what was built. What has the same `once` counts once.
    pub async fn act_on_lease(&self, id: &RequestId, act: LeaseAct, once: Option<String>) -> Result<(), RequestError> {
        let options = WorkflowSignalOptions::builder().rpc_options(self.in_time());
        let options = match once {
            Some(once) => options.request_id(once).build(),
            None => options.build(),
        };
        let handle = self.lease(id)?;
        let signal = handle.signal(ResourceLease::act, Lenient::of(act), options);
        let signal = self.answer(async { signal.await.map_err(of_interaction) });
        traces::within(traces::call("SignalWorkflow:act"), signal).await
    }

    /// How it stands. Needs a live worker; what is gone answers, too.
    pub async fn lease_state(&self, id: &RequestId) -> Result<LeaseState, RequestError> {
        self.ask_lease(id, || ResourceLease::state, || ()).await?.ok_or(RequestError::NotFound)
    }

    /// What was built, for whom, and how it stands.
    pub async fn resource(&self, id: &RequestId) -> Result<Resource, RequestError> {
        self.ask_lease(id, || ResourceLease::resource, || ()).await?.ok_or(RequestError::NotFound)
    }

    /// What came of an act with this key; `None`: that is not known yet, or not any more.
    pub async fn lease_verdict(&self, id: &RequestId, key: &str) -> Result<Option<LeaseVerdict>, RequestError> {
        self.ask_lease(id, || ResourceLease::verdict, || Lenient::of(key.to_owned())).await
    }

    /// The requests whose resources are there, the newest first, as Temporal's index knows: it is
    /// a second or more behind.
    pub async fn leases(&self) -> Result<Vec<Place>, RequestError> {
        let running = self.list(&format!("WorkflowType = '{LEASE_TYPE}' AND ExecutionStatus = 'Running'")).await?;
        let place = |it: &Running| Some(Place { start: it.start, id: it.id.strip_suffix(".lease")?.to_owned() });
        let mut places: Vec<_> = running.iter().filter_map(place).collect();
        places.sort_by(|a, b| b.cmp(a));
        Ok(places)
    }

    /// The requests that are not over, as Temporal's index knows.
    pub async fn going_on(&self) -> Result<Vec<RequestId>, RequestError> {
        let running = self.list(&format!("WorkflowType = '{WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'")).await?;
        Ok(running.iter().filter_map(|it| RequestId::parse(&it.id)).collect())
    }

    async fn ask_lease<Q>(
        &self,
        id: &RequestId,
        query: impl Fn() -> Q,
        input: impl Fn() -> Q::Input,
    ) -> Result<Q::Output, RequestError>
    where
        Q: QueryDefinition<Workflow = Run>,
        Q::Input: Send,
    {
        let within = self.until.map_or(QUERY, |_| self.left());
        let ask = async {
            loop {
                let once = RpcOptions::builder().timeout(QUERY.max(self.left()));
                let once = once.retry_options(RetryOptions::no_retries()).build();
                let options = WorkflowQueryOptions::builder().rpc_options(once).build();
                match self.lease(id)?.query(query(), input(), options).await {
                    Err(error) if is_queue_full(&error) => tokio::time::sleep(QUERY_AGAIN).await,
                    answer => return answer.map_err(of_query),
                }
            }
        };
        let answer = async {
            let answer = timeout(within, ask).await;
            answer.unwrap_or_else(|_| Err(RequestError::NoAnswer("no worker answered in time".to_owned())))
        };
        traces::within(traces::call(&format!("QueryWorkflow:{}", query().name())), answer).await
    }
}
