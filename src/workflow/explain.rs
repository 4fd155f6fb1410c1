//! Why an activity failed, said to the person who can do something about it.

use serde::Deserialize;
use temporalio_common::protos::temporal::api::failure::v1::{
    ApplicationFailureInfo, Failure as Raw, failure::FailureInfo,
};
use temporalio_sdk::{ActivityExecutionError, TimeoutType};

use super::calls::UNKNOWN_ACTIVITY;
use crate::domain::lifecycle::Failure;
use crate::domain::policy::Blueprint;

/// The longest cause that is kept, in characters.
const CAUSE_MAX: usize = 600;

/// What a provisioner may attach to its failure, as JSON, so that people read
/// more than a message.
#[derive(Default, Deserialize)]
struct Details {
    #[serde(default)]
    step: Option<String>,
    /// The message without the step and the advice in it.
    #[serde(default)]
    cause: Option<String>,
    #[serde(default)]
    advice: Option<String>,
}

/// The failure of a provisioner's activity, for people.
pub fn failure(error: &ActivityExecutionError, blueprint: &Blueprint, attempt: u32) -> Failure {
    let queue = &blueprint.task_queue;
    let say =
        |cause: String, advice: &str| Failure { step: None, cause: cut(&cause), advice: advice.to_owned(), attempt };

    if let ActivityExecutionError::Serialization(why) = error {
        return say(
            format!("The provisioner on the task queue \"{queue}\" answered with something that is no result: {why}"),
            "Ask the people who run this provisioner to look at what it returns, then retry.",
        );
    }
    if let Some(timeout) = error.as_timeout() {
        return match timeout.timeout_type() {
            TimeoutType::ScheduleToStart => say(
                format!("Nobody takes work from the task queue \"{queue}\"."),
                "Ask the people who run this provisioner to start its worker, then retry.",
            ),
            TimeoutType::Heartbeat => say(
                "The provisioner stopped reporting while it was at work.".to_owned(),
                "Its worker may have been restarted too often, or it does not heartbeat. Retry, or ask the people who run it.",
            ),
            _ => say(
                "The provisioner did not finish in time.".to_owned(),
                "Retry, or ask the people who run this provisioner.",
            ),
        };
    }
    match application_failure(error) {
        Some((_, info)) if info.r#type == UNKNOWN_ACTIVITY => say(
            format!(
                "The worker on the task queue \"{queue}\" does not know the activity \"{}\".",
                blueprint.provision_activity
            ),
            "Ask an admin to compare the blueprint in the configuration with what the worker serves, then retry.",
        ),
        Some((message, info)) => {
            let details = details(info);
            Failure {
                step: details.step.map(|step| cut(&step)),
                cause: details.cause.map_or_else(|| cut(message), |cause| cut(&cause)),
                advice: details.advice.map_or_else(
                    || "Retry, or ask the people who run this provisioner.".to_owned(),
                    |advice| cut(&advice),
                ),
                attempt,
            }
        }
        None => say(error.to_string(), "Retry, or ask the people who run this provisioner."),
    }
}

/// Why what was built could not be removed, for people.
pub fn cleanup(error: &ActivityExecutionError, blueprint: &Blueprint) -> String {
    let undoing = Blueprint { provision_activity: blueprint.destroy_activity.clone(), ..blueprint.clone() };
    failure(error, &undoing, 1).cause
}

/// What an activity of the bot's own said when it failed.
pub fn text(error: &ActivityExecutionError) -> String {
    application_failure(error).map_or_else(|| error.to_string(), |(message, _)| cut(message))
}

/// The application's own failure in a chain of the SDK's wrappers.
fn application_failure(error: &ActivityExecutionError) -> Option<(&str, &ApplicationFailureInfo)> {
    let mut next: Option<&Raw> = error.failure();
    while let Some(failure) = next {
        if let Some(FailureInfo::ApplicationFailureInfo(info)) = &failure.failure_info {
            return Some((&failure.message, info));
        }
        next = failure.cause.as_deref();
    }
    None
}

fn details(info: &ApplicationFailureInfo) -> Details {
    info.details
        .iter()
        .flat_map(|details| &details.payloads)
        .find_map(|payload| serde_json::from_slice(&payload.data).ok())
        .unwrap_or_default()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CAUSE_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… (cut)", &text[..end]),
    }
}
