//! What is known of work that goes on: the heartbeats of the provisioner while it
//! does, and what came of it.
//!
//! The heartbeats are read from the pending activity as the server describes it,
//! so a provisioner in any language is shown alike; nobody is told of them, so they
//! are looked for. That the work is over stands in the request's history, which can
//! be waited for. What came of it, only the workflow can say.

use std::time::Duration;

use futures::StreamExt;
use temporalio_client::{Client, WorkflowFetchHistoryOptions, WorkflowHandle, WorkflowHistory, WorkflowQueryOptions};
use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionResponse;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::time::{Instant, timeout};

use super::notify::Scribe;
use super::slack_failure;
use crate::domain::notice::Notification;
use crate::domain::provisioning::Progress;
use crate::slack::api::SlackError;
use crate::workflow::{Loose, ProvisionApplication};

/// How soon is looked again: at first at once, so that the first step appears while
/// the click is still felt, then ever more slowly.
const LOOK_FIRST: Duration = Duration::from_millis(20);
/// Slack asks for no more than one edit a second; the last state wins. More often
/// than it can be shown, nothing needs to be looked for.
const EDIT_EVERY: Duration = Duration::from_millis(1_050);

/// The request whose work goes on.
pub(super) struct Watch<'a> {
    ctx: &'a ActivityContext,
    request: WorkflowHandle<Client, ProvisionApplication>,
    /// Its events from the first on, and each new one when it is written.
    history: WorkflowHistory,
    /// The number of the last event that is no news.
    known: i64,
}

impl<'a> Watch<'a> {
    pub(super) fn new(ctx: &'a ActivityContext) -> Result<Self, ActivityError> {
        let request = ctx.workflow_handle().ok_or_else(|| failure("no workflow asked for this"))?;
        Ok(Self { ctx, history: history(&request), request, known: 0 })
    }

    /// Has the progress of an activity shown until it is over.
    pub(super) async fn follow(&mut self, activity_id: &str, scribe: &Scribe<'_>) -> Result<(), ActivityError> {
        let mut shown: Option<Progress> = None;
        let mut edit_again = Instant::now();
        let mut look_again = LOOK_FIRST;
        loop {
            let Some(progress) = self.heartbeat(activity_id).await? else { return Ok(()) };
            if let Some(progress) = progress.filter(|progress| shown.as_ref() != Some(progress))
                && Instant::now() >= edit_again
                // The last state is told with the outcome, which needs the edits more.
                && !scribe.edits_are_scarce()
            {
                edit_again = Instant::now() + EDIT_EVERY;
                look_again = EDIT_EVERY;
                match scribe.show(&progress).await {
                    Ok(()) => shown = Some(progress),
                    Err(SlackError::RateLimited { .. }) => {}
                    Err(error @ SlackError::Unavailable { .. }) => {
                        tracing::warn!(%error, "progress could not be shown")
                    }
                    // Somebody deleted it. The work goes on without being shown.
                    Err(error) if error.is("message_not_found") => shown = Some(progress),
                    Err(error) => return Err(slack_failure(&error)),
                }
            }
            self.pause(&mut look_again).await;
        }
    }

    /// What came of the work: known a moment after it is over, or later, where something
    /// has to be removed first.
    pub(super) async fn outcome(&mut self) -> Result<Notification, ActivityError> {
        let mut look_again = LOOK_FIRST;
        loop {
            // No answer is no news: the workflow may be between two workers.
            match self.request.query(ProvisionApplication::outcome, (), WorkflowQueryOptions::default()).await {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "the workflow does not say yet what came of the work"),
            }
            self.pause(&mut look_again).await;
        }
    }

    /// The last heartbeat of an activity. The outer `None`: it is over.
    async fn heartbeat(&mut self, activity_id: &str) -> Result<Option<Option<Progress>>, ActivityError> {
        let seen = self.request.describe(Default::default()).await.map_err(|error| failure(&error.to_string()))?;
        let seen: &DescribeWorkflowExecutionResponse = seen.raw();
        self.known = seen.workflow_execution_info.as_ref().map_or(self.known, |info| info.history_length);
        let Some(watched) = seen.pending_activities.iter().find(|activity| activity.activity_id == activity_id) else {
            return Ok(None);
        };
        let Some(details) = watched.heartbeat_details.clone() else { return Ok(Some(None)) };
        let client = self.ctx.client();
        let converter = &client.options().data_converter;
        let read = converter.from_payloads::<Loose<Progress>>(&SerializationContextData::None, details.payloads).await;
        Ok(Some(read.ok().and_then(|progress| progress.0.ok())))
    }

    /// Waits for news of the request, or until it is time to look again.
    async fn pause(&mut self, look_again: &mut Duration) {
        let _ = timeout(*look_again, self.news()).await;
        *look_again = (*look_again * 2).min(EDIT_EVERY);
    }

    /// Waits until something happened to the request since it was looked at.
    async fn news(&mut self) {
        while let Some(Ok(event)) = self.history.next().await {
            if event.event_id > self.known {
                self.known = event.event_id;
                return;
            }
        }
        // It cannot be waited for now. Whoever does looks again by itself.
        self.history = history(&self.request);
        std::future::pending().await
    }
}

/// The history as a stream: read up to its end, and from there on as it is written.
fn history(request: &WorkflowHandle<Client, ProvisionApplication>) -> WorkflowHistory {
    request.fetch_history(WorkflowFetchHistoryOptions::builder().wait_new_event(true).build())
}

fn failure(why: &str) -> ActivityError {
    ApplicationFailure::new(anyhow::anyhow!("{why}")).into()
}
