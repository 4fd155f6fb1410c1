//! The story of one request, from the pre-flight checks to the bucket: the steps
//! read in order, each says what happened, and none knows how that looks.

use std::future::Ready;
use std::pin::pin;
use std::time::{Duration, UNIX_EPOCH};

use futures::{FutureExt, TryFutureExt};
use temporalio_sdk::workflows::select;
use temporalio_sdk::{ActivityExecutionError, TimerOptions, TimerResult, WorkflowCancellationToken, WorkflowContext};

use super::calls::{self, BotCalls, Check, Preflight, Remote};
use super::loose::{Handed, Kept};
use super::provision_application::ProvisionApplication;
use super::{explain, index};
use crate::domain::lifecycle::{Failure, Status};
use crate::domain::notice::{Cleanup, GivenUp, Notice, Notification, Told};
use crate::domain::provisioning::{ProvisionInput, Provisioned};
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::Rules;

/// What a request is, while its story is told. The steps read in order.
pub(super) struct Story {
    pub(super) id: RequestId,
    pub(super) request: ProvisionRequest,
}

/// What came of the question.
pub(super) enum Decided {
    /// By rules of this moment.
    Approved {
        rules: Box<Rules>,
        region: String,
        profile: String,
        decided_by: String,
    },
    Rejected {
        decided_by: String,
        reason: Option<String>,
    },
    Expired,
}

/// What came of the question what to do about a failure.
pub(super) enum Chosen {
    /// By rules of this moment: somebody may have mended the configuration.
    Retry {
        rules: Box<Rules>,
        decided_by: String,
    },
    GiveUp {
        decided_by: String,
    },
}

/// How a story ended, short of success.
pub(super) enum Stop {
    Cancelled,
    Failed(Failure),
}

pub(super) type Context = WorkflowContext<ProvisionApplication>;
/// How telling people went.
pub(super) type Said = Result<Kept<Told>, ActivityExecutionError>;

/// Where the work is over, and told to be.
fn nobody() -> Option<Ready<Said>> {
    None
}

impl Story {
    pub(super) async fn tell(&self, ctx: &Context) {
        let rules = match self.preflight(ctx, false).await {
            Ok(Preflight::Passed { rules }) => rules,
            Ok(Preflight::Refused { problem }) => return self.say(ctx, None, Notice::Refused { problem }).await,
            Err(Stop::Cancelled) => return self.cancelled(ctx, None, Cleanup::NothingBuilt).await,
            Err(Stop::Failed(failure)) => return self.failed_at_once(ctx, None, failure).await,
        };
        self.judge_by(ctx, &rules);
        if let Err(failure) = self.ask(ctx, &rules).await {
            return self.failed_at_once(ctx, Some(&rules), failure).await;
        }
        match self.decision(ctx, &rules).await {
            Ok(Decided::Approved { rules, region, profile, decided_by }) => {
                let input = ProvisionInput::new(&self.id, &self.request, &region, &profile);
                self.provision(ctx, &rules, input, Notice::Authorized { region, profile, decided_by }).await
            }
            Ok(Decided::Rejected { decided_by, reason }) => {
                self.say(ctx, Some(&rules), Notice::Rejected { decided_by, reason }).await
            }
            Ok(Decided::Expired) => self.say(ctx, Some(&rules), Notice::Expired).await,
            Err(_) => self.cancelled(ctx, Some(&rules), Cleanup::NothingBuilt).await,
        }
    }

    pub(super) async fn preflight(&self, ctx: &Context, afresh: bool) -> Result<Preflight, Stop> {
        let check = Check { request: self.request.clone(), afresh };
        match ctx.execute_local_activity(BotCalls::preflight, check, calls::preflight()).await {
            Ok(Kept(preflight)) => Ok(preflight),
            Err(ActivityExecutionError::Cancelled(_)) => Err(Stop::Cancelled),
            Err(error) => Err(Stop::Failed(failed_check(&error))),
        }
    }

    /// From now on decisions are judged when they come, and those that came early now.
    fn judge_by(&self, ctx: &Context, rules: &Rules) {
        let refusals = ctx.state_mut(|s| {
            s.rules = Some(rules.clone());
            s.judge()
        });
        for refusal in refusals.iter().filter(|_| !ctx.is_replaying()) {
            tracing::warn!(request.id = %self.id, %refusal, "an early decision was refused");
        }
    }

    /// Asks the authorizer. An authorizer who cannot be reached ends the request.
    async fn ask(&self, ctx: &Context, rules: &Rules) -> Result<(), Failure> {
        let expires_at = in_seconds(ctx, self.waits_for());
        match self.notify(ctx, Some(rules), Notice::Requested { expires_at }, detached()).await {
            Ok(Some(cause)) => {
                let advice = "Ask again, and name somebody else.".to_owned();
                Err(Failure { step: None, cause, advice, attempt: 1 })
            }
            Ok(None) => Ok(()),
            Err(error) => {
                unheard(ctx, &error);
                Ok(())
            }
        }
    }

    /// Waits for a decision that counts.
    async fn decision(&self, ctx: &Context, rules: &Rules) -> Result<Decided, Stop> {
        let waiting = detached();
        // Left to run once somebody decided: most often the request ends before it does,
        // and to cancel it would be one more event of each.
        let mut deadline = ctx.timer(until(self.waits_for(), &detached()));
        let mut reminder = pin!(self.remind(ctx, rules, &waiting).fuse());
        let decided = loop {
            select! {
                decided = ctx.wait_condition(|s| s.state.authorization.is_some()) => match decided {
                    Ok(()) => match self.confirmed(ctx, rules).await {
                        Ok(Some(decided)) => break Ok(decided),
                        Ok(None) => {}
                        Err(stop) => break Err(stop),
                    },
                    Err(_) => break Err(Stop::Cancelled),
                },
                _ = &mut deadline => break Ok(Decided::Expired),
                () = &mut reminder => {}
            }
        };
        waiting.cancel();
        decided
    }

    /// Reminds the authorizer once, if that is configured. It runs beside the
    /// waiting, so that a slow reminder never holds up a decision.
    async fn remind(&self, ctx: &Context, rules: &Rules, waiting: &WorkflowCancellationToken) {
        let expires_at = in_seconds(ctx, self.waits_for());
        let Some(after) = rules.reminder_seconds.map(Duration::from_secs) else { return };
        if after >= self.waits_for() || ctx.timer(until(after, waiting)).await != TimerResult::Fired {
            return;
        }
        let reminded = Notice::Reminded { expires_at };
        match self.notify(ctx, Some(rules), reminded, waiting.clone()).await {
            Ok(_) | Err(ActivityExecutionError::Cancelled(_)) => {}
            Err(error) => unheard(ctx, &error),
        }
    }

    /// Has the resources built, and asks a person each time that fails. `begun` says
    /// that building begins.
    async fn provision(&self, ctx: &Context, rules: &Rules, mut input: ProvisionInput, mut begun: Notice) {
        let mut current = rules.clone();
        let mut began = false;
        for attempt in 1.. {
            let rules = &current;
            let activity_id = format!("provision-{attempt}");
            let accompanied = self.accompany(ctx, rules, begun, &activity_id);
            let failure = match self.build(ctx, rules, &mut input, &activity_id, attempt, &mut began).await {
                Ok(result) => return self.provisioned(ctx, rules, result, accompanied).await,
                Err(Stop::Cancelled) => {
                    let mut accompanied = Some(accompanied);
                    let cleanup = self.cleanup(ctx, rules, &input, began, &mut accompanied).await;
                    let cancelled = Notice::Cancelled { cleanup };
                    return match accompanied {
                        Some(accompanied) => self.say_through(ctx, rules, cancelled, accompanied).await,
                        None => self.say(ctx, Some(rules), cancelled).await,
                    };
                }
                Err(Stop::Failed(failure)) => failure,
            };
            let given_up = match self.attention(ctx, rules, &input, &failure, accompanied).await {
                Ok(Some(Chosen::Retry { rules, decided_by })) => {
                    current = *rules;
                    input.resume_from.clone_from(&failure.step);
                    begun = Notice::Retried { failure, decided_by };
                    continue;
                }
                Ok(Some(Chosen::GiveUp { decided_by })) => GivenUp::ByChoice { decided_by },
                Ok(None) => GivenUp::Unanswered,
                Err(_) => {
                    let cleanup = self.cleanup(ctx, rules, &input, began, &mut nobody()).await;
                    return self.cancelled(ctx, Some(rules), cleanup).await;
                }
            };
            let cleanup = self.cleanup(ctx, rules, &input, began, &mut nobody()).await;
            return self.say(ctx, Some(rules), Notice::Failed { failure, given_up, cleanup }).await;
        }
    }

    /// Tells people that building begins, and what came of it through
    /// [`Self::say_through`]: one activity for both, which shows the progress between.
    fn accompany(&self, ctx: &Context, rules: &Rules, begun: Notice, activity_id: &str) -> impl Future<Output = Said> {
        ctx.state_mut(|s| s.outcome = None);
        let options = calls::accompany(begun.status().word());
        let mut notification = self.stands(ctx, Some(rules), begun);
        notification.at_work = Some(activity_id.to_owned());
        let since = in_seconds(ctx, Duration::ZERO);
        let told = ctx.execute_activity(BotCalls::notify, notification, options);
        told.inspect_err(move |_| ctx.state_mut(|s| s.unsettled.push(since)))
    }

    /// Tells people through whoever accompanied the work, or, if they could not, anew.
    pub(super) async fn say_through(
        &self,
        ctx: &Context,
        rules: &Rules,
        notice: Notice,
        accompanied: impl Future<Output = Said>,
    ) {
        let outcome = self.stands(ctx, Some(rules), notice.clone());
        ctx.state_mut(|s| s.outcome = Some(outcome));
        match accompanied.await {
            Ok(Kept(told)) => {
                ctx.state_mut(|s| s.conversation.0.extend(told.conversation.0));
                if told.outcome {
                    return;
                }
            }
            Err(error) => unheard(ctx, &error),
        }
        self.say(ctx, Some(rules), notice).await;
    }

    /// Calls the provisioner.
    async fn build(
        &self,
        ctx: &Context,
        rules: &Rules,
        input: &mut ProvisionInput,
        activity_id: &str,
        attempt: u32,
        began: &mut bool,
    ) -> Result<Provisioned, Stop> {
        let provision = Remote::<ProvisionInput, Provisioned>::named(&rules.blueprint.provision_activity);
        let options = calls::provision(&rules.blueprint, activity_id);
        let scheduled = now(ctx);
        let built = ctx.execute_activity(provision, handed(rules, input), options).await;
        let since = now(ctx).saturating_sub(scheduled);
        *began |= !built.as_ref().is_err_and(|error| explain::never_began(error, since));
        if let Some(unheard) = built.as_ref().err().and_then(|error| explain::unheard(error, since)) {
            input.unheard = Some(unheard);
        }
        match built {
            Err(ActivityExecutionError::Cancelled(_)) => Err(Stop::Cancelled),
            // The provisioner may be done before it hears that the request was withdrawn.
            _ if ctx.cancellation_token().is_cancelled() => Err(Stop::Cancelled),
            Ok(Kept(result)) => Ok(result),
            Err(error) => Err(Stop::Failed(explain::failure(&error, &rules.blueprint, attempt))),
        }
    }

    /// Asks a person what to do about a failure. `None`: nobody chose in time.
    async fn attention(
        &self,
        ctx: &Context,
        rules: &Rules,
        input: &ProvisionInput,
        failure: &Failure,
        accompanied: impl Future<Output = Said>,
    ) -> Result<Option<Chosen>, Stop> {
        ctx.state_mut(|s| {
            s.attendance = None;
            s.not_counted = None;
            s.state.failure = Some(failure.clone());
        });
        let expires_at = in_seconds(ctx, calls::ATTENTION);
        let stuck = Notice::NeedsAttention { failure: failure.clone(), expires_at };
        self.say_through(ctx, rules, stuck, accompanied).await;

        let waiting = detached();
        let mut deadline = ctx.timer(until(calls::ATTENTION, &waiting));
        let chosen = loop {
            select! {
                chosen = ctx.wait_condition(|s| s.attendance.is_some()) => match chosen {
                    Ok(()) => match self.obeyed(ctx, rules, input).await {
                        Ok(Some(chosen)) => break Ok(Some(chosen)),
                        Ok(None) => {}
                        Err(stop) => break Err(stop),
                    },
                    Err(_) => break Err(Stop::Cancelled),
                },
                _ = &mut deadline => break Ok(None),
            }
        };
        waiting.cancel();
        chosen
    }

    async fn provisioned(
        &self,
        ctx: &Context,
        rules: &Rules,
        result: Provisioned,
        accompanied: impl Future<Output = Said>,
    ) {
        ctx.state_mut(|s| {
            s.state.resources = Some(result.outputs.clone());
            s.state.failure = None;
        });
        self.say_through(ctx, rules, Notice::Provisioned { result }, accompanied).await;
    }

    async fn cancelled(&self, ctx: &Context, rules: Option<&Rules>, cleanup: Cleanup) {
        self.say(ctx, rules, Notice::Cancelled { cleanup }).await;
    }

    async fn failed_at_once(&self, ctx: &Context, rules: Option<&Rules>, failure: Failure) {
        let notice = Notice::Failed { failure, given_up: GivenUp::AtOnce, cleanup: Cleanup::NothingBuilt };
        self.say(ctx, rules, notice).await;
    }

    /// Tells people what happened. That they cannot be told is no reason to stop.
    pub(super) async fn say(&self, ctx: &Context, rules: Option<&Rules>, notice: Notice) {
        if let Err(error) = self.notify(ctx, rules, notice, detached()).await {
            unheard(ctx, &error);
        }
    }

    /// Brings people up to a notice. `Some`: why the authorizer could not be reached.
    async fn notify(
        &self,
        ctx: &Context,
        rules: Option<&Rules>,
        notice: Notice,
        until: WorkflowCancellationToken,
    ) -> Result<Option<String>, ActivityExecutionError> {
        let options = calls::notify(notice.status().word(), until);
        let notification = self.stands(ctx, rules, notice);
        let since = in_seconds(ctx, Duration::ZERO);
        // Until it is heard what this one posted, others look for it.
        ctx.state_mut(|s| s.unsettled.push(since));
        let Kept(told) = ctx.execute_activity(BotCalls::notify, notification, options).await?;
        ctx.state_mut(|s| {
            let settled = s.unsettled.iter().position(|at| *at == since);
            settled.map(|index| s.unsettled.swap_remove(index));
            // What was told side by side is kept side by side.
            s.conversation.0.extend(told.conversation.0);
        });
        Ok(told.unreachable)
    }

    /// What a notice says is so from now on; the answer is all there is to tell of it.
    fn stands(&self, ctx: &Context, rules: Option<&Rules>, notice: Notice) -> Notification {
        let status = notice.status();
        if rules.is_some_and(|rules| rules.indexed) {
            self.index(ctx, status);
        }
        let (conversation, authorization, look_back) = ctx.state_mut(|s| {
            s.state.status = status;
            match &notice {
                Notice::Failed { failure, .. } => s.state.failure = Some(failure.clone()),
                Notice::Refused { problem } => s.state.failure = Some(failed_preflight(problem.to_string())),
                _ => {}
            }
            (s.conversation.clone(), s.state.authorization.clone(), s.unsettled.iter().min().copied())
        });
        Notification {
            request_id: self.id.clone(),
            request: self.request.clone(),
            rules: rules.cloned(),
            authorization,
            notice,
            at_work: None,
            conversation,
            look_back,
        }
    }

    /// Keeps what operators find the request by; called before the status changes.
    fn index(&self, ctx: &Context, status: Status) {
        match ctx.state(|s| s.state.status) {
            before if before == status => {}
            _ if !index::stays(ctx) => {}
            Status::PreFlight => {
                ctx.upsert_search_attributes(index::people(&self.request).into_iter().chain([index::status(status)]))
            }
            _ => ctx.upsert_search_attributes([index::status(status)]),
        }
    }

    /// Whoever started the workflow, it does not wait for ever.
    fn waits_for(&self) -> Duration {
        Duration::from_secs(self.request.authorization_timeout_seconds).min(calls::AUTHORIZATION_AT_MOST)
    }
}

/// Encrypted like all else, unless the blueprint's worker shares no key.
pub(super) fn handed(rules: &Rules, input: &ProvisionInput) -> Handed<ProvisionInput> {
    Handed { value: input.clone(), plain: !rules.blueprint.encrypt }
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
fn now(ctx: &Context) -> Duration {
    ctx.workflow_time().and_then(|now| now.duration_since(UNIX_EPOCH).ok()).unwrap_or_default()
}

/// Unix seconds, `after` from now.
fn in_seconds(ctx: &Context, after: Duration) -> i64 {
    i64::try_from((now(ctx) + after).as_secs()).unwrap_or(i64::MAX)
}

fn failed_preflight(cause: String) -> Failure {
    Failure { step: None, cause, advice: String::new(), attempt: 1 }
}

pub(super) fn failed_check(error: &ActivityExecutionError) -> Failure {
    Failure {
        step: Some("Checking the request".to_owned()),
        cause: explain::text(error),
        advice: "Ask again; if it happens again, ask an admin.".to_owned(),
        attempt: 1,
    }
}

fn unheard(ctx: &Context, error: &ActivityExecutionError) {
    if !ctx.is_replaying() {
        tracing::error!(request.id = ctx.workflow_id(), error = %error, "people could not be told");
    }
}
