//! Why an activity failed, said to the person who can do something about it.

use std::time::Duration;

use provisioner::{FailureDetails, Unheard};
use temporalio_common::protos::temporal::api::failure::v1::{
    ApplicationFailureInfo, Failure as Raw, failure::FailureInfo,
};
use temporalio_sdk::{ActivityExecutionError, TimeoutType};

use super::calls::{
    PICKED_UP_WITHIN, PROVISION_HEARTBEAT, PROVISION_RETRY_FIRST, STALE_PLAN, UNKNOWN_ACTIVITY, UNKNOWN_TO_GO,
};
use crate::domain::blueprint::Blueprint;
use crate::domain::lifecycle::Failure;

/// The longest cause that is kept, in characters.
const CAUSE_MAX: usize = 600;

/// What the server says of an activity that was cancelled while no worker had it, be it
/// before the first attempt or between two (Temporal server, `activity_util.go`).
const CANCELLED_BY_SERVER: &str = "ACTIVITY_ID_NOT_STARTED";

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
        Some((_, info)) if is_unknown(info) => say(
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
    destroying(error, blueprint).cause
}

/// Why what was built is not removed yet, and what the provisioner says that somebody can
/// do about it, for people.
pub fn not_yet(error: &ActivityExecutionError, blueprint: &Blueprint) -> String {
    advised(error, &destroying(error, blueprint).cause)
}

/// Why there is no plan, and what the provisioner says that somebody can do about it.
pub fn not_planned(error: &ActivityExecutionError, blueprint: &Blueprint) -> String {
    let cause = doing(error, blueprint, blueprint.plan_activity.as_deref().unwrap_or_default()).cause;
    advised(error, &cause)
}

/// Why what was left cannot be removed by this activity.
pub fn not_removed(error: &ActivityExecutionError, blueprint: &Blueprint, activity: &str) -> String {
    let cause = doing(error, blueprint, activity).cause;
    advised(error, &cause)
}

/// A cause, with the advice that came with it.
fn advised(error: &ActivityExecutionError, cause: &str) -> String {
    match application_failure(error).and_then(|(_, info)| details(info).advice) {
        Some(advice) => format!("{}. {}", cause.trim_end_matches('.'), cut(&advice)),
        None => cause.to_owned(),
    }
}

fn destroying(error: &ActivityExecutionError, blueprint: &Blueprint) -> Failure {
    doing(error, blueprint, &blueprint.destroy_activity)
}

/// The failure of another activity than `provision`.
pub fn doing(error: &ActivityExecutionError, blueprint: &Blueprint, activity: &str) -> Failure {
    let other = Blueprint { provision_activity: activity.to_owned(), ..blueprint.clone() };
    failure(error, &other, 1)
}

/// Whether a `provision` says that the plan it was given does not hold any more.
pub fn is_stale(error: &ActivityExecutionError) -> bool {
    application_failure(error).is_some_and(|(_, info)| info.r#type == STALE_PLAN)
}

/// What whoever undoes a `provision` that ended so has to know. `since` is how long
/// before it was scheduled: long enough, and an attempt before the last one may have fallen
/// silent. `None`: its worker said itself how it ended, and left nothing open.
pub fn unheard(error: &ActivityExecutionError, since: Duration) -> Option<Unheard> {
    let silent = since >= PROVISION_HEARTBEAT;
    if let Some(timeout) = error.as_timeout() {
        return Some(Unheard { last_heartbeat: timeout.last_heartbeat_details().ok().flatten(), silent });
    }
    if let Some(cancelled) = error.as_cancelled() {
        let said = |data: &[u8]| String::from_utf8_lossy(data).trim_matches('"') == CANCELLED_BY_SERVER;
        let told = || cancelled.raw_details().into_iter().flatten();
        if told().any(|detail| said(&detail.data)) {
            return Some(Unheard { last_heartbeat: None, silent });
        }
        let told = told().find_map(|detail| serde_json::from_slice::<FailureDetails>(&detail.data).ok())?;
        return Some(Unheard { last_heartbeat: Some(told.last_heartbeat?), silent });
    }
    let (_, info) = application_failure(error)?;
    let last_heartbeat = Some(details(info).last_heartbeat?);
    Some(Unheard { last_heartbeat, silent })
}

/// Whether a `provision` that ended so certainly never began: nobody took it from the
/// queue, or the first who did does not know it or its plan. An attempt before that would have
/// needed more time.
pub fn never_began(error: &ActivityExecutionError, since: Duration) -> bool {
    if let Some(timeout) = error.as_timeout() {
        return timeout.timeout_type() == TimeoutType::ScheduleToStart
            && since < PICKED_UP_WITHIN + PROVISION_RETRY_FIRST;
    }
    let at_once = |info: &ApplicationFailureInfo| is_unknown(info) || info.r#type == STALE_PLAN;
    application_failure(error).is_some_and(|(_, info)| at_once(info)) && since < PROVISION_RETRY_FIRST
}

/// Whether a provisioner said for good that it cannot undo. All else (nobody takes the
/// work, silence, a worker that does not know the activity, attempts used up, what does
/// not read) may pass.
pub fn is_final(error: &ActivityExecutionError) -> bool {
    application_failure(error).is_some_and(|(_, info)| info.non_retryable && !is_unknown(info))
}

/// Whether a worker says that it does not serve the activity; another one may.
fn is_unknown(info: &ApplicationFailureInfo) -> bool {
    [UNKNOWN_ACTIVITY, UNKNOWN_TO_GO].contains(&info.r#type.as_str())
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

fn details(info: &ApplicationFailureInfo) -> FailureDetails {
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
