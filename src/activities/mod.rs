//! The bot's own hands: what the workflow asks of the world, done.
//!
//! Which errors are worth a retry is decided here, in `slack_failure`.

pub mod notify;
pub mod preflight;
pub mod progress;

use std::sync::Arc;
use std::time::Duration;

use temporalio_common::data_converters::PayloadConversionError;
use temporalio_macros::activities;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use crate::domain::notice::{Conversation, Notification};
use crate::domain::policy::Policy;
use crate::domain::request::ProvisionRequest;
use crate::slack::api::{SlackApi, SlackError};
use crate::slack::directory::Directory;
use crate::telemetry::Metrics;
use crate::workflow::calls::{FollowProgressCall, NotifyCall, Preflight, PreflightCall, Watch};

/// How long to wait before Slack is asked again with a token it refused: it takes
/// a person to mend that, and asking sooner mends nothing.
const TOKEN_REFUSED: Duration = Duration::from_secs(60);

/// What the bot's own activities need.
pub struct BotActivities {
    pub policy: Arc<Policy>,
    pub slack: SlackApi,
    pub directory: Directory,
    pub metrics: Metrics,
}

#[activities]
impl BotActivities {
    #[activity(definition = PreflightCall)]
    pub async fn preflight(
        self: Arc<Self>,
        _ctx: ActivityContext,
        request: ProvisionRequest,
    ) -> Result<Preflight, ActivityError> {
        preflight::run(&self, &request).await
    }

    #[activity(definition = NotifyCall)]
    pub async fn notify(
        self: Arc<Self>,
        ctx: ActivityContext,
        notification: Notification,
    ) -> Result<Conversation, ActivityError> {
        notify::run(&self, &ctx, notification).await
    }

    #[activity(definition = FollowProgressCall)]
    pub async fn follow_progress(self: Arc<Self>, ctx: ActivityContext, watch: Watch) -> Result<(), ActivityError> {
        progress::run(&self, &ctx, watch).await
    }
}

/// A failed call of Slack as Temporal's retry policy should see it: after what
/// Slack asked for, later, or as usual. Everything is retried, since everything
/// can be mended while the request waits: Slack comes back, a token is renewed.
fn slack_failure(error: &SlackError) -> ActivityError {
    let later = match error {
        SlackError::RateLimited { retry_after, .. } => Some(*retry_after),
        SlackError::Refused { code, .. } if TOKEN_ERRORS.contains(&code.as_str()) => Some(TOKEN_REFUSED),
        _ => None,
    };
    let failure = ApplicationFailure::builder(anyhow::anyhow!("{error}")).type_name("Slack".to_owned());
    match later {
        Some(delay) => failure.next_retry_delay(delay).build().into(),
        None => failure.build().into(),
    }
}

const TOKEN_ERRORS: [&str; 5] = ["invalid_auth", "account_inactive", "token_revoked", "not_authed", "missing_scope"];

fn unreadable(error: PayloadConversionError) -> ActivityError {
    ApplicationFailure::new(anyhow::anyhow!(error)).into()
}
