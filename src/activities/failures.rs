//! How the bot's own activities fail, and how soon a failed call is made again.

use std::time::Duration;

use temporalio_common::data_converters::PayloadConversionError;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::ActivityError;

use crate::slack::refusal::Refusal;
use crate::slack::web_api::SlackError;

/// Attempts after which a refusal is not a matter of seconds: it takes a person to mend
/// it, and asking sooner mends nothing.
const SOON: u32 = 6;
/// How long to wait then, and at most: what is limited for longer is no reason to keep
/// what else there is to say. Nobody asks Slack before the time (`slack/rate_limits.rs`).
const SLOWLY: Duration = Duration::from_secs(60);

/// Calls of Slack that failed and are made again, as Temporal's retry policy should see
/// them: soon, and once it looks as if that takes a while, slowly.
pub(super) fn slack_failures(errors: &[SlackError], attempt: u32) -> ActivityError {
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

/// What Temporal keeps does not read, or cannot be written.
pub(super) fn unreadable(error: PayloadConversionError) -> ActivityError {
    ApplicationFailure::new(anyhow::anyhow!(error)).into()
}
