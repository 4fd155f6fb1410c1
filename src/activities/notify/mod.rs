//! Brings every message of a request up to a notice, once.
//!
//! Which messages a notice posts and changes, its plan says (`slack/notices/`). Here that is
//! carried out, in a straight line:
//!
//! - `look_back`: what is there already. Changing is repeatable; posting is not, so each
//!   message carries its part in its metadata, and a repeated attempt first looks for what
//!   an earlier one, killed before it could tell, has posted. So does whoever tells the
//!   next notice when one has failed.
//! - `writer`: what is missing is posted, the rest changed; `sender` hands a single message
//!   to Slack, `failures` and `tries` know what becomes of one that Slack does not take.
//! - `attempt`, `checkpoint`: what was done, for the next attempt.
//!
//! Whoever tells that work has begun stays until it is over, shows its `progress`,
//! and tells what came of it, as the workflow says.

mod attempt;
mod checkpoint;
mod failures;
mod look_back;
mod progress;
mod sender;
mod tries;
mod writer;

use std::pin::pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tracing::Span;

use self::attempt::Attempt;
use self::checkpoint::Stage;
use self::failures::{EVERYTHING, Failures};
use self::look_back::LookBack;
use self::progress::{Watch, Watched};
use self::writer::Writer;
use crate::domain::blueprint::Part;
use crate::domain::decision::DecisionKind;
use crate::domain::lease::notice::LeaseSubject;
use crate::domain::lifecycle::Status;
use crate::domain::notice::part::{CARD, PROGRESS, ROOT, of_attempt};
use crate::domain::notice::{MessageRef, Notice, Notification, Told};
use crate::domain::policy::Policy;
use crate::domain::provisioning::{PartStatus, Underway};
use crate::slack::notices::audience::Audience;
use crate::slack::notices::plan::Known;
use crate::slack::notices::planning::planning;
use crate::slack::views::progress::{ProgressState, progress};
use crate::slack::web_api::SlackApi;
use crate::slack::{leases, notices};
use crate::telemetry::Metrics;
use crate::traces;
use crate::workflow::ProvisionApplication;

/// How long the calls that are under way may take once the notice is called off. They
/// would be carried out all the same, and what they post would not be found.
const CALLS_END: Duration = Duration::from_secs(3);

/// How long a trace may hold up the end of its request.
const DESCRIBE: Duration = Duration::from_secs(1);

/// The activity `notify`.
pub async fn run(
    policy: &Policy,
    slack: &SlackApi,
    metrics: &Metrics,
    ctx: &ActivityContext,
    notification: Notification,
) -> Result<Told, ActivityError> {
    let attempt = Attempt::new(policy, slack, ctx, &notification.conversation);
    let mut telling = pin!(tell(&attempt, metrics, &notification));
    let told = tokio::select! {
        told = &mut telling => told,
        // Given to somebody else, who looks first at what was posted here.
        () = ctx.cancelled() => {
            let _ = tokio::time::timeout(CALLS_END, attempt.cut(telling.as_mut())).await;
            Err(ActivityError::cancelled())
        }
        error = attempt.stay_alive() => Err(error),
    };
    if told.is_err() {
        // Reported with the failure, and so what the next attempt begins with.
        attempt.beat().await?;
    }
    told
}

/// The activity `notify_lease`: the same about something that was built.
pub async fn lease(
    policy: &Policy,
    slack: &SlackApi,
    ctx: &ActivityContext,
    n: &Notification<LeaseSubject>,
) -> Result<Told, ActivityError> {
    let attempt = Attempt::new(policy, slack, ctx, &n.conversation);
    // Where its thread is, the first notice has from the request.
    attempt.note(|checkpoint| {
        let (channel, thread) = (&n.subject.leased.channel_id, n.subject.leased.thread_ts.as_ref());
        if let Some(ts) = thread.filter(|_| checkpoint.conversation.at(ROOT).is_none()) {
            let root = MessageRef { channel: channel.clone(), ts: ts.clone() };
            checkpoint.conversation.0.insert(ROOT.to_owned(), root);
        }
    });
    let look_back = LookBack::new(&attempt);
    let mut audience = leases::audience(n);
    audience.operations = attempt.policy.operations_channel.as_deref();
    audience.requester = attempt.policy.correspondent(&n.subject.owner);
    let failures = Failures::new(&attempt, audience.answer_within);
    let writer = Writer::new(&attempt, &audience, &look_back, &failures);
    let telling = async {
        if attempt.at(leases::OUTCOME).is_none()
            && let Err(error) = look_back.everywhere(&audience).await
        {
            failures.later(EVERYTHING, error);
            return failures.result(false);
        }
        writer.carry_out(leases::plan(n)).await;
        failures.result(false)
    };
    let told = tokio::select! {
        told = telling => told,
        () = ctx.cancelled() => Err(ActivityError::cancelled()),
        error = attempt.stay_alive() => Err(error),
    };
    if let Err(error) = told {
        attempt.beat().await?;
        return Err(error);
    }
    Ok(attempt.told(false))
}

/// Tells a notice and, where it says that work has begun, what came of it.
async fn tell(attempt: &Attempt<'_>, metrics: &Metrics, begun: &Notification) -> Result<Told, ActivityError> {
    let look_back = LookBack::new(attempt);
    let stage = attempt.checkpoint().stage;
    if stage == Stage::Begins {
        bring_up_to_date(attempt, &look_back, begun).await?;
        count(attempt, metrics, begun).await;
    }
    let Some(activity_id) = &begun.at_work else {
        traces::tell(&Span::current(), "request.status", begun.notice.status().word());
        return Ok(attempt.told(false));
    };
    if stage == Stage::Begins {
        attempt.reach(Stage::Goes).await?;
    }
    let mut watch = Watch::new(attempt.ctx)?;
    if stage != Stage::IsOver {
        let audience = audience(attempt, begun);
        let failures = Failures::new(attempt, audience.answer_within);
        let writer = Writer::new(attempt, &audience, &look_back, &failures);
        let message = |latest: Option<u32>, it: &Underway| match &begun.notice {
            // How far a plan is stands on the card.
            Notice::Planning(_) => Some((CARD.to_owned(), planning::underway(begun, it.sum().as_ref()))),
            _ => latest
                .map(|attempt| (of_attempt(PROGRESS, attempt), progress(begun, attempt, it, ProgressState::Running))),
        };
        watch.follow(&watched(begun, activity_id), &writer, message).await?;
        attempt.reach(Stage::IsOver).await?;
    }
    let outcome = watch.outcome().await?;
    traces::tell(&Span::current(), "request.status", outcome.notice.status().word());
    bring_up_to_date(attempt, &look_back, &outcome).await?;
    count(attempt, metrics, &outcome).await;
    Ok(attempt.told(true))
}

/// What is at work, by the IDs of its activities: of parts each has its own.
fn watched(n: &Notification, activity_id: &str) -> Watched {
    let parts = n.subject.rules.as_ref().map_or(&[][..], |rules| &rules.blueprint.parts);
    if parts.is_empty() {
        return Watched::from([(activity_id.to_owned(), String::new())]);
    }
    let plans = matches!(n.notice, Notice::Planning(_));
    let built = |id: &str| n.subject.parts.iter().any(|it| it.id == id && it.status == PartStatus::Built);
    let is_at_work = |part: &&Part| !built(&part.id) && (!plans || part.blueprint.has_plan());
    parts.iter().filter(is_at_work).map(|part| (format!("{activity_id}-{}", part.id), part.id.clone())).collect()
}

/// Finds what is there of a notice, and writes what is missing.
async fn bring_up_to_date(
    attempt: &Attempt<'_>,
    look_back: &LookBack<'_>,
    n: &Notification,
) -> Result<(), ActivityError> {
    let audience = audience(attempt, n);
    let failures = Failures::new(attempt, audience.answer_within);
    let at_work = n.at_work.is_some();
    if n.look_back.is_some()
        && !attempt.is_cut()
        && let Err(error) = look_back.everywhere(&audience).await
    {
        // Nothing is said that may have been said.
        failures.later(EVERYTHING, error);
        return failures.result(at_work);
    }
    let plan = notices::plan(n, &known(attempt, n));
    Writer::new(attempt, &audience, look_back, &failures).carry_out(plan).await;
    failures.result(at_work)
}

/// What is known now of the messages that are there.
fn known(attempt: &Attempt<'_>, n: &Notification) -> Known {
    let checkpoint = attempt.checkpoint();
    Known { conversation: checkpoint.conversation.clone(), mends: n.look_back.is_some() || checkpoint.left }
}

/// Counted once it has been told, so that a repetition does not count twice.
async fn count(attempt: &Attempt<'_>, metrics: &Metrics, n: &Notification) {
    let status = n.notice.status();
    // What is left after the end does not end it once more.
    if status.is_final() && !matches!(n.notice, Notice::NotDiscarded(_)) {
        metrics.request(status.word());
        close_trace(attempt.ctx, status).await;
    }
    if let Some((decision, after)) = decision_time(n) {
        metrics.decided(decision, after);
    }
}

/// Tells the span of the whole request, which nobody else can: it is over.
async fn close_trace(ctx: &ActivityContext, status: Status) {
    let Some(request) = ctx.workflow_handle::<ProvisionApplication>().filter(|_| traces::are_on()) else { return };
    let described = tokio::time::timeout(DESCRIBE, request.describe(Default::default())).await;
    if let Ok(Ok(described)) = described
        && let Some(began) = described.start_time()
    {
        traces::whole(described.id(), began, status.word(), status == Status::Failed);
    }
}

/// How long the authorizer took, if the notice tells of a decision: Slack names
/// a message by the moment it was posted.
#[expect(clippy::disallowed_methods, reason = "a decision's time is measured, and decides nothing")]
fn decision_time(n: &Notification) -> Option<(&'static str, Duration)> {
    let decision = match n.notice.decision()? {
        DecisionKind::Approve => "approve",
        DecisionKind::Reject => "reject",
    };
    let asked: f64 = n.conversation.at(CARD)?.ts.parse().ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
    Some((decision, Duration::try_from_secs_f64(now - asked).ok()?))
}

/// For whom the messages of a notice are. Whom to write to about what a client asked for,
/// the configuration of this moment says.
fn audience<'a>(attempt: &'a Attempt<'_>, n: &'a Notification) -> Audience<'a> {
    let audience = notices::audience(n);
    let requester = attempt.policy.correspondent(&n.subject.request.requester_id);
    Audience { requester, operations: attempt.policy.operations_channel.as_deref(), ..audience }
}
