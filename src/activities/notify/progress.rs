//! What is known of work that goes on: the heartbeats of the provisioner while it
//! does, and what came of it.
//!
//! The heartbeats are read from the pending activity as the server describes it,
//! so a provisioner in any language is shown alike; nobody is told of them, so they
//! are looked for. That the work is over stands in the request's history, which can
//! be waited for. What came of it, only the workflow can say.

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
use tokio::time::timeout;

use super::writer::Writer;
use crate::domain::notice::Notification;
use crate::domain::notice::part::PROGRESS;
use crate::domain::provisioning::Progress;
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
    /// The number of the event that scheduled the work.
    scheduled: Option<i64>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(ctx: &'a ActivityContext) -> Result<Self, ActivityError> {
        let request = ctx.workflow_handle().ok_or_else(|| failure("no workflow asked for this"))?;
        Ok(Self { ctx, history: history(&request), request, scheduled: None })
    }

    /// Has the progress of an activity shown until it is over; `message` is where that is shown,
    /// where the work has a latest attempt, and how it looks.
    pub(super) async fn follow(
        &mut self,
        activity_id: &str,
        writer: &Writer<'_>,
        message: impl Fn(Option<u32>, &Progress) -> Option<(String, Message)> + Send + Sync,
    ) -> Result<(), ActivityError> {
        let mut shown: Option<Progress> = None;
        let mut look_again = LOOK_FIRST;
        while timeout(look_again, self.end_of(activity_id)).await.is_err() {
            look_again = (look_again * 2).min(EDIT_EVERY);
            let Some(progress) = self.heartbeat(activity_id).await? else {
                // Something else may have to be over before it begins, or it never does.
                if self.scheduled.is_none() && self.told().await.is_none() {
                    continue;
                }
                break;
            };
            // The last state is told with the outcome, which needs the edits more.
            let Some(progress) = progress.filter(|it| shown.as_ref() != Some(it) && !writer.edits_are_scarce()) else {
                continue;
            };
            look_again = EDIT_EVERY;
            let shows = match message(writer.latest(PROGRESS), &progress) {
                Some((part, message)) => writer.show(&part, message).await,
                None => Ok(()),
            };
            match shows {
                Ok(()) => shown = Some(progress),
                Err(SlackError::RateLimited { .. }) => {}
                Err(error @ SlackError::Unavailable { .. }) => tracing::warn!(%error, "progress could not be shown"),
                // Somebody deleted it, or it cannot be changed any more. The work goes on
                // without being shown; what came of it is another message.
                Err(error @ SlackError::Refused { .. }) => {
                    tracing::warn!(%error, "progress could not be shown");
                    shown = Some(progress);
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

    /// The last heartbeat of an activity. The outer `None`: it is over.
    async fn heartbeat(&mut self, activity_id: &str) -> Result<Option<Option<Progress>>, ActivityError> {
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
        let seen = service.describe_workflow_execution(call).await.map_err(|status| failure(status.message()))?;
        let mut pending = seen.into_inner().pending_activities.into_iter();
        let Some(watched) = pending.find(|activity| activity.activity_id == activity_id) else { return Ok(None) };
        let Some(details) = watched.heartbeat_details else { return Ok(Some(None)) };
        let converter = &client.options().data_converter;
        let read =
            converter.from_payloads::<Lenient<Heartbeat>>(&SerializationContextData::None, details.payloads).await;
        Ok(Some(read.ok().and_then(|heartbeat| heartbeat.0.ok()).map(Progress::from)))
    }

    /// Waits until the history says that an activity is over.
    async fn end_of(&mut self, activity_id: &str) {
        loop {
            let event = self.event().await;
            if tells_end(&event, activity_id, &mut self.scheduled) {
                return;
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

/// Whether an event tells the end of an activity. `scheduled` is the number of the event
/// that scheduled it, once that was read.
fn tells_end(event: &HistoryEvent, activity_id: &str, scheduled: &mut Option<i64>) -> bool {
    let ended = match &event.attributes {
        Some(Attributes::ActivityTaskScheduledEventAttributes(it)) => {
            if it.activity_id == activity_id {
                *scheduled = Some(event.event_id);
            }
            return false;
        }
        Some(Attributes::ActivityTaskCompletedEventAttributes(it)) => it.scheduled_event_id,
        Some(Attributes::ActivityTaskFailedEventAttributes(it)) => it.scheduled_event_id,
        Some(Attributes::ActivityTaskTimedOutEventAttributes(it)) => it.scheduled_event_id,
        Some(Attributes::ActivityTaskCanceledEventAttributes(it)) => it.scheduled_event_id,
        _ => return false,
    };
    *scheduled == Some(ended)
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
        let mut scheduled = None;
        let telling = events.iter().filter(|event| tells_end(event, activity_id, &mut scheduled));
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
