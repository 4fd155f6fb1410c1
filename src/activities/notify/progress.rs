//! What is known of work that goes on: the heartbeats of the provisioner while it
//! does, and what came of it.
//!
//! The heartbeats are read from the pending activity as the server describes it,
//! so a provisioner in any language is shown alike; nobody is told of them, so they
//! are looked for. That the work is over stands in the request's history, which can
//! be waited for. What came of it, only the workflow can say.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use temporalio_client::tonic::IntoRequest;
use temporalio_client::{Client, WorkflowFetchHistoryOptions, WorkflowHandle, WorkflowHistory, WorkflowQueryOptions};
use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionRequest;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::time::{Instant, timeout};

use super::writer::Writer;
use crate::domain::notice::Notification;
use crate::domain::notice::part::PROGRESS;
use crate::domain::provisioning::Underway;
use crate::slack::views::Message;
use crate::slack::web_api::SlackError;
use crate::workflow::contract::Heartbeat;
use crate::workflow::{Lenient, ProvisionApplication};

/// How soon is looked for a heartbeat: so that a step appears while the click is still
/// felt, and then ever more slowly.
const LOOK_FIRST: Duration = Duration::from_millis(100);
/// Slack asks for no more than one edit a second; the last state wins. More often
/// than it can be shown, nothing needs to be looked for.
const EDIT_EVERY: Duration = Duration::from_millis(1_050);
/// How long one look may take.
const LOOK: Duration = Duration::from_secs(10);
/// How soon the workflow is asked again, if it did not know an answer.
const ASK_FIRST: Duration = Duration::from_millis(20);

/// The request whose work goes on.
pub(super) struct Watch<'a> {
    ctx: &'a ActivityContext,
    request: WorkflowHandle<Client, ProvisionApplication>,
    /// Its events from the first on, and each new one when it is written.
    history: WorkflowHistory,
    /// What is watched, by the number of the event that scheduled it.
    scheduled: BTreeMap<i64, String>,
}

/// What is watched: what it is, by the ID of its activity.
pub(super) type Watched = BTreeMap<String, String>;

impl<'a> Watch<'a> {
    pub(super) fn new(ctx: &'a ActivityContext) -> Result<Self, ActivityError> {
        let request = ctx.workflow_handle().ok_or_else(|| failure("no workflow asked for this"))?;
        Ok(Self { ctx, history: history(&request), request, scheduled: BTreeMap::new() })
    }

    /// Has the progress of what is watched shown until it is over; `message` is where that is
    /// shown, where the work has a latest attempt, and how it looks.
    pub(super) async fn follow(
        &mut self,
        watched: &Watched,
        writer: &Writer<'_>,
        message: impl Fn(Option<u32>, &Underway) -> Option<(String, Message)> + Send + Sync,
    ) -> Result<(), ActivityError> {
        let (mut seen, mut shown) = (Underway::default(), Underway::default());
        let mut look_again = LOOK_FIRST;
        let mut next_edit = Instant::now();
        while seen.ended.len() < watched.len() {
            match timeout(look_again, self.end_of(watched)).await {
                Ok((id, came_to_its_end)) => {
                    seen.ends(&id, came_to_its_end);
                    look_again = LOOK_FIRST;
                }
                Err(_) => {
                    look_again = (look_again * 2).min(EDIT_EVERY);
                    // Something else may have to be over before it begins, or it never does.
                    if !self.heartbeats(watched, &mut seen).await? && self.told().await.is_some() {
                        break;
                    }
                }
            }
            // The last state is told with the outcome, which needs the edits more.
            let is_over = seen.ended.len() == watched.len();
            if is_over || seen == shown || Instant::now() < next_edit || writer.edits_are_scarce() {
                continue;
            }
            (look_again, next_edit) = (EDIT_EVERY, Instant::now() + EDIT_EVERY);
            let shows = match message(writer.latest(PROGRESS), &seen) {
                Some((part, message)) => writer.show(&part, message).await,
                None => Ok(()),
            };
            match shows {
                Ok(()) => shown = seen.clone(),
                Err(SlackError::RateLimited { .. }) => {}
                Err(error @ SlackError::Unavailable { .. }) => tracing::warn!(%error, "progress could not be shown"),
                // Somebody deleted it, or it cannot be changed any more. The work goes on
                // without being shown; what came of it is another message.
                Err(error @ SlackError::Refused { .. }) => {
                    tracing::warn!(%error, "progress could not be shown");
                    shown = seen.clone();
                }
            }
        }
        Ok(())
    }

    /// What came of the work: known a moment after it is over, or later, where something
    /// has to be removed first.
    pub(super) async fn outcome(&mut self) -> Result<Notification, ActivityError> {
        let mut ask_again = ASK_FIRST;
        loop {
            if let Some(outcome) = self.told().await {
                return Ok(outcome);
            }
            let _ = timeout(ask_again, self.event()).await;
            ask_again = (ask_again * 2).min(EDIT_EVERY);
        }
    }

    /// What came of the work, if the workflow says so.
    async fn told(&mut self) -> Option<Notification> {
        let asked = self.request.query(ProvisionApplication::pending_notice, (), WorkflowQueryOptions::default());
        // No answer is no news: the workflow may be between two workers.
        asked.await.unwrap_or_else(|error| {
            tracing::debug!(%error, "the workflow does not say yet what came of the work");
            None
        })
    }

    /// Reads the last heartbeats of what is watched: whether any of it goes on.
    async fn heartbeats(&mut self, watched: &Watched, seen: &mut Underway) -> Result<bool, ActivityError> {
        let client = self.ctx.client();
        // As it comes: the SDK would read all there is, such as a summary that nobody here wrote.
        let info = self.request.info();
        let execution = WorkflowExecution {
            workflow_id: info.workflow_id.clone(),
            run_id: info.run_id.clone().unwrap_or_default(),
        };
        let mut call = DescribeWorkflowExecutionRequest {
            namespace: client.options().namespace.clone(),
            execution: Some(execution),
        }
        .into_request();
        call.set_timeout(LOOK);
        let mut service = client.connection().workflow_service();
        let described = service.describe_workflow_execution(call).await.map_err(|status| failure(status.message()))?;
        let mut any = false;
        for pending in described.into_inner().pending_activities {
            let Some(id) = watched.get(&pending.activity_id) else { continue };
            any = true;
            let Some(details) = pending.heartbeat_details else { continue };
            let converter = &client.options().data_converter;
            let read =
                converter.from_payloads::<Lenient<Heartbeat>>(&SerializationContextData::None, details.payloads).await;
            if let Some(heartbeat) = read.ok().and_then(|heartbeat| heartbeat.0.ok()) {
                seen.says(id, heartbeat.into());
            }
        }
        Ok(any)
    }

    /// Waits until the history says that something that is watched is over: what, and whether it
    /// came to its end.
    async fn end_of(&mut self, watched: &Watched) -> (String, bool) {
        loop {
            let event = self.event().await;
            if let Some((activity_id, came_to_its_end)) = told_end(&event, &mut self.scheduled)
                && let Some(id) = watched.get(&activity_id)
            {
                return (id.clone(), came_to_its_end);
            }
        }
    }

    /// Waits for the next event. Where it cannot be waited for, for ever: whoever waits
    /// looks for itself after a while.
    async fn event(&mut self) -> HistoryEvent {
        if let Some(Ok(event)) = self.history.next().await {
            return event;
        }
        self.history = history(&self.request);
        std::future::pending().await
    }
}

/// The activity whose end an event tells, and whether it came to its end. `scheduled` are those
/// that were read, by the number of the event that scheduled them.
fn told_end(event: &HistoryEvent, scheduled: &mut BTreeMap<i64, String>) -> Option<(String, bool)> {
    let (ended, came_to_its_end) = match event.attributes.as_ref()? {
        Attributes::ActivityTaskScheduledEventAttributes(it) => {
            scheduled.insert(event.event_id, it.activity_id.clone());
            return None;
        }
        Attributes::ActivityTaskCompletedEventAttributes(it) => (it.scheduled_event_id, true),
        Attributes::ActivityTaskFailedEventAttributes(it) => (it.scheduled_event_id, false),
        Attributes::ActivityTaskTimedOutEventAttributes(it) => (it.scheduled_event_id, false),
        Attributes::ActivityTaskCanceledEventAttributes(it) => (it.scheduled_event_id, false),
        _ => return None,
    };
    Some((scheduled.get(&ended)?.clone(), came_to_its_end))
}

/// The history as a stream: read up to its end, and from there on as it is written.
fn history(request: &WorkflowHandle<Client, ProvisionApplication>) -> WorkflowHistory {
    request.fetch_history(WorkflowFetchHistoryOptions::builder().wait_new_event(true).build())
}

fn failure(why: &str) -> ActivityError {
    ApplicationFailure::new(anyhow::anyhow!("{why}")).into()
}

#[cfg(test)]
mod tests {
    use temporalio_common::protos::temporal::api::enums::v1::EventType;

    use super::*;

    /// What tells the end of an activity in a recorded history.
    fn ends(history: &[u8], activity_id: &str) -> Vec<EventType> {
        let history = WorkflowHistory::from_json(history).unwrap();
        let events = futures::executor::block_on(history.into_events()).unwrap();
        let mut scheduled = BTreeMap::new();
        let mut ends = |event: &HistoryEvent| told_end(event, &mut scheduled).is_some_and(|(id, _)| id == activity_id);
        let telling = events.iter().filter(|event| ends(event));
        telling.map(HistoryEvent::event_type).collect()
    }

    #[test]
    fn one_event_tells_the_end_of_an_activity_however_it_ended() {
        let provisioned = include_bytes!("../../../tests/histories/0.1.0/provisioned.json");
        let failed_twice = include_bytes!("../../../tests/histories/0.1.0/failed_after_a_retry.json");
        assert_eq!(ends(provisioned, "provision-1"), [EventType::ActivityTaskCompleted]);
        assert_eq!(ends(failed_twice, "provision-1"), [EventType::ActivityTaskFailed]);
        assert_eq!(ends(failed_twice, "provision-2"), [EventType::ActivityTaskFailed]);
        assert_eq!(ends(provisioned, "provision-2"), [], "there was none");
    }
}
