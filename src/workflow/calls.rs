//! Everything the workflow may call, with the time each call gets and why.

use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityDefinition;
use temporalio_macros::activity_definitions;
use temporalio_sdk::activities::ActivityError;
use temporalio_sdk::{ActivityCancellationType, ActivityOptions, LocalActivityOptions, WorkflowCancellationToken};
use temporalio_workflow::RetryPolicy;

use super::payload::{LenientResult, Outgoing};
use crate::domain::approval::PLAN_WITHIN;
use crate::domain::blueprint::Blueprint;
use crate::domain::lease::notice::LeaseSubject;
use crate::domain::lease::rules::LeaseRules;
use crate::domain::lease::state::Leased;
use crate::domain::notice::{Notification, Told};
use crate::domain::policy::PreflightProblem;
use crate::domain::request::ProvisionRequest;
use crate::domain::rules::Rules;

/// The bot's own activities, served on [`super::TASK_QUEUE`].
pub struct BotCalls;

#[activity_definitions]
impl BotCalls {
    /// Judges a request before anybody is bothered with it.
    #[activity(name = "preflight")]
    pub fn preflight(_check: Check) -> Result<LenientResult<Preflight>, ActivityError> {
        unimplemented!()
    }

    /// Judges whether the authorizer may still end a request that needs a hand:
    /// what speaks against it.
    #[activity(name = "may_give_up")]
    pub fn may_give_up(_request: ProvisionRequest) -> Result<LenientResult<Option<PreflightProblem>>, ActivityError> {
        unimplemented!()
    }

    /// By what something that was built is judged at this moment.
    #[activity(name = "lease_rules")]
    pub fn lease_rules(_lease: Leased) -> Result<LeaseRules, ActivityError> {
        unimplemented!()
    }

    /// Brings every message about something that was built up to a notice, once.
    #[activity(name = "notify_lease")]
    pub fn notify_lease(_notification: Notification<LeaseSubject>) -> Result<LenientResult<Told>, ActivityError> {
        unimplemented!()
    }

    /// Brings every message of a request up to a notice, once; [`NOTIFY`].
    #[activity(name = "notify")]
    pub fn notify(_notification: Notification) -> Result<LenientResult<Told>, ActivityError> {
        unimplemented!()
    }
}

/// The name of the activity that tells people, for whoever reads a history.
pub const NOTIFY: &str = "notify";

/// The calls by type, for whoever implements them.
pub use bot_calls::{
    LeaseRules as LeaseRulesCall, MayGiveUp as MayGiveUpCall, Notify as NotifyCall, NotifyLease as NotifyLeaseCall,
    Preflight as PreflightCall,
};

/// The input of `preflight`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    pub request: ProvisionRequest,
    /// Are people and groups looked up at this moment? What is built on the answer
    /// cannot be taken back; before somebody is asked, what was learnt within the
    /// last minute will do.
    pub afresh: bool,
}

/// The result of `preflight`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Preflight {
    Passed { rules: Box<Rules> },
    Refused { problem: PreflightProblem },
}

/// An activity of a provisioner: the name is data, since it may be anybody's.
pub struct Remote<I, O> {
    name: String,
    io: PhantomData<fn(I) -> O>,
}

impl<I, O> Remote<I, O> {
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), io: PhantomData }
    }
}

impl<I, O> ActivityDefinition for Remote<I, O>
where
    I: Serialize + DeserializeOwned + 'static,
    O: Serialize + DeserializeOwned + 'static,
{
    type Input = Outgoing<I>;
    type Output = LenientResult<O>;

    fn name(&self) -> &str {
        &self.name
    }
}

/// A dozen Slack calls at most, each of which gives up after ten seconds on its own.
const SLACK_ATTEMPT: Duration = Duration::from_secs(120);
/// Slack answers within a second; a workflow task may take five (`temporal.rs`).
const CHECK_ATTEMPT: Duration = Duration::from_secs(3);
/// A dozen calls that give up after a second each, in a slow workspace.
const PATIENT_CHECK_ATTEMPT: Duration = Duration::from_secs(30);
/// Slack may be away for hours; asking every half minute loses nothing and
/// stays far below its rate limits.
const SLACK_RETRY_AT_MOST: Duration = Duration::from_secs(30);
/// The bot's own activities heartbeat every few seconds, so a worker that died is
/// noticed soon.
const SLACK_HEARTBEAT: Duration = Duration::from_secs(10);

/// Longest run of a provisioner: a large stack takes tens of minutes.
const PROVISION_AT_MOST: Duration = Duration::from_secs(2 * 60 * 60);
/// A provisioner that says nothing for this long is taken for dead. It also sets
/// how rarely the heartbeats of a worker with default settings reach us: every
/// 0.8 times this.
pub const PROVISION_HEARTBEAT: Duration = Duration::from_secs(10);
/// A queue nobody takes work from for this long has no worker.
pub const PICKED_UP_WITHIN: Duration = Duration::from_secs(60);
/// A hiccup is ridden out, then a person is asked: with doubling pauses, 15 s
/// after the first failure, beside what the provisioner itself retries.
const PROVISION_ATTEMPTS: u32 = 5;
/// Temporal's default, here by name.
pub const PROVISION_RETRY_FIRST: Duration = Duration::from_secs(1);
const PROVISION_RETRY_AT_MOST: Duration = Duration::from_secs(30);
/// Undoing is tried for a minute, with doubling pauses, before people hear that it takes
/// long: some of what keeps it from its end only they can mend.
const DESTROY_ATTEMPTS: u32 = 7;
/// Then it is tried until it is done, however often that is: what was built costs money,
/// and nobody else knows of it.
const UNDO_RETRY_AT_MOST: Duration = Duration::from_secs(2 * 60);
/// The same where Temporal itself does not try again: the first pause, and the longest.
pub const UNDO_AGAIN_FIRST: Duration = Duration::from_secs(60);
pub const UNDO_AGAIN_AT_MOST: Duration = Duration::from_secs(60 * 60);

/// The type of the failure with which Temporal's SDKs say that a worker does not
/// serve an activity.
pub const UNKNOWN_ACTIVITY: &str = "NotFoundError";
/// The same in the words of Go's.
pub const UNKNOWN_TO_GO: &str = "ActivityNotRegisteredError";

/// The type of the failure with which a provisioner says that the plan does not hold any more.
pub const STALE_PLAN: &str = "StalePlan";

/// The longest a request waits for its authorizer, as the configuration allows.
pub const AUTHORIZATION_AT_MOST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long is tried to check a decision that came in time, once the time is over.
pub const CHECKED_LATE: Duration = Duration::from_secs(10);

/// How long somebody has to choose between retry and give up.
pub const ATTENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Local: a few questions to Slack, that may be asked again.
/// The workflow task waits meanwhile and no query is answered, so there is one attempt,
/// and it is short. Each more would be a timer and a task of the workflow, five events.
///
/// Only where nothing else goes on in the workflow. A query that comes with the same
/// workflow task has the SDK complete that task with the result alone; what happened by
/// then (a timer that fired) comes before the result the first time, and behind it when
/// the history is replayed, which then never ends.
pub fn check_first() -> LocalActivityOptions {
    LocalActivityOptions::builder()
        .start_to_close_timeout(CHECK_ATTEMPT)
        .retry_policy(RetryPolicy::builder().maximum_attempts(1).build())
        .build()
}

/// Local: the configuration is looked up, and nobody asked.
pub fn look_up() -> LocalActivityOptions {
    LocalActivityOptions::builder()
        .start_to_close_timeout(CHECK_ATTEMPT)
        .retry_policy(RetryPolicy::builder().build())
        .build()
}

/// The same beside whatever else goes on: one short attempt, so that a worker that died
/// costs seconds.
pub fn check_now() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(CHECK_ATTEMPT)
        .retry_policy(RetryPolicy::builder().maximum_attempts(1).build())
        .build()
}

/// Where Slack did not answer: the server tries again, for weeks if need be, and writes no
/// event for it.
pub fn check_patiently(until: WorkflowCancellationToken) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(PATIENT_CHECK_ATTEMPT)
        .retry_policy(patient())
        .cancellation_token(until)
        .build()
}

/// Telling people goes on although the request is cancelled: what was said stays
/// true. `until` is the workflow's to cancel, which then waits until nothing more is said.
pub fn notify(summary: &str, until: WorkflowCancellationToken) -> ActivityOptions {
    telling(SLACK_ATTEMPT, summary, until)
}

/// Telling that a provisioner is at work lasts as long as the work.
pub fn notify_beside_work(summary: &str, until: WorkflowCancellationToken) -> ActivityOptions {
    telling(PROVISION_AT_MOST + SLACK_ATTEMPT, summary, until)
}

fn telling(at_most: Duration, summary: &str, until: WorkflowCancellationToken) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(at_most)
        .heartbeat_timeout(SLACK_HEARTBEAT)
        .cancellation_type(ActivityCancellationType::WaitCancellationCompleted)
        .retry_policy(patient())
        .cancellation_token(until)
        .summary(summary)
        .build()
}

/// Waits for the provisioner to stop when cancelled: undoing must not begin
/// while it still builds.
pub fn provision(blueprint: &Blueprint, activity_id: &str) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(PROVISION_AT_MOST)
        .activity_id(activity_id)
        .task_queue(&blueprint.task_queue)
        .schedule_to_start_timeout(PICKED_UP_WITHIN)
        .heartbeat_timeout(PROVISION_HEARTBEAT)
        .cancellation_type(ActivityCancellationType::WaitCancellationCompleted)
        .retry_policy(attempts(PROVISION_ATTEMPTS))
        .build()
}

/// It is tried for as long as a plan is waited for. Called off, it is waited for until it has
/// stopped: what it leaves is removed then. It runs although the request is cancelled, which
/// calls it off by itself.
pub fn plan(blueprint: &Blueprint, activity_id: &str, until: WorkflowCancellationToken) -> ActivityOptions {
    let retry = RetryPolicy::builder()
        .initial_interval(PROVISION_RETRY_FIRST)
        .maximum_interval(PROVISION_RETRY_AT_MOST)
        .non_retryable_error_types([UNKNOWN_ACTIVITY, UNKNOWN_TO_GO])
        .build();
    ActivityOptions::with_schedule_to_close_timeout(PLAN_WITHIN)
        .activity_id(activity_id)
        .task_queue(&blueprint.task_queue)
        .schedule_to_start_timeout(PICKED_UP_WITHIN)
        .heartbeat_timeout(PROVISION_HEARTBEAT)
        .cancellation_type(ActivityCancellationType::WaitCancellationCompleted)
        .cancellation_token(until)
        .retry_policy(retry)
        .build()
}

/// Undoing runs although the request is cancelled. This is the first round, after which
/// people hear why it is not done.
pub fn destroy(blueprint: &Blueprint) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(PROVISION_AT_MOST)
        .task_queue(&blueprint.task_queue)
        .schedule_to_start_timeout(PICKED_UP_WITHIN)
        .heartbeat_timeout(PROVISION_HEARTBEAT)
        .cancellation_token(WorkflowCancellationToken::new())
        .retry_policy(attempts(DESTROY_ATTEMPTS))
        .build()
}

/// The second round: it waits for a provisioner as long as it takes, and each attempt
/// has its time.
pub fn destroy_at_last(blueprint: &Blueprint) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(PROVISION_AT_MOST)
        .task_queue(&blueprint.task_queue)
        .heartbeat_timeout(PROVISION_HEARTBEAT)
        .cancellation_token(WorkflowCancellationToken::new())
        .retry_policy(RetryPolicy::builder().maximum_interval(UNDO_RETRY_AT_MOST).build())
        .build()
}

fn patient() -> RetryPolicy {
    RetryPolicy::builder().maximum_interval(SLACK_RETRY_AT_MOST).build()
}

fn attempts(at_most: u32) -> RetryPolicy {
    RetryPolicy::builder()
        .initial_interval(PROVISION_RETRY_FIRST)
        .maximum_interval(PROVISION_RETRY_AT_MOST)
        .maximum_attempts(at_most)
        // A worker without this activity does not learn it by being asked again, and a plan
        // that does not hold does not hold again.
        .non_retryable_error_types([UNKNOWN_ACTIVITY, UNKNOWN_TO_GO, STALE_PLAN])
        .build()
}
