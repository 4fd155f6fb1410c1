//! A workflow's history and its pending activities, in plain words.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value, json};
use temporalio_common::protos::temporal::api::common::v1::Payloads;
use temporalio_common::protos::temporal::api::enums::v1::{PendingActivityState, WorkflowExecutionStatus};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionResponse;

/// One request, as Temporal tells it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Story {
    pub id: String,
    run: String,
    status: String,
    started: Option<String>,
    pub ended: Option<String>,
    /// What it plans and builds, each once, where that was last.
    pub resources: Vec<Resource>,
    /// Whether anybody was told to build.
    builds: bool,
    events: Vec<Event>,
    pending: Vec<Pending>,
    heartbeats: Vec<Heartbeat>,
}

/// What a provisioner makes for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Bucket,
    Stack,
}

/// Something that a request builds, and where it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resource {
    pub kind: Kind,
    pub name: String,
    pub region: String,
    pub profile: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Event {
    id: String,
    at: String,
    words: String,
    detail: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Pending {
    id: String,
    name: String,
    state: &'static str,
    attempt: i32,
    failure: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Heartbeat {
    at: String,
    attempt: i32,
    step: u64,
    of: u64,
    label: String,
}

impl Story {
    pub fn named(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Takes status and pending activities, with a heartbeat that is new.
    pub fn take_description(&mut self, seen: &DescribeWorkflowExecutionResponse) {
        let info = seen.workflow_execution_info.clone().unwrap_or_default();
        let time = |seconds, nanos| jiff::Timestamp::new(seconds, nanos).ok().map(|at| at.to_string());
        self.run = info.execution.clone().unwrap_or_default().run_id;
        self.status = info.status().as_str_name().trim_start_matches("WORKFLOW_EXECUTION_STATUS_").to_lowercase();
        self.started = info.start_time.and_then(|at| time(at.seconds, at.nanos));
        self.ended = info
            .close_time
            .and_then(|at| time(at.seconds, at.nanos))
            .filter(|_| info.status() != WorkflowExecutionStatus::Running);
        self.pending.clear();
        for activity in &seen.pending_activities {
            let name = activity.activity_type.clone().unwrap_or_default().name;
            let state = match activity.state() {
                PendingActivityState::Started => "runs",
                PendingActivityState::CancelRequested => "is being cancelled",
                _ => "waits for a worker",
            };
            let failure = activity.last_failure.as_ref().map(|failure| failure.message.clone());
            let id = activity.activity_id.clone();
            self.pending.push(Pending { id, name, state, attempt: activity.attempt, failure });
            let Some(beat) = activity.heartbeat_details.as_ref().and_then(first_json) else { continue };
            let (Some(step), Some(of)) = (beat["step"].as_u64(), beat["of"].as_u64()) else { continue };
            let beat = Heartbeat {
                at: activity.last_heartbeat_time.and_then(|at| time(at.seconds, at.nanos)).unwrap_or_default(),
                attempt: activity.attempt,
                step,
                of,
                label: beat["label"].as_str().unwrap_or_default().to_owned(),
            };
            let is_known = |last: &Heartbeat| last.at == beat.at || (last.step, last.attempt) == (step, beat.attempt);
            if !self.heartbeats.last().is_some_and(is_known) {
                self.heartbeats.push(beat);
            }
        }
    }

    /// Takes the history, in the JSON form of the SDK. What workers and server only tell each
    /// other (workflow tasks that went well) is left out.
    pub fn take_history(&mut self, history: &Value) {
        let events = history["events"].as_array().map(Vec::as_slice).unwrap_or_default();
        self.events.clear();
        self.resources.clear();
        for event in events {
            let (kind, detail) = attributes(event);
            let scheduled = |id: &Value| {
                let found = events.iter().find(|event| event["event_id"] == *id).map(attributes).unwrap_or_default();
                activity(&found.1).to_owned()
            };
            if kind == "ActivityTaskScheduled" {
                self.builds |= detail["activity_type"]["name"] == "provision";
                if let Some(resource) = resource(&detail) {
                    self.resources.retain(|other| (other.kind, &other.name) != (resource.kind, &resource.name));
                    self.resources.push(resource);
                }
            }
            let summary = readable(event["user_metadata"]["summary"].clone());
            let Some(words) = words(&kind, &detail, &summary, scheduled) else { continue };
            let at = event["event_time"].as_str().unwrap_or_default().to_owned();
            self.events.push(Event { id: event["event_id"].to_string(), at, words, detail });
        }
    }
}

fn words(kind: &str, detail: &Value, summary: &Value, scheduled: impl Fn(&Value) -> String) -> Option<String> {
    let text = |pointer: &str| detail.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let of = || scheduled(&detail["scheduled_event_id"]);
    Some(match kind {
        "WorkflowExecutionStarted" => "The request begins".into(),
        "WorkflowExecutionSignaled" => format!("Somebody decides: the signal “{}” arrives", text("/signal_name")),
        "WorkflowExecutionCancelRequested" => "The requester cancels".into(),
        "WorkflowExecutionCompleted" => "The request is over".into(),
        "WorkflowExecutionCanceled" => "The request is over: cancelled".into(),
        "WorkflowExecutionFailed" => format!("The workflow failed: {}", text("/failure/message")),
        "WorkflowTaskTimedOut" => "No worker answered in time: another one is asked".into(),
        "WorkflowTaskFailed" => format!("A worker could not go on: {}", text("/failure/message")),
        "ActivityTaskScheduled" => match summary.as_str() {
            Some(summary) => format!("Next: {} ({summary})", activity(detail)),
            None => format!("Next: {}", activity(detail)),
        },
        "ActivityTaskStarted" => match detail["attempt"].as_i64().unwrap_or(1) {
            1 => format!("A worker begins to {}", of()),
            attempt => format!("A worker begins to {}, attempt {attempt}", of()),
        },
        "ActivityTaskCompleted" => format!("Done: {}", of()),
        "ActivityTaskFailed" => format!("Failed: {}: {}", of(), text("/failure/message")),
        "ActivityTaskTimedOut" => format!("Timed out: {}", of()),
        "ActivityTaskCancelRequested" => "Stop that, please".into(),
        "ActivityTaskCanceled" => format!("Stopped: {}", of()),
        // The only thing that is done within a workflow task.
        "MarkerRecorded" => "Done: check the request".into(),
        "TimerStarted" => {
            let time = text("/start_to_fire_timeout");
            format!("A timer is set: {}", time.replace(".000000000s", " s"))
        }
        "TimerFired" => "The timer rings".into(),
        "TimerCanceled" => "The timer is not needed any more".into(),
        _ => return None,
    })
}

/// What an activity does, by its name; one of somebody else's keeps it.
fn activity(scheduled: &Value) -> &str {
    match scheduled["activity_type"]["name"].as_str().unwrap_or_default() {
        "preflight" => "check the request",
        "notify" => "tell people in Slack",
        "provision" => "build it",
        "destroy" => "undo what was built",
        "plan" => "plan it",
        "discard" => "take the plan away",
        other => other,
    }
}

/// What a built-in provisioner was told to plan, to build or to undo.
fn resource(scheduled: &Value) -> Option<Resource> {
    let kind = match scheduled["task_queue"]["name"].as_str()? {
        "provision-aws-s3" => Kind::Bucket,
        "provision-aws-cloudformation" => Kind::Stack,
        _ => return None,
    };
    let input = scheduled["input"].as_array()?.first()?;
    let text = |key: &str| Some(input[key].as_str()?.to_owned());
    Some(Resource { kind, name: text("resourceName")?, region: text("region")?, profile: text("profile")? })
}

/// What an event is called and what it carries, its payloads decoded.
fn attributes(event: &Value) -> (String, Value) {
    let found = event["attributes"].as_object().and_then(|one| one.iter().next());
    let decoded = found.map(|(name, it)| (name.trim_end_matches("EventAttributes").to_owned(), readable(it.clone())));
    decoded.unwrap_or_default()
}

fn readable(value: Value) -> Value {
    match value {
        Value::Object(mut fields) => {
            if let Some(payloads) = fields.get_mut("payloads").filter(|payloads| payloads.is_array()) {
                return readable(payloads.take());
            }
            if let (Some(_), Some(data)) = (fields.get("metadata"), fields.get("data").and_then(Value::as_str)) {
                let bytes = STANDARD.decode(data).unwrap_or_default();
                return serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
            }
            fields.into_iter().map(|(name, value)| (name, readable(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(values) => values.into_iter().map(readable).collect(),
        other => other,
    }
}

fn first_json(payloads: &Payloads) -> Option<Value> {
    serde_json::from_slice(&payloads.payloads.first()?.data).ok()
}
