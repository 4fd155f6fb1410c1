//! The bot's own hands: what the workflow asks of the world, done.
//!
//! How soon a failed call is made again is decided here, in `slack_failures`.

mod notify;
mod preflight;
mod progress;

use std::sync::Arc;
use std::time::Duration;

use temporalio_common::data_converters::PayloadConversionError;
use temporalio_macros::activities;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use crate::domain::notice::{Notification, Told};
use crate::domain::policy::{Policy, PreflightProblem};
use crate::domain::request::ProvisionRequest;
use crate::open::Open;
use crate::slack::directory::Directory;
use crate::slack::refusal::Refusal;
use crate::slack::web_api::{SlackApi, SlackError};
use crate::telemetry::Metrics;
use crate::traces;
use crate::workflow::calls::{Check, MayGiveUpCall, NotifyCall, Preflight, PreflightCall};
use crate::workflow::payload::LenientResult;

/// Attempts after which a refusal is not a matter of seconds: it takes a person to mend
/// it, and asking sooner mends nothing.
const SOON: u32 = 6;
/// How long to wait then, and at most: what is limited for longer is no reason to keep
/// what else there is to say. Nobody asks Slack before the time (`slack/pace.rs`).
const SLOWLY: Duration = Duration::from_secs(60);

/// What the bot's own activities need.
pub struct BotActivities {
    pub policy: Arc<Policy>,
    pub slack: SlackApi,
    pub directory: Directory,
    pub metrics: Metrics,
    pub open: Open,
}

#[activities]
impl BotActivities {
    #[activity(definition = PreflightCall)]
    pub async fn preflight(
        self: Arc<Self>,
        ctx: ActivityContext,
        check: Check,
    ) -> Result<LenientResult<Preflight>, ActivityError> {
        traces::activity(ctx.info(), preflight::run(&self, &ctx, &check)).await.map(LenientResult)
    }

    #[activity(definition = MayGiveUpCall)]
    pub async fn may_give_up(
        self: Arc<Self>,
        ctx: ActivityContext,
        request: ProvisionRequest,
    ) -> Result<LenientResult<Option<PreflightProblem>>, ActivityError> {
        traces::activity(ctx.info(), preflight::may_give_up(&self, &ctx, &request)).await.map(LenientResult)
    }

    #[activity(definition = NotifyCall)]
    pub async fn notify(
        self: Arc<Self>,
        ctx: ActivityContext,
        notification: Notification,
    ) -> Result<LenientResult<Told>, ActivityError> {
        traces::activity(ctx.info(), notify::run(&self, &ctx, notification)).await.map(LenientResult)
    }
}

/// Calls of Slack that failed and are made again, as Temporal's retry policy should see
/// them: soon, and once it looks as if that takes a while, slowly.
fn slack_failures(errors: &[SlackError], attempt: u32) -> ActivityError {
    let said: Vec<_> = errors.iter().map(SlackError::to_string).collect();
    let failure = ApplicationFailure::builder(anyhow::anyhow!("{}", said.join("; "))).type_name("Slack".to_owned());
    // The first that may be tried again says when.
    match errors.iter().map(|error| pause(error, attempt)).min().flatten() {
        Some(pause) => failure.next_retry_delay(pause).build().into(),
        None => failure.build().into(),
    }
}

/// How long to wait before another attempt. `None`: as the retry policy says.
fn pause(error: &SlackError, attempt: u32) -> Option<Duration> {
    match (error, error.refusal()) {
        (SlackError::RateLimited { retry_after, .. }, _) => Some((*retry_after).min(SLOWLY)),
        (_, Some(Refusal::Passing) | None) => None,
        (_, Some(_)) => (attempt > SOON).then_some(SLOWLY),
    }
}

fn unreadable(error: PayloadConversionError) -> ActivityError {
    ApplicationFailure::new(anyhow::anyhow!(error)).into()
}
