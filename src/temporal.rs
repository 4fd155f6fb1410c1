//! Temporal, as the rest of the program sees it: one connection, and what can be
//! done with a request. Every call has a deadline, since behind most of them a
//! person waits for Slack to be acknowledged.

mod leases;
mod listed;
mod look;
pub mod namespace;
mod recorded;
mod running;
mod seen;
mod statuses;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow};
use temporalio_client::envconfig::LoadClientConfigProfileOptions;
use temporalio_client::errors::{WorkflowQueryError, WorkflowStartError};
use temporalio_client::tonic::IntoRequest;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, GrpcCompression, RetryOptions, RpcOptions, WorkflowHandle,
    WorkflowIdReusePolicy, WorkflowQueryOptions, WorkflowSignalOptions, WorkflowStartOptions,
};
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeTaskQueueRequest;
use temporalio_common::{HasWorkflowDefinition, QueryDefinition};
use tokio::time::{Instant, timeout};

pub use self::listed::{Place, Stretches};
pub use self::look::Look;
pub use self::recorded::{Execution, Recorded};
pub use self::running::Running;
pub use self::seen::Seen;
pub use self::statuses::{RequestError, is_about_the_namespace};
use self::statuses::{is_queue_full, no_answer, of_interaction, of_query, of_request};
use crate::codec::Codec;
use crate::domain::act::Act;
use crate::domain::lifecycle::RequestState;
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::verdict::Verdict;
use crate::traces;
use crate::workflow::{Lenient, ProvisionApplication, TASK_QUEUE};

/// How long a call may take, with its retries, when nobody said until when
/// ([`Requests::until`]).
const CALL: Duration = Duration::from_millis(1_000);
/// A query needs a live worker; without one it would hang, whoever waits.
const QUERY: Duration = Duration::from_millis(1_500);
const QUERY_AGAIN: Duration = Duration::from_millis(30);
/// How long a worker may be silent about a workflow task before it is handed out
/// again: for that long a request stands still when its worker died. Half of the
/// server's default, and longer than an attempt of the pre-flight checks, which run
/// within such a task.
const WORKFLOW_TASK: Duration = Duration::from_secs(5);
/// Connecting has no deadline of its own.
const CONNECT: Duration = Duration::from_secs(5);

/// Connects as Temporal's own environment configuration says. Tries once.
pub async fn connect(identity: &str, codec: &Codec) -> anyhow::Result<Client> {
    let (mut connection, mut client) = load()?;
    client.data_converter = codec.data_converter();
    connection.identity = identity.to_owned();
    // What is sent is small, and compressing it costs either end more than sending it.
    connection.grpc_compression = GrpcCompression::None;
    let target = connection.target.to_string();
    let connection = tokio::time::timeout(CONNECT, Connection::connect(connection))
        .await
        .map_err(|_| anyhow!("Temporal at {target} does not answer"))?
        .with_context(|| format!("Temporal at {target} cannot be reached"))?;
    Ok(Client::new(connection, client)?)
}

/// What Temporal's environment configuration (`TEMPORAL_*`, `temporal.toml`) says.
pub fn load() -> anyhow::Result<(ConnectionOptions, ClientOptions)> {
    // The error is not `Send`, so it is told as text.
    ClientOptions::load_from_config(LoadClientConfigProfileOptions::default())
        .map_err(|error| anyhow!("the TEMPORAL_* settings: {error}"))
}

/// The workflow, as the SDK's macros name it.
type Run = <ProvisionApplication as HasWorkflowDefinition>::Run;

/// The requests, by ID.
///
/// Temporal may come up after the bot: until [`Requests::connected`] is called,
/// every call answers [`RequestError::NoAnswer`].
#[derive(Clone, Default)]
pub struct Requests {
    client: Arc<OnceLock<Client>>,
    /// Why there is no client yet.
    waits: Arc<Mutex<String>>,
    /// When whoever waits for an answer has to have it.
    until: Option<Instant>,
}

/// Whether a request was started, or had been before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    Now,
    Before,
}

impl Requests {
    /// Temporal is there. Only the first call counts: a client heals by itself.
    pub fn connected(&self, client: Client) {
        let _ = self.client.set(client);
    }

    /// Temporal cannot be used yet, for this reason.
    pub fn waits(&self, why: &str) {
        why.clone_into(&mut self.waits.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The same requests, for somebody who waits until then and no longer. A call may
    /// take all of that: each may be made again, so the only thing that is worse than a
    /// late answer is none.
    pub fn until(&self, deadline: Instant) -> Self {
        Self { until: Some(deadline), ..self.clone() }
    }

    /// The client, once connected.
    pub fn client(&self) -> Result<&Client, RequestError> {
        self.client.get().ok_or_else(|| {
            let why = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
            let why = if why.is_empty() { "not connected yet" } else { &**why };
            RequestError::NoAnswer(why.to_owned())
        })
    }

    /// The same requests, with this much less time.
    pub fn sooner(&self, by: Duration) -> Self {
        Self { until: self.until.and_then(|until| until.checked_sub(by)), ..self.clone() }
    }

    /// How long the next call may take.
    pub fn left(&self) -> Duration {
        self.until.map_or(CALL, |until| until.saturating_duration_since(Instant::now()))
    }

    /// The same for a call of the SDK's, which repeats what fails within that time. What
    /// is repeated keeps its ID, so that it happens once.
    fn in_time(&self) -> RpcOptions {
        let left = self.left();
        let retry = RetryOptions::builder().max_elapsed_time(Some(left)).build();
        RpcOptions::builder().timeout(left).retry_options(retry).build()
    }

    async fn answer<T>(&self, call: impl Future<Output = Result<T, RequestError>>) -> Result<T, RequestError> {
        let answer = timeout(self.left(), call).await;
        answer.unwrap_or_else(|_| Err(RequestError::NoAnswer("no answer in time".to_owned())))
    }

    fn handle(&self, id: &RequestId) -> Result<WorkflowHandle<Client, ProvisionApplication>, RequestError> {
        Ok(self.client()?.get_workflow_handle::<ProvisionApplication>(id.as_str()))
    }

    /// Starts the workflow of a request. Its ID is the lock: a second start, also
    /// after the first has ended, starts nothing.
    pub async fn start(&self, id: &RequestId, request: &ProvisionRequest) -> Result<Started, RequestError> {
        let options = WorkflowStartOptions::new(TASK_QUEUE, id.as_str())
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .task_timeout(WORKFLOW_TASK)
            .rpc_options(self.in_time())
            .build();
        let start = self.client()?.start_workflow(ProvisionApplication::run, Lenient::of(request.clone()), options);
        let started = async {
            match start.await {
                Ok(_) => Ok(Started::Now),
                Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(Started::Before),
                Err(WorkflowStartError::Rpc(status)) => Err(no_answer(&status)),
                Err(error) => Err(RequestError::NoAnswer(error.to_string())),
            }
        };
        traces::within(traces::call("StartWorkflow"), self.answer(started)).await
    }

    /// Sends what somebody does with a request. What has the same `once` counts once, however
    /// often it is sent.
    pub async fn act(&self, id: &RequestId, act: Act, once: Option<String>) -> Result<(), RequestError> {
        let options = WorkflowSignalOptions::builder().rpc_options(self.in_time());
        let options = match once {
            Some(once) => options.request_id(once).build(),
            None => options.build(),
        };
        let handle = self.handle(id)?;
        let signal = handle.signal(ProvisionApplication::act, Lenient::of(act), options);
        let signal = self.answer(async { signal.await.map_err(of_interaction) });
        traces::within(traces::call("SignalWorkflow:act"), signal).await
    }

    /// Where a request stands. Needs a live worker; ended requests answer too.
    pub async fn state(&self, id: &RequestId) -> Result<RequestState, RequestError> {
        self.query(id, || ProvisionApplication::state, || ()).await
    }

    /// What came of an act with this key; `None`: that is not known yet, or not any more.
    pub async fn verdict(&self, id: &RequestId, key: &str) -> Result<Option<Verdict>, RequestError> {
        self.query(id, || ProvisionApplication::verdict, || Lenient::of(key.to_owned())).await
    }

    async fn query<Q>(
        &self,
        id: &RequestId,
        query: impl Fn() -> Q,
        input: impl Fn() -> Q::Input,
    ) -> Result<Q::Output, RequestError>
    where
        Q: QueryDefinition<Workflow = Run>,
        Q::Input: Send,
    {
        // Who has time is patient with a worker that is busy.
        let within = self.until.map_or(QUERY, |_| self.left());
        let ask = async {
            loop {
                match self.query_once(id, query(), input()).await {
                    // Those of simultaneous clicks are asked again at once, where the
                    // client's own policy would wait longer than we have.
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

    async fn query_once<Q>(&self, id: &RequestId, query: Q, input: Q::Input) -> Result<Q::Output, WorkflowQueryError>
    where
        Q: QueryDefinition<Workflow = Run>,
        Q::Input: Send,
    {
        let once =
            RpcOptions::builder().timeout(QUERY.max(self.left())).retry_options(RetryOptions::no_retries()).build();
        let options = WorkflowQueryOptions::builder().rpc_options(once).build();
        let handle = self.handle(id).map_err(|error| WorkflowQueryError::Other(error.into()))?;
        handle.query(query, input, options).await
    }

    /// Why Temporal does not answer for the queue of the workflows; `None`: it does. Who
    /// polls it is not asked: of the server's partitions of a queue it names the pollers of
    /// the first alone, and among several processes that may be none of ours.
    pub async fn problem(&self, within: Duration) -> Option<String> {
        let client = match self.client() {
            Ok(client) => client,
            Err(RequestError::NoAnswer(why)) => return Some(why),
            Err(error) => return Some(error.to_string()),
        };
        let mut call = DescribeTaskQueueRequest {
            namespace: client.options().namespace.clone(),
            task_queue: Some(TaskQueue { name: TASK_QUEUE.to_owned(), ..Default::default() }),
            ..Default::default()
        }
        .into_request();
        call.set_timeout(within);
        let mut service = client.connection().workflow_service();
        match timeout(within, service.describe_task_queue(call)).await {
            Ok(Ok(_)) => None,
            Ok(Err(status)) => Some(status.message().to_owned()),
            Err(_) => Some("no answer within a second".to_owned()),
        }
    }
}
