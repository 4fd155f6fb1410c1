//! Temporal: where it is, whether it has the namespace, what may be done there,
//! whether requests can be found by search attributes, and whether the keys fit.

use std::error::Error;
use std::fmt::Write as _;

use temporalio_client::errors::ClientConnectError;
use temporalio_client::tonic::{Code, IntoRequest, Request, Status};
use temporalio_client::{Client, ConnectionOptions};
use temporalio_common::protos::temporal::api::common::v1::{Payload, WorkflowExecution};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeNamespaceRequest, DescribeTaskQueueRequest, GetWorkflowExecutionHistoryRequest,
    ListWorkflowExecutionsRequest, RequestCancelWorkflowExecutionRequest,
};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::line::{DEADLINE, Line};
use super::{blueprints, release};
use crate::codec::{Codec, CodecError, is_unreadable};
use crate::config::Release;
use crate::domain::blueprint::Blueprint;
use crate::temporal;
use crate::temporal::namespace::{self, Lack};
use crate::workflow::payload::is_encrypted;
use crate::workflow::{TASK_QUEUE, WORKFLOW_TYPE, search_attributes};

const TEMPORAL: &str = "Temporal";
const ATTRIBUTES: &str = "Temporal search attributes";
/// What may be changed is found out on a request that cannot be: no ID has a space.
const NO_REQUEST: &str = "provision-bot check";

/// `codec` is `None` where the keys are not known.
pub(super) async fn probe(codec: Option<Codec>, release: Option<Release>, asked: Vec<Blueprint>) -> Vec<Line> {
    let (client, found) = match namespace(&codec.clone().unwrap_or_default()).await {
        Ok(found) => found,
        Err(line) => return vec![line],
    };
    let newest = newest(&client).await;
    let permissions = permissions(&client, newest.as_ref().err());
    let (permissions, attributes) = tokio::join!(permissions, search_attributes(&client));
    let mut lines = vec![found, permissions, attributes];
    if let Some(codec) = codec {
        lines.push(encryption(&client, &codec, newest.ok().flatten()).await);
    }
    if let Some(release) = release {
        lines.push(release::line(&client, &release).await);
    }
    lines.extend(blueprints::lines(&client, &asked).await);
    lines
}

/// The connection, and a line about it; or the line that says why there is none.
async fn namespace(codec: &Codec) -> Result<(Client, Line), Line> {
    let (connection, _) = temporal::load().map_err(|error| {
        Line::failed(TEMPORAL, error.to_string(), "Correct the TEMPORAL_* variables, or the file they name.")
    })?;
    let client =
        temporal::connect("provision-bot-check", codec).await.map_err(|error| unreached(&connection, &error))?;
    let namespace = client.options().namespace.clone();
    let call = in_time(DescribeNamespaceRequest { namespace: namespace.clone(), ..Default::default() });
    let mut service = client.connection().workflow_service();
    match timeout(DEADLINE, service.describe_namespace(call)).await {
        Ok(Ok(answer)) if namespace::is_deleted(answer.get_ref()) => {
            Err(no_namespace(&namespace, format!("the namespace {namespace:?} was deleted")))
        }
        Ok(Ok(_)) => {
            let said = format!("{} {}, namespace {namespace}", connection.target, security(&connection));
            Ok((client, Line::passed(TEMPORAL, said)))
        }
        Ok(Err(status)) => Err(refused(&namespace, &status)),
        Err(_) => {
            let said = format!("no answer within {} seconds", DEADLINE.as_secs());
            Err(Line::failed(TEMPORAL, said, address_advice(&connection)))
        }
    }
}

fn in_time<T>(call: T) -> Request<T> {
    let mut call = call.into_request();
    call.set_timeout(DEADLINE);
    call
}

fn security(connection: &ConnectionOptions) -> &'static str {
    match &connection.tls_options {
        Some(tls) if tls.client_tls_options.is_some() => "with TLS and a client certificate",
        Some(_) if connection.api_key.is_some() => "with TLS and an API key",
        Some(_) => "with TLS",
        None => "without TLS",
    }
}

fn address_advice(connection: &ConnectionOptions) -> &'static str {
    match connection.tls_options {
        Some(_) => {
            "Check TEMPORAL_ADDRESS, and that the server speaks TLS there (TEMPORAL_TLS=false turns it off) with a \
             certificate this machine trusts (TEMPORAL_TLS_SERVER_CA_CERT_PATH)."
        }
        None => {
            "Check TEMPORAL_ADDRESS. A server with TLS needs TEMPORAL_TLS=true, TEMPORAL_API_KEY, or \
             TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH."
        }
    }
}

/// What a connection that did not come to stand means.
fn unreached(connection: &ConnectionOptions, error: &anyhow::Error) -> Line {
    // The causes between repeat each other at length, as the SDK tells them.
    let cause = match error.downcast_ref() {
        Some(ClientConnectError::SystemInfoCallError(status)) if is_denied(status) => return denied(status),
        Some(ClientConnectError::SystemInfoCallError(status)) => innermost(status),
        _ => error.root_cause().to_string(),
    };
    let said = if cause == error.to_string() { cause } else { format!("{error}: {cause}") };
    Line::failed(TEMPORAL, said, address_advice(connection))
}

fn innermost(mut error: &dyn Error) -> String {
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

/// What a refused look at the namespace means.
fn refused(namespace: &str, status: &Status) -> Line {
    match status.code() {
        Code::NotFound => no_namespace(namespace, format!("there is no namespace {namespace:?}")),
        _ if is_denied(status) => denied(status),
        code => {
            let said = format!("{code:?}: {}", status.message());
            Line::failed(TEMPORAL, said, "Look at the state of the Temporal server.")
        }
    }
}

fn no_namespace(namespace: &str, said: String) -> Line {
    let advice =
        format!("Create it (temporal operator namespace create --namespace {namespace}), or set TEMPORAL_NAMESPACE.");
    Line::failed(TEMPORAL, said, advice)
}

fn is_denied(status: &Status) -> bool {
    matches!(status.code(), Code::PermissionDenied | Code::Unauthenticated)
}

fn denied(status: &Status) -> Line {
    let said = format!("the server refuses this client: {}", status.message());
    let advice = "Check TEMPORAL_NAMESPACE, and that TEMPORAL_API_KEY or the client certificate is valid for it.";
    Line::failed(TEMPORAL, said, advice)
}

/// The newest request that has not ended, if any is open.
async fn newest(client: &Client) -> Result<Option<WorkflowExecution>, Status> {
    let call = in_time(ListWorkflowExecutionsRequest {
        namespace: client.options().namespace.clone(),
        page_size: 1,
        query: format!("WorkflowType = '{WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'"),
        ..Default::default()
    });
    let mut service = client.connection().workflow_service();
    let answer = timeout(DEADLINE, service.list_workflow_executions(call)).await.map_err(silent).flatten()?;
    Ok(answer.into_inner().executions.into_iter().next().and_then(|found| found.execution))
}

fn silent(_: Elapsed) -> Status {
    Status::deadline_exceeded("no answer in time")
}

/// Tries one call of each kind the bot makes, and none that does anything; `unlisted`
/// says how listing requests failed.
async fn permissions(client: &Client, unlisted: Option<&Status>) -> Line {
    const WHAT: &str = "Temporal permissions";
    let namespace = client.options().namespace.clone();
    let queue = in_time(DescribeTaskQueueRequest {
        namespace: namespace.clone(),
        task_queue: Some(TaskQueue { name: TASK_QUEUE.to_owned(), ..Default::default() }),
        ..Default::default()
    });
    let cancel = in_time(RequestCancelWorkflowExecutionRequest {
        namespace: namespace.clone(),
        workflow_execution: Some(WorkflowExecution { workflow_id: NO_REQUEST.to_owned(), run_id: String::new() }),
        ..Default::default()
    });
    let (mut reading, mut writing) = (client.connection().workflow_service(), client.connection().workflow_service());
    let (queue, cancel) = tokio::join!(
        timeout(DEADLINE, reading.describe_task_queue(queue)),
        timeout(DEADLINE, writing.request_cancel_workflow_execution(cancel)),
    );
    let tried = [
        ("list requests", unlisted.cloned()),
        ("read task queues", queue.map_err(silent).flatten().err()),
        // That there is no such request is said to one who may.
        ("change requests", cancel.map_err(silent).flatten().err().filter(|status| status.code() != Code::NotFound)),
    ];
    let words = |wanted: fn(&Status) -> bool| {
        let failed = tried.iter().filter_map(|(what, status)| Some((what, status.as_ref()?)));
        let mut said = String::new();
        for (what, status) in failed.filter(|(_, status)| wanted(status)) {
            let separator = if said.is_empty() { "" } else { ", " };
            let _ = write!(said, "{separator}{what} ({:?}: {})", status.code(), status.message());
        }
        said
    };
    let (denied, unknown) = (words(is_denied), words(|status| !is_denied(status)));
    if !denied.is_empty() {
        let advice = format!(
            "Give whom TEMPORAL_API_KEY or the client certificate stands for read and write access to the namespace \
             {namespace}."
        );
        return Line::failed(WHAT, format!("may not {denied}"), advice);
    }
    match unknown.as_str() {
        "" => Line::passed(WHAT, "may list and change requests, and read task queues"),
        unknown => Line::passed(WHAT, format!("not known whether it may {unknown}")),
    }
}

/// Requests are found by them, and are served as well without.
async fn search_attributes(client: &Client) -> Line {
    match namespace::lack_of_search_attributes(client).await {
        Ok(lack) => attributes(&client.options().namespace, &lack),
        Err(status) => {
            Line::passed(ATTRIBUTES, format!("optional, and not known: {:?}: {}", status.code(), status.message()))
        }
    }
}

fn attributes(namespace: &str, lack: &Lack) -> Line {
    if lack.is_nothing() {
        return Line::passed(ATTRIBUTES, format!("all {} are registered", search_attributes::NAMES.len()));
    }
    let types = lack.other_type.iter().map(|(name, kind)| format!("{name} ({kind})")).collect::<Vec<_>>().join(", ");
    let mut said = Vec::new();
    if !lack.missing.is_empty() {
        said.push(format!("not registered: {}", lack.missing.join(", ")));
    }
    if !types.is_empty() {
        said.push(format!("registered as another type than Keyword: {types}"));
    }
    // What has the name is somebody's, perhaps: to remove it is a command of its own.
    let others: Vec<&str> = lack.other_type.iter().map(|(name, _)| *name).collect();
    let each = |names: &[&str], what: &str| {
        let names = names.join(" ");
        format!(
            "for name in {names}; do temporal operator search-attribute {what} --namespace {namespace} --name $name"
        )
    };
    let remove = if others.is_empty() { String::new() } else { each(&others, "remove") + " --yes; done; " };
    let create = each(&[&lack.missing[..], &others].concat(), "create") + " --type Keyword; done";
    Line::passed(ATTRIBUTES, format!("optional, and {}", said.join("; ")))
        .advise(format!("To find requests by them, run: {remove}{create}"))
}

/// Whether the keys are those of the others who write into the namespace.
async fn encryption(client: &Client, codec: &Codec, newest: Option<WorkflowExecution>) -> Line {
    const WHAT: &str = "encryption";
    let passed = |more: &str| match codec.key_id() {
        Some(id) => Line::passed(WHAT, format!("histories are encrypted with the key {id:?}{more}")),
        None => Line::passed(WHAT, "off: histories are plain"),
    };
    let Some(request) = newest else { return passed("") };
    let id = request.workflow_id.clone();
    let why = match input(client, request).await.map(|payload| codec.decrypt(payload)) {
        None => return passed(""),
        Some(Ok(payload)) if is_encrypted(&payload) => "is encrypted, and no key is set".to_owned(),
        Some(Ok(payload)) if is_unreadable(&payload) => "was encrypted with another key of the same ID".to_owned(),
        Some(Ok(_)) => return passed(", and the newest open request can be read"),
        Some(Err(CodecError::UnknownKey(key))) => format!("was encrypted with the key {key:?}, which is not set"),
        Some(Err(error)) => error.to_string(),
    };
    let advice = "Set PROVISION_BOT_ENCRYPTION_KEYS to the keys of the other copies, the old ones behind the new.";
    Line::failed(WHAT, format!("the newest open request, {id}, {why}"), advice)
}

/// What a request began with, as the server keeps it.
async fn input(client: &Client, request: WorkflowExecution) -> Option<Payload> {
    let call = in_time(GetWorkflowExecutionHistoryRequest {
        namespace: client.options().namespace.clone(),
        execution: Some(request),
        maximum_page_size: 1,
        ..Default::default()
    });
    let mut service = client.connection().workflow_service();
    let answer = timeout(DEADLINE, service.get_workflow_execution_history(call)).await.ok()?.ok()?.into_inner();
    match answer.history?.events.into_iter().next()?.attributes? {
        Attributes::WorkflowExecutionStartedEventAttributes(started) => started.input?.payloads.into_iter().next(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_another_type_are_named_with_what_to_do() {
        let mut lack = Lack { missing: vec![search_attributes::TEAM], other_type: Vec::new() };
        let said = attributes("prod", &lack).to_string();
        assert!(said.contains("optional, and not registered: ProvisionTeam. To find"), "{said}");
        assert!(!said.contains("remove"), "{said}");
        lack.other_type.push((search_attributes::STATUS, "Int".to_owned()));
        let said = attributes("prod", &lack).to_string();
        assert!(said.contains("; registered as another type than Keyword: ProvisionStatus (Int)."), "{said}");
        assert!(
            said.contains(
                "run: for name in ProvisionStatus; do temporal operator search-attribute remove --namespace prod"
            ),
            "{said}"
        );
        assert!(said.contains("for name in ProvisionTeam ProvisionStatus; do"), "{said}");
    }

    #[test]
    fn a_namespace_that_is_not_there_can_be_created() {
        let said = refused("prod", &Status::not_found("nope")).to_string();
        assert!(said.contains("namespace create --namespace prod"), "{said}");
        let said = refused("prod", &Status::permission_denied("no")).to_string();
        assert!(said.contains("refuses this client: no. ") && said.contains("TEMPORAL_API_KEY"), "{said}");
        let said = refused("prod", &Status::unavailable("busy")).to_string();
        assert!(said.contains("Unavailable: busy. Look at the state"), "{said}");
    }
}
