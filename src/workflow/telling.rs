//! How people are told what happens: a notice at a time, and each supersedes those before it.
//!
//! What people are told never holds up what happens: a clock, a decision or a withdrawal
//! calls off what is being said, and the next notice finds and mends what it left.

use std::pin::Pin;
use std::time::{Duration, UNIX_EPOCH};

use futures::future::FusedFuture;
use temporalio_sdk::workflows::select;
use temporalio_sdk::{ActivityExecutionError, TimerOptions, WaitConditionOptions, WorkflowCancellationToken};

use super::calls::{self, BotCalls};
use super::payload::LenientResult;
use super::plans::plan_activity_id;
use super::run::{Context, Run, Stop};
use super::search_attributes;
use crate::domain::lifecycle::{Failure, Status};
use crate::domain::moment::Moment;
use crate::domain::notice::{Notice, Notification, Planning, RequestSubject, Told};
use crate::domain::rules::Rules;

/// How telling people went.
pub(super) type Said = Result<LenientResult<Told>, ActivityExecutionError>;

/// What is being said may come to its end, when somebody decides meanwhile: most often it
/// does within a second, and is then in the order in which people read it.
const COMES_TO_AN_END: Duration = Duration::from_secs(5);

/// A notice that tells that work has begun, and stays to tell what came of it.
pub(super) struct RunningNotice<F> {
    telling: F,
    /// Unix seconds.
    since: i64,
    /// Ends it.
    pub(super) called_off: WorkflowCancellationToken,
}

impl Stop {
    pub(super) fn status(&self) -> Status {
        match self {
            Self::Cancelled => Status::Cancelled,
            Self::Failed(_) => Status::Failed,
        }
    }
}

impl Run {
    /// Tells people that building begins, and what came of it through
    /// [`Self::finish_notice`]: one activity for both, which shows the progress between.
    pub(super) fn start_notice(
        &self,
        ctx: &Context,
        rules: &Rules,
        begun: Notice,
        activity_id: &str,
    ) -> RunningNotice<impl Future<Output = Said>> {
        self.start_notice_until(ctx, rules, begun, activity_id, detached())
    }

    /// The same until it is called off.
    fn start_notice_until(
        &self,
        ctx: &Context,
        rules: &Rules,
        begun: Notice,
        activity_id: &str,
        called_off: WorkflowCancellationToken,
    ) -> RunningNotice<impl Future<Output = Said>> {
        ctx.state_mut(|s| s.pending_notice = None);
        let options = calls::notify_beside_work(begun.status().word(), called_off.clone());
        let mut notification = self.transition(ctx, Some(rules), begun);
        notification.at_work = Some(activity_id.to_owned());
        let telling = ctx.execute_activity(BotCalls::notify, notification, options);
        RunningNotice { telling, since: in_seconds(ctx, Duration::ZERO), called_off }
    }

    /// Tells people what came of the work through the notice that told of its beginning, or,
    /// if that could not, anew.
    /// `Some`: why the authorizer could not be reached.
    pub(super) async fn finish_notice(
        &self,
        ctx: &Context,
        rules: &Rules,
        notice: Notice,
        running: RunningNotice<impl Future<Output = Said>>,
    ) -> Option<String> {
        let RunningNotice { telling, since, called_off } = running;
        let outcome = self.transition(ctx, Some(rules), notice.clone());
        ctx.state_mut(|s| {
            s.pending_notice = Some(outcome);
            s.is_telling = true;
        });
        let said = telling.await;
        ctx.state_mut(|s| s.is_telling = false);
        match said {
            Ok(LenientResult(told)) => {
                let (outcome, unreachable) = (told.outcome, told.unreachable.clone());
                settled(ctx, told);
                if outcome {
                    return unreachable;
                }
            }
            Err(error) => {
                doubted(ctx, since);
                unheard(ctx, &error);
            }
        }
        if called_off.is_cancelled() {
            return None;
        }
        match self.notify(ctx, Some(rules), notice, called_off).await {
            Ok(unreachable) => unreachable,
            Err(error) => {
                unheard(ctx, &error);
                None
            }
        }
    }

    /// Tells people what happened. That they cannot be told is no reason to stop.
    pub(super) async fn say(&self, ctx: &Context, rules: Option<&Rules>, notice: Notice) {
        if let Err(error) = self.notify(ctx, rules, notice, detached()).await {
            unheard(ctx, &error);
        }
    }

    /// Brings people up to a notice. `Some`: why the authorizer could not be reached.
    pub(super) async fn notify(
        &self,
        ctx: &Context,
        rules: Option<&Rules>,
        notice: Notice,
        called_off: WorkflowCancellationToken,
    ) -> Result<Option<String>, ActivityExecutionError> {
        let options = calls::notify(notice.status().word(), called_off);
        let notification = self.transition(ctx, rules, notice);
        let since = in_seconds(ctx, Duration::ZERO);
        ctx.state_mut(|s| s.is_telling = true);
        let told = ctx.execute_activity(BotCalls::notify, notification, options).await;
        ctx.state_mut(|s| s.is_telling = false);
        let LenientResult(told) = told.inspect_err(|_| doubted(ctx, since))?;
        let unreachable = told.unreachable.clone();
        settled(ctx, told);
        Ok(unreachable)
    }

    /// Tells, one after the other, what comes up while a question is open, until that is
    /// called off.
    pub(super) async fn keep_telling(&self, ctx: &Context, rules: &Rules, called_off: &WorkflowCancellationToken) {
        loop {
            let options = WaitConditionOptions::builder().cancellation_token(called_off.clone()).build();
            if ctx.wait_condition_with_options(|s| s.untold.is_some(), options).await.is_err() {
                return;
            }
            let Some(notice) = ctx.state_mut(|s| s.untold.take()) else { continue };
            if let Notice::Planning(Planning { number }) = notice {
                self.tell_of_planning(ctx, rules, number, called_off).await;
                continue;
            }
            if let Err(error) = self.notify(ctx, Some(rules), notice, called_off.clone()).await {
                unheard(ctx, &error);
            }
        }
    }

    /// Tells that a plan is being made, how far it is, and what came of it.
    async fn tell_of_planning(
        &self,
        ctx: &Context,
        rules: &Rules,
        number: u32,
        called_off: &WorkflowCancellationToken,
    ) {
        let begun = Notice::Planning(Planning { number });
        let activity_id = plan_activity_id(number);
        let running = self.start_notice_until(ctx, rules, begun, &activity_id, called_off.clone());
        ctx.state_mut(|s| (s.is_telling, s.plans.is_told) = (true, true));
        let options = WaitConditionOptions::builder().cancellation_token(called_off.clone()).build();
        let planned = ctx.wait_condition_with_options(|s| s.untold.is_some(), options).await;
        ctx.state_mut(|s| s.plans.is_told = false);
        let notice = ctx.state_mut(|s| s.untold.take()).filter(|_| planned.is_ok());
        match notice {
            Some(notice) => _ = self.finish_notice(ctx, rules, notice, running).await,
            None => {
                if let Err(error) = running.telling.await {
                    doubted(ctx, running.since);
                    unheard(ctx, &error);
                }
                ctx.state_mut(|s| s.is_telling = false);
            }
        }
    }

    /// Ends what is being said: at once, or where it stays true for a while, when it has
    /// had the time to come to its end. Only then something else is said, so that nothing
    /// contradicts it afterwards.
    pub(super) async fn call_off<F: FusedFuture>(
        &self,
        ctx: &Context,
        mut telling: Pin<&mut F>,
        called_off: &WorkflowCancellationToken,
        stays_true: bool,
    ) {
        if stays_true && ctx.state(|s| s.is_telling) {
            let enough = detached();
            let mut patience = ctx.timer(until(COMES_TO_AN_END, &enough));
            select! {
                _ = telling.as_mut() => {}
                _ = ctx.wait_condition(|s| !s.is_telling) => {}
                _ = &mut patience => {}
            }
            enough.cancel();
        }
        called_off.cancel();
        if !telling.is_terminated() {
            telling.as_mut().await;
        }
    }

    /// What a notice says is so from now on; the answer is all there is to tell of it.
    fn transition(&self, ctx: &Context, rules: Option<&Rules>, notice: Notice) -> Notification {
        self.enter(ctx, rules, notice.status());
        ctx.state_mut(|s| {
            match &notice {
                Notice::Failed(failed) => s.failure = Some(failed.failure.clone()),
                Notice::Refused(refused) => s.failure = Some(failed_preflight(refused.problem.to_string())),
                _ => {}
            }
            Notification {
                subject: RequestSubject {
                    request_id: self.id.clone(),
                    round: s.approval.round,
                    request: self.request.clone(),
                    rules: rules.cloned(),
                    authorization: s.approval.decision().cloned(),
                    parameters: s.approval.offer.parameters.clone(),
                    // Where it is decided, nobody is to look at it any more.
                    plan: s.plan_on_card().filter(|_| notice.status() == Status::AwaitingAuthorization),
                    parts: s.work.shown(),
                },
                notice,
                at_work: None,
                conversation: s.conversation.clone(),
                look_back: s.unsettled,
            }
        })
    }

    /// The request stands so from now on, whenever people hear of it.
    pub(super) fn enter(&self, ctx: &Context, rules: Option<&Rules>, status: Status) {
        if rules.is_some_and(|rules| rules.indexed) {
            self.index(ctx, status);
        }
        ctx.state_mut(|s| s.status = status);
    }

    /// Keeps what operators find the request by; called before the status changes.
    fn index(&self, ctx: &Context, status: Status) {
        match ctx.state(|s| s.status) {
            before if before == status => {}
            _ if !search_attributes::stays(ctx) => {}
            Status::PreFlight => ctx.upsert_search_attributes(
                search_attributes::people(&self.request).into_iter().chain([search_attributes::status(status)]),
            ),
            _ => ctx.upsert_search_attributes([search_attributes::status(status)]),
        }
    }
}

/// A token that the workflow's cancellation leaves alone.
pub(super) fn detached() -> WorkflowCancellationToken {
    WorkflowCancellationToken::new()
}

/// A timer that ends with `token`.
pub(super) fn until(after: Duration, token: &WorkflowCancellationToken) -> TimerOptions {
    TimerOptions::builder(after).cancellation_token(token.clone()).build()
}

/// The workflow's time, since 1970.
pub(super) fn now(ctx: &Context) -> Duration {
    ctx.workflow_time().and_then(|now| now.duration_since(UNIX_EPOCH).ok()).unwrap_or_default()
}

/// The same, as programs read it.
pub(super) fn moment(ctx: &Context) -> Moment {
    Moment(in_seconds(ctx, Duration::ZERO))
}

/// Unix seconds, `after` from now.
pub(super) fn in_seconds(ctx: &Context, after: Duration) -> i64 {
    i64::try_from((now(ctx) + after).as_secs()).unwrap_or(i64::MAX)
}

fn failed_preflight(cause: String) -> Failure {
    Failure { step: None, cause, advice: String::new(), attempt: 1 }
}

/// Keeps where messages are.
fn settled(ctx: &Context, told: Told) {
    ctx.state_mut(|s| s.conversation.0.extend(told.conversation.0));
}

/// Who could not tell a notice, or was called off, may have told a part of it; `since` is
/// when that began.
fn doubted(ctx: &Context, since: i64) {
    ctx.state_mut(|s| s.unsettled = Some(s.unsettled.map_or(since, |before| before.min(since))));
}

pub(super) fn unheard(ctx: &Context, error: &ActivityExecutionError) {
    let is_news = !matches!(error, ActivityExecutionError::Cancelled(_)) && !ctx.is_replaying();
    if is_news {
        tracing::error!(request.id = ctx.workflow_id(), error = %error, "people could not be told");
    }
}
