//! What the server knows of workflows: which there are, and their histories.

use super::*;

impl Temporal {
    /// How many workflows have this ID at the beginning of theirs.
    pub async fn count(&self, prefix: &str) -> usize {
        let request = ListWorkflowExecutionsRequest {
            namespace: self.namespace.clone(),
            // What a request built lives in a workflow of its own.
            query: format!("WorkflowId STARTS_WITH \"{prefix}\" AND WorkflowType = 'ProvisionApplication'"),
            ..Default::default()
        };
        let answer = self.connection.workflow_service().list_workflow_executions(request.into_request()).await.unwrap();
        answer.into_inner().executions.len()
    }

    /// The history of a workflow as the server has it.
    pub async fn history_bytes(&self, id: &str) -> Vec<u8> {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: self.namespace.clone(),
            execution: Some(execution(id)),
            ..Default::default()
        };
        let mut service = self.connection.workflow_service();
        let answer = service.get_workflow_execution_history(request.into_request()).await.unwrap().into_inner();
        assert!(answer.next_page_token.is_empty(), "more than a page");
        answer.history.unwrap().encode_to_vec()
    }

    /// The same, once any is listed: that takes the server a moment.
    pub async fn count_listed(&self, prefix: &str) -> usize {
        let look = async || Some(self.count(prefix).await).filter(|count| *count > 0);
        eventually(&format!("{prefix} to be listed"), look).await
    }

    /// Whether this release is current, and every task queue knows it.
    pub async fn is_current(&self, deployment_name: &str, build_id: &str) -> bool {
        let request = DescribeWorkerDeploymentRequest {
            namespace: self.namespace.clone(),
            deployment_name: deployment_name.into(),
        };
        let answer = self.connection.workflow_service().describe_worker_deployment(request.into_request()).await;
        let info = answer.unwrap().into_inner().worker_deployment_info.unwrap();
        let current = info.routing_config.and_then(|routing| routing.current_deployment_version);
        current.unwrap_or_default().build_id == build_id
            && info.routing_config_update_state == RoutingConfigUpdateState::Completed as i32
    }

    /// The workflows with this beginning of their ID, and whether each still runs.
    pub async fn listed(&self, prefix: &str) -> Vec<(String, bool)> {
        let mut found = Vec::new();
        let mut page = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let request = ListWorkflowExecutionsRequest {
                namespace: self.namespace.clone(),
                // What a request built lives in a workflow of its own.
                query: format!("WorkflowId STARTS_WITH \"{prefix}\" AND WorkflowType = 'ProvisionApplication'"),
                next_page_token: page,
                ..Default::default()
            };
            let Ok(answer) = self.connection.workflow_service().list_workflow_executions(request.into_request()).await
            else {
                // It has just been started again.
                assert!(Instant::now() < deadline, "Temporal lists nothing");
                tokio::time::sleep(LOOK_AGAIN).await;
                found.clear();
                page = Vec::new();
                continue;
            };
            let answer = answer.into_inner();
            found.extend(answer.executions.into_iter().map(|it| {
                let running = it.status == WorkflowExecutionStatus::Running as i32;
                (it.execution.unwrap_or_default().workflow_id, running)
            }));
            page = answer.next_page_token;
            if page.is_empty() {
                return found;
            }
        }
    }

    /// How many workflows run.
    pub async fn running(&self) -> usize {
        let request = ListWorkflowExecutionsRequest {
            namespace: self.namespace.clone(),
            query: "ExecutionStatus = \"Running\"".to_owned(),
            ..Default::default()
        };
        let answer = self.connection.workflow_service().list_workflow_executions(request.into_request()).await.unwrap();
        answer.into_inner().executions.len()
    }

    /// Whether a workflow's history has an event of this kind, such as `ActivityTaskTimedOut`.
    pub async fn tells_of(&self, id: &str, kind: &str) -> bool {
        let (history, attributes) = (self.history(id).await, format!("{kind}EventAttributes"));
        let events = history["events"].as_array().expect("events");
        events.iter().any(|event| event["attributes"].get(&attributes).is_some())
    }

    /// What a workflow is at: what it waits for, and the end of its history.
    pub async fn is_at(&self, id: &str) -> String {
        let request =
            DescribeWorkflowExecutionRequest { namespace: self.namespace.clone(), execution: Some(execution(id)) };
        let described = self.connection.workflow_service().describe_workflow_execution(request.into_request()).await;
        let described = described.unwrap().into_inner();
        let events = self.history(id).await["events"].as_array().cloned().unwrap_or_default();
        let last = events.iter().rev().take(12).rev().map(|event| format!("\n  {event}")).collect::<String>();
        format!("{:?} {:?}{last}", described.pending_activities, described.pending_workflow_task)
    }

    /// The history of a workflow, as JSON.
    pub async fn history(&self, id: &str) -> Value {
        let client = Client::new(self.connection.clone(), ClientOptions::new(&self.namespace).build()).unwrap();
        let handle = client.get_workflow_handle::<UntypedWorkflow>(id);
        let json = handle.fetch_history(Default::default()).to_json().await.unwrap();
        serde_json::from_slice(&json).unwrap()
    }
}
