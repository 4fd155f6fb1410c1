//! The bot's own hands: what the workflow asks of the world, done.
//!
//! Which errors are worth a retry is decided here, in `slack_failure`.

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
use crate::slack::api::{SlackApi, SlackError};
use crate::slack::directory::Directory;
use crate::telemetry::Metrics;
use crate::traces;
use crate::workflow::calls::{Check, MayGiveUpCall, NotifyCall, Preflight, PreflightCall};
use crate::workflow::loose::Kept;

/// How long to wait before Slack is asked again with a token it refused: it takes
/// a person to mend that, and asking sooner mends nothing.
const TOKEN_REFUSED: Duration = Duration::from_secs(60);

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
    ) -> Result<Kept<Preflight>, ActivityError> {
        traces::activity(ctx.info(), preflight::run(&self, &ctx, &check)).await.map(Kept)
    }

    #[activity(definition = MayGiveUpCall)]
    pub async fn may_give_up(
        self: Arc<Self>,
        ctx: ActivityContext,
        request: ProvisionRequest,
    ) -> Result<Kept<Option<PreflightProblem>>, ActivityError> {
        traces::activity(ctx.info(), preflight::may_give_up(&self, &request)).await.map(Kept)
    }

    #[activity(definition = NotifyCall)]
    pub async fn notify(
        self: Arc<Self>,
        ctx: ActivityContext,
        notification: Notification,
    ) -> Result<Kept<Told>, ActivityError> {
        traces::activity(ctx.info(), notify::run(&self, &ctx, notification)).await.map(Kept)
    }
}

/// A failed call of Slack as Temporal's retry policy should see it. What can be
/// mended while the request waits is retried: Slack comes back, a token is
/// renewed. What Slack will refuse again is not, and the request goes on.
fn slack_failure(error: &SlackError) -> ActivityError {
    let failure = ApplicationFailure::builder(anyhow::anyhow!("{error}")).type_name("Slack".to_owned());
    match error {
        SlackError::RateLimited { retry_after, .. } => failure.next_retry_delay(*retry_after).build().into(),
        SlackError::Refused { code, .. } if TOKEN_ERRORS.contains(&code.as_str()) => {
            failure.next_retry_delay(TOKEN_REFUSED).build().into()
        }
        SlackError::Refused { code, .. } if !PASSING_ERRORS.contains(&code.as_str()) => {
            failure.non_retryable(true).build().into()
        }
        SlackError::Refused { .. } | SlackError::Unavailable { .. } => failure.build().into(),
    }
}

const TOKEN_ERRORS: [&str; 5] = ["invalid_auth", "account_inactive", "token_revoked", "not_authed", "missing_scope"];
const PASSING_ERRORS: [&str; 6] = [
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "message_limit_exceeded",
    "team_access_not_granted",
];

fn unreadable(error: PayloadConversionError) -> ActivityError {
    ApplicationFailure::new(anyhow::anyhow!(error)).into()
}
