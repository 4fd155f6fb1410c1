//! Temporal without the bot: start, signal, query and read whatever anybody
//! could, with payloads of any shape.

mod looking;

use std::time::Duration;

use prost::Message;
use serde_json::{Value, json};
use slack_simulator::PATIENCE;
use temporalio_client::tonic::{Code, IntoRequest, Status};
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, UntypedWorkflow};
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads, WorkflowExecution, WorkflowType};
use temporalio_common::protos::temporal::api::enums::v1::{
    HistoryEventFilterType, ResetReapplyExcludeType, RoutingConfigUpdateState, WorkflowExecutionStatus,
};
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::protos::temporal::api::failure::v1::{ApplicationFailureInfo, Failure};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::query::v1::WorkflowQuery;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::testservice::v1::SleepRequest;
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkerDeploymentRequest, DescribeWorkflowExecutionRequest, GetWorkflowExecutionHistoryRequest,
    ListWorkflowExecutionsRequest, QueryWorkflowRequest, RequestCancelWorkflowExecutionRequest,
    ResetWorkflowExecutionRequest, RespondActivityTaskFailedByIdRequest, SignalWorkflowExecutionRequest,
    StartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
};
use tokio::time::{Instant, timeout};

use crate::world::{LOOK_AGAIN, Scene, eventually};

/// How long a workflow may take to its end: undoing waits a minute for a queue that nobody
/// polls, behind whatever a test did before.
const END_WITHIN: Duration = Duration::from_secs(180);
/// The contract's names.
const TASK_QUEUE: &str = "provision-bot";
const WORKFLOW_TYPE: &str = "ProvisionApplication";

#[derive(Clone)]
pub struct Temporal {
    connection: Connection,
    namespace: String,
}

/// A JSON payload, as every SDK writes it.
pub fn json_payload(value: &Value) -> Payload {
    Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data: value.to_string().into_bytes(),
        ..Default::default()
    }
}

/// The input of the workflow, for a scene.
pub fn input(scene: &Scene, application: &str) -> Value {
    json!({
        "applicationName": application, "teamId": scene.team, "requesterId": scene.alice.id(),
        "authorizerId": scene.bob.id(), "blueprint": "bucket", "justification": "Because",
        "channelId": scene.channel, "authorizationTimeoutSeconds": 120,
    })
}

/// A good decision of a scene's authorizer.
pub fn approval(scene: &Scene) -> Value {
    json!({
        "decision": "approve", "region": "us-east-1", "profile": "sandbox", "decidedBy": scene.bob.id(), "reason": null,
    })
}

impl Temporal {
    pub async fn connect(address: &str, namespace: &str) -> Self {
        let url: url::Url = format!("http://{address}").parse().unwrap();
        let connection = Connection::connect(ConnectionOptions::new(url).build()).await.unwrap();
        Self { connection, namespace: namespace.to_owned() }
    }

    pub async fn start(&self, id: &str, input: &Value) {
        self.start_raw(id, vec![json_payload(input)]).await.unwrap();
    }

    pub async fn start_raw(&self, id: &str, payloads: Vec<Payload>) -> Result<(), Status> {
        self.start_as(id, payloads, None).await
    }

    /// A workflow that Temporal ends after this time.
    pub async fn start_for(&self, id: &str, input: &Value, time: Duration) {
        self.start_as(id, vec![json_payload(input)], Some(time)).await.unwrap();
    }

    async fn start_as(&self, id: &str, payloads: Vec<Payload>, time: Option<Duration>) -> Result<(), Status> {
        let request = StartWorkflowExecutionRequest {
            workflow_execution_timeout: time.map(|time| time.try_into().unwrap()),
            namespace: self.namespace.clone(),
            workflow_id: id.into(),
            workflow_type: Some(WorkflowType { name: WORKFLOW_TYPE.into() }),
            task_queue: Some(TaskQueue { name: TASK_QUEUE.into(), ..Default::default() }),
            input: Some(Payloads { payloads }),
            request_id: format!("start-{id}"),
            ..Default::default()
        };
        self.connection.workflow_service().start_workflow_execution(request.into_request()).await?;
        Ok(())
    }

    pub async fn signal(&self, id: &str, value: &Value) {
        self.signal_raw(id, "authorize", vec![json_payload(value)]).await.unwrap();
    }

    /// Sends the signal `act`.
    pub async fn act(&self, id: &str, value: &Value) {
        self.signal_raw(id, "act", vec![json_payload(value)]).await.unwrap();
    }

    pub async fn signal_raw(&self, id: &str, name: &str, payloads: Vec<Payload>) -> Result<(), Status> {
        let request = SignalWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: Some(execution(id)),
            signal_name: name.into(),
            input: Some(Payloads { payloads }),
            ..Default::default()
        };
        self.connection.workflow_service().signal_workflow_execution(request.into_request()).await?;
        Ok(())
    }

    pub async fn cancel(&self, id: &str) {
        let request = RequestCancelWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: Some(execution(id)),
            ..Default::default()
        };
        self.connection.workflow_service().request_cancel_workflow_execution(request.into_request()).await.unwrap();
    }

    /// Ends a workflow at once, as an operator may.
    pub async fn terminate(&self, id: &str) {
        let request = TerminateWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: Some(execution(id)),
            reason: "an operator's reason".into(),
            ..Default::default()
        };
        self.connection.workflow_service().terminate_workflow_execution(request.into_request()).await.unwrap();
    }

    /// Begins a workflow anew at its first step, as an operator may; without the signals
    /// that came since.
    pub async fn reset(&self, id: &str) {
        self.reset_as(id, vec![ResetReapplyExcludeType::Signal.into()]).await;
    }

    /// The same, and what was signalled is signalled again.
    pub async fn reset_with_signals(&self, id: &str) {
        self.reset_as(id, Vec::new()).await;
    }

    async fn reset_as(&self, id: &str, without: Vec<i32>) {
        let history = self.history(id).await;
        let events = history["events"].as_array().unwrap();
        let has = |event: &&Value, kind: &str| event["attributes"].get(kind).is_some();
        let first = events.iter().find(|event| has(event, "WorkflowTaskCompletedEventAttributes")).unwrap();
        let number = &first["event_id"];
        let request = ResetWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: Some(execution(id)),
            reason: "an operator's reason".into(),
            workflow_task_finish_event_id: number.as_i64().or_else(|| number.as_str()?.parse().ok()).unwrap(),
            request_id: format!("reset-{}", std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos()),
            reset_reapply_exclude_types: without,
            ..Default::default()
        };
        self.connection.workflow_service().reset_workflow_execution(request.into_request()).await.unwrap();
    }

    /// Waits until a request that waits for its authorizer has told what there is to tell.
    pub async fn told(&self, id: &str) {
        eventually(&format!("{id} to have told"), async || {
            let history = self.history(id).await;
            let events = history["events"].as_array()?;
            let count = |kind: &str| events.iter().filter(|event| event["attributes"].get(kind).is_some()).count();
            let told = count("ActivityTaskCompletedEventAttributes");
            (told > 0 && told == count("ActivityTaskScheduledEventAttributes")).then_some(())
        })
        .await;
    }

    /// The answer of the query `state`. A workflow takes one question at a time while its
    /// worker is busy; whoever comes second asks again, as the bot does.
    pub async fn state(&self, id: &str) -> Result<Value, Status> {
        let answered = async || match self.state_once(id).await {
            Err(status) if status.code() == Code::ResourceExhausted => None,
            answer => Some(answer),
        };
        eventually(&format!("an answer about {id}"), answered).await
    }

    async fn state_once(&self, id: &str) -> Result<Value, Status> {
        let query = WorkflowQuery { query_type: "state".into(), ..Default::default() };
        let mut request = QueryWorkflowRequest {
            namespace: self.namespace.clone(),
            execution: Some(execution(id)),
            query: Some(query),
            ..Default::default()
        }
        .into_request();
        request.set_timeout(PATIENCE);
        let answer = self.connection.workflow_service().query_workflow(request).await?.into_inner();
        let payloads = answer.query_result.unwrap_or_default().payloads;
        Ok(serde_json::from_slice(&payloads[0].data).unwrap())
    }

    /// Waits until the query says this status.
    pub async fn wait_for(&self, id: &str, status: &str) -> Value {
        let look = async || self.state(id).await.ok().filter(|state| state["status"] == status);
        eventually(&format!("{id} to be {status}"), look).await
    }

    /// Waits until the workflow is over: what it returned, or the message of its failure.
    pub async fn ended(&self, id: &str) -> Result<Value, String> {
        match self.closed(id).await {
            Attributes::WorkflowExecutionCompletedEventAttributes(done) => {
                Ok(serde_json::from_slice(&done.result.unwrap().payloads[0].data).unwrap())
            }
            Attributes::WorkflowExecutionFailedEventAttributes(failed) => {
                Err(failed.failure.unwrap_or_default().message)
            }
            other => Err(format!("{other:?}")),
        }
    }

    /// Waits until the workflow is over: its last event.
    pub async fn closed(&self, id: &str) -> Attributes {
        timeout(END_WITHIN, self.last_event(id)).await.unwrap_or_else(|_| panic!("{id} does not end"))
    }

    async fn last_event(&self, id: &str) -> Attributes {
        let mut page = Vec::new();
        loop {
            let mut request = GetWorkflowExecutionHistoryRequest {
                namespace: self.namespace.clone(),
                execution: Some(execution(id)),
                wait_new_event: true,
                history_event_filter_type: HistoryEventFilterType::CloseEvent.into(),
                next_page_token: std::mem::take(&mut page),
                ..Default::default()
            }
            .into_request();
            request.set_timeout(Duration::from_secs(60));
            let mut service = self.connection.workflow_service();
            let answer = service.get_workflow_execution_history(request).await.unwrap().into_inner();
            let last = answer.history.and_then(|history| history.events.into_iter().last());
            match last.and_then(|event| event.attributes) {
                Some(last) => return last,
                None => page = answer.next_page_token,
            }
        }
    }

    /// Ends an activity that is under way as failed for good, whoever works on it: as an
    /// operator can, and as the server does when time is up.
    pub async fn fail_pending(&self, id: &str, activity_type: &str) {
        let request =
            DescribeWorkflowExecutionRequest { namespace: self.namespace.clone(), execution: Some(execution(id)) };
        let described = self.connection.workflow_service().describe_workflow_execution(request.into_request()).await;
        let pending = described.unwrap().into_inner().pending_activities;
        let is_it = |activity: &&PendingActivityInfo| {
            activity.activity_type.as_ref().is_some_and(|its| its.name == activity_type)
        };
        let it = pending.iter().find(is_it).unwrap_or_else(|| panic!("{id} waits for no {activity_type}"));
        let for_good = ApplicationFailureInfo { non_retryable: true, ..Default::default() };
        let failure = Failure {
            message: "ended by an operator".into(),
            failure_info: Some(FailureInfo::ApplicationFailureInfo(for_good)),
            ..Default::default()
        };
        let request = RespondActivityTaskFailedByIdRequest {
            namespace: self.namespace.clone(),
            workflow_id: id.into(),
            activity_id: it.activity_id.clone(),
            failure: Some(failure),
            ..Default::default()
        };
        self.connection.workflow_service().respond_activity_task_failed_by_id(request.into_request()).await.unwrap();
    }

    /// Lets this much time pass at once. Only the time-skipping server can.
    pub async fn skip(&self, time: Duration) {
        let request = SleepRequest { duration: Some(time.try_into().unwrap()) };
        self.connection.test_service().unlock_time_skipping_with_sleep(request.into_request()).await.unwrap();
    }
}

fn execution(id: &str) -> WorkflowExecution {
    WorkflowExecution { workflow_id: id.into(), run_id: String::new() }
}
