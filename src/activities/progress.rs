//! Shows the heartbeats of a running provisioner in the thread: one message,
//! edited in place.
//!
//! The heartbeats are read from the pending activity as the server describes it,
//! so a provisioner in any language is shown alike.

use std::time::Duration;

use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionResponse;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::time::Instant;

use super::{BotActivities, notify, slack_failure};
use crate::domain::notice::Conversation;
use crate::domain::provisioning::Progress;
use crate::slack::api::SlackError;
use crate::slack::views::thread::{self, ProgressState};
use crate::workflow::calls::Watch;
use crate::workflow::{Loose, ProvisionApplication};

/// How often the heartbeats are looked at: at first at once, so that the first
/// step appears while the click is still felt, then ever more slowly.
const LOOK_FIRST: Duration = Duration::from_millis(20);
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Slack asks for no more than one edit a second; the last state wins.
const EDIT_EVERY: Duration = Duration::from_millis(1_050);
/// How often this activity says that it is alive. Each beat is billed.
const BEAT_EVERY: Duration = Duration::from_secs(5);

pub async fn run(bot: &BotActivities, ctx: &ActivityContext, watch: Watch) -> Result<(), ActivityError> {
    let handle = ctx.workflow_handle::<ProvisionApplication>().ok_or_else(|| failure("no workflow asked for this"))?;
    let mut shown: Option<Progress> = None;
    let mut edit_again = Instant::now();
    let mut beat_again = Instant::now();
    let mut look_again = LOOK_FIRST;
    loop {
        if Instant::now() >= beat_again {
            ctx.record_heartbeat(()).await.map_err(super::unreadable)?;
            beat_again = Instant::now() + BEAT_EVERY;
        }
        let seen = handle.describe(Default::default()).await.map_err(|error| failure(&error.to_string()))?;
        let Some(progress) = heartbeat(ctx, seen.raw(), &watch.activity_id).await else { return Ok(()) };
        if let Some(progress) = progress.filter(|progress| shown.as_ref() != Some(progress))
            && Instant::now() >= edit_again
            // The last state is told with the outcome, which needs the edits more.
            && !bot.slack.edits_are_scarce()
        {
            edit_again = Instant::now() + EDIT_EVERY;
            match show(bot, &watch, &progress).await {
                Ok(()) => shown = Some(progress),
                Err(SlackError::RateLimited { .. }) => {}
                Err(error @ SlackError::Unavailable { .. }) => tracing::warn!(%error, "progress could not be shown"),
                Err(error) if error.is("message_not_found") => return Ok(()),
                Err(error) => return Err(slack_failure(&error)),
            }
        }
        tokio::select! {
            () = ctx.cancelled() => return Ok(()),
            () = tokio::time::sleep(look_again) => look_again = (look_again * 3 / 2).min(LOOK_EVERY),
        }
    }
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

async fn show(bot: &BotActivities, watch: &Watch, progress: &Progress) -> Result<(), SlackError> {
    let message = thread::progress(Some(progress), ProgressState::Running);
    let metadata = notify::metadata(&watch.request_id, Conversation::PROGRESS);
    let post = notify::as_post(&message, &watch.message.channel, None, &metadata);
    bot.slack.update_message(&watch.message.ts, &post).await
}

fn failure(why: &str) -> ActivityError {
    ApplicationFailure::new(anyhow::anyhow!("{why}")).into()
}
