//! What is known of work that goes on: the heartbeats of the provisioner while it
//! does, and what came of it.
//!
//! The heartbeats are read from the pending activity as the server describes it,
//! so a provisioner in any language is shown alike. What came of it, only the
//! workflow can say.

use std::time::Duration;

use temporalio_client::{WorkflowHandle, WorkflowQueryOptions};
use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionResponse;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::time::Instant;

use super::notify::Scribe;
use super::slack_failure;
use crate::domain::notice::Notification;
use crate::domain::provisioning::Progress;
use crate::slack::api::SlackError;
use crate::workflow::{Loose, ProvisionApplication};

/// How often is looked: at first at once, so that the first step appears while the
/// click is still felt, then ever more slowly.
const LOOK_FIRST: Duration = Duration::from_millis(20);
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Slack asks for no more than one edit a second; the last state wins.
const EDIT_EVERY: Duration = Duration::from_millis(1_050);

/// Has the progress of an activity shown until it is over.
pub(super) async fn follow(ctx: &ActivityContext, activity_id: &str, scribe: &Scribe<'_>) -> Result<(), ActivityError> {
    let handle = handle(ctx)?;
    let mut shown: Option<Progress> = None;
    let mut edit_again = Instant::now();
    let mut look_again = LOOK_FIRST;
    loop {
        let seen = handle.describe(Default::default()).await.map_err(|error| failure(&error.to_string()))?;
        let Some(progress) = heartbeat(ctx, seen.raw(), activity_id).await else { return Ok(()) };
        if let Some(progress) = progress.filter(|progress| shown.as_ref() != Some(progress))
            && Instant::now() >= edit_again
            // The last state is told with the outcome, which needs the edits more.
            && !scribe.edits_are_scarce()
        {
            edit_again = Instant::now() + EDIT_EVERY;
            match scribe.show(&progress).await {
                Ok(()) => shown = Some(progress),
                Err(SlackError::RateLimited { .. }) => {}
                Err(error @ SlackError::Unavailable { .. }) => tracing::warn!(%error, "progress could not be shown"),
                // Somebody deleted it. The work goes on without being shown.
                Err(error) if error.is("message_not_found") => shown = Some(progress),
                Err(error) => return Err(slack_failure(&error)),
            }
        }
        pause(&mut look_again).await;
    }
}

/// What came of the work: known a moment after it is over, or later, where something
/// has to be removed first.
pub(super) async fn outcome(ctx: &ActivityContext) -> Result<Notification, ActivityError> {
    let handle = handle(ctx)?;
    let mut look_again = LOOK_FIRST;
    loop {
        // No answer is no news: the workflow may be between two workers.
        match handle.query(ProvisionApplication::outcome, (), WorkflowQueryOptions::default()).await {
            Ok(Some(outcome)) => return Ok(outcome),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "the workflow does not say yet what came of the work"),
        }
        pause(&mut look_again).await;
    }
}

async fn pause(look_again: &mut Duration) {
    tokio::time::sleep(*look_again).await;
    *look_again = (*look_again * 2).min(LOOK_EVERY);
}

/// The last heartbeat of the watched activity. The outer `None`: it is over.
async fn heartbeat(
    ctx: &ActivityContext,
    seen: &DescribeWorkflowExecutionResponse,
    activity_id: &str,
) -> Option<Option<Progress>> {
    let watched = seen.pending_activities.iter().find(|activity| activity.activity_id == activity_id)?;
    let Some(details) = watched.heartbeat_details.clone() else { return Some(None) };
    let client = ctx.client();
    let converter = &client.options().data_converter;
    let read = converter.from_payloads::<Loose<Progress>>(&SerializationContextData::None, details.payloads).await;
    Some(read.ok().and_then(|progress| progress.0.ok()))
}

fn handle(
    ctx: &ActivityContext,
) -> Result<WorkflowHandle<temporalio_client::Client, ProvisionApplication>, ActivityError> {
    ctx.workflow_handle::<ProvisionApplication>().ok_or_else(|| failure("no workflow asked for this"))
}

fn failure(why: &str) -> ActivityError {
    ApplicationFailure::new(anyhow::anyhow!("{why}")).into()
}
