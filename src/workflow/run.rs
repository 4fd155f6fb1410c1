//! One request from the pre-flight checks to the bucket: the steps read in order,
//! each says what happened, and none knows how that looks.

use std::future::Ready;
use std::pin::pin;

use futures::FutureExt;
use futures::future::FusedFuture;
use provisioner::{ProvisionInput, Provisioned};
use temporalio_sdk::workflows::{join_all, select};
use temporalio_sdk::{ActivityExecutionError, WorkflowContext};

use super::asking::{Chosen, Decided};
use super::calls::{self, Preflight, Remote};
use super::explain;
use super::payload::{LenientResult, Outgoing};
use super::plans::{Job, never_holds};
use super::provision_application::ProvisionApplication;
use super::telling::{RunningNotice, Said, moment, now};
use super::work::{Stood, Unit};
use crate::domain::blueprint::Blueprint;
use crate::domain::lifecycle::Failure;
use crate::domain::notice::{
    self, Authorized, Cancelled, Cleanup, Expired, Failed, GivenUp, Notice, PlanHeld, Refused, Rejected, Retried,
};
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::Rules;

/// A request that is run. The steps read in order.
pub(super) struct Run {
    pub(super) id: RequestId,
    pub(super) request: ProvisionRequest,
}

/// How a run ended, short of success.
pub(super) enum Stop {
    Cancelled,
    Failed(Failure),
}

pub(super) type Context = WorkflowContext<ProvisionApplication>;

/// Where the work is over, and told to be.
fn nobody() -> Option<RunningNotice<Ready<Said>>> {
    None
}

/// How building went on.
enum Asked {
    /// The request is over.
    Over,
    /// They are asked anew, about another plan.
    Anew,
}

/// Why nothing was built.
enum NotBuilt {
    Cancelled,
    Failed(Failure),
    /// The plan does not hold any more.
    Stale(Failure),
}

impl Run {
    pub(super) async fn run(&self, ctx: &Context) {
        let mut story = pin!(self.story(ctx).fuse());
        let mut hands = pin!(self.hands(ctx).fuse());
        loop {
            select! {
                () = &mut story => break,
                () = &mut hands => {}
            }
        }
        ctx.state_mut(|s| s.plans.is_over = true);
        if !hands.is_terminated() {
            hands.await;
        }
    }

    async fn story(&self, ctx: &Context) {
        let rules = match self.preflight(ctx, false).await {
            Some(Ok(Preflight::Passed { rules })) => rules,
            Some(Ok(Preflight::Refused { problem })) => {
                return self.say(ctx, None, Notice::Refused(Refused { problem })).await;
            }
            Some(Err(Stop::Failed(failure))) => return self.failed_at_once(ctx, None, failure).await,
            Some(Err(Stop::Cancelled)) | None => return self.cancelled(ctx, None, Cleanup::NothingBuilt).await,
        };
        self.judge_by(ctx, &rules);
        loop {
            let ended = match self.ask(ctx, &rules).await {
                Ok(Decided::Approved { rules, region, profile, decided_by }) => {
                    let attempt = self.begin(ctx, &rules);
                    let begun = Notice::Authorized(Authorized { region, profile, decided_by, attempt });
                    match self.provision(ctx, &rules, begun).await {
                        Asked::Over => return,
                        Asked::Anew => continue,
                    }
                }
                Ok(Decided::Rejected { decided_by, reason }) => Notice::Rejected(Rejected { decided_by, reason }),
                Ok(Decided::Expired { unconfirmed }) => Notice::Expired(Expired { unconfirmed }),
                Err(Stop::Failed(failure)) => failed_at_once(failure),
                Err(Stop::Cancelled) => Notice::Cancelled(Cancelled { cleanup: Cleanup::NothingBuilt }),
            };
            // What an attempt may have built before they were asked anew is removed beside that.
            ctx.state_mut(|s| {
                let left = s.work.left();
                s.plans.jobs.extend(left.into_iter().map(Job::remove));
            });
            return self.say(ctx, Some(&rules), ended).await;
        }
    }

    /// What is approved is what is built from now on; the answer is the number of the attempt.
    fn begin(&self, ctx: &Context, rules: &Rules) -> u32 {
        ctx.state_mut(|s| {
            let units = Unit::all(&self.id, &self.request, &rules.blueprint, &s.approval.offer);
            let gone = s.work.begin(units);
            s.plans.jobs.extend(gone.into_iter().map(Job::remove));
            s.work.attempts + 1
        })
    }

    /// From now on decisions are judged when they come, and those that came early now.
    fn judge_by(&self, ctx: &Context, rules: &Rules) {
        let (waits, now) = (self.waits_for(), moment(ctx));
        let refusals = ctx.state_mut(|s| s.judge_by(rules.clone(), waits, now));
        for refusal in refusals.iter().filter(|_| !ctx.is_replaying()) {
            tracing::warn!(request.id = %self.id, ?refusal, "an early decision was refused");
        }
    }

    /// Has the resources built, and asks a person each time that fails. `begun` says
    /// that building begins.
    async fn provision(&self, ctx: &Context, rules: &Rules, mut begun: Notice) -> Asked {
        let mut current = rules.clone();
        let mut stale = 0;
        loop {
            let attempt = ctx.state_mut(|s| s.work.next_attempt());
            let rules = &current;
            let activity_id = format!("provision-{attempt}");
            let running = self.start_notice(ctx, rules, begun, &activity_id);
            let failure = match self.build(ctx, &activity_id, attempt).await {
                Ok(result) => {
                    self.provisioned(ctx, rules, result, running).await;
                    return Asked::Over;
                }
                Err(NotBuilt::Cancelled) => {
                    let mut running = Some(running);
                    let cleanup = self.cleanup(ctx, rules, &mut running).await;
                    let cancelled = Notice::Cancelled(Cancelled { cleanup });
                    match running {
                        Some(running) => _ = self.finish_notice(ctx, rules, cancelled, running).await,
                        None => self.say(ctx, Some(rules), cancelled).await,
                    }
                    return Asked::Over;
                }
                Err(NotBuilt::Stale(failure)) => {
                    stale += 1;
                    if self.plan_is_stale(ctx, stale) {
                        match self.plan_anew(ctx, rules, attempt, running).await {
                            Ok(true) => {
                                begun = Notice::PlanHeld(PlanHeld { attempt: attempt + 1 });
                                continue;
                            }
                            Ok(false) => return Asked::Anew,
                            Err(_) => {
                                self.undo_cancelled(ctx, rules).await;
                                return Asked::Over;
                            }
                        }
                    }
                    never_holds(failure)
                }
                Err(NotBuilt::Failed(failure)) => failure,
            };
            stale = 0;
            let given_up = match self.attention(ctx, rules, &failure, running).await {
                Ok(Some(Chosen::Retry { rules, decided_by })) => {
                    current = *rules;
                    ctx.state_mut(|s| s.work.by(&current.blueprint));
                    if current.blueprint.has_plan() && ctx.state(|s| s.approval.offer.plan.is_none()) {
                        match self.plan_first(ctx, &current).await {
                            Ok(true) => {}
                            Ok(false) => return Asked::Anew,
                            Err(_) => {
                                self.undo_cancelled(ctx, &current).await;
                                return Asked::Over;
                            }
                        }
                    }
                    begun = Notice::Retried(Retried { failure, decided_by });
                    continue;
                }
                Ok(Some(Chosen::GiveUp { decided_by })) => GivenUp::ByChoice { decided_by },
                Ok(None) => GivenUp::Unanswered,
                Err(Stop::Failed(Failure { cause, .. })) => GivenUp::Unasked { why: cause },
                Err(Stop::Cancelled) => {
                    self.undo_cancelled(ctx, rules).await;
                    return Asked::Over;
                }
            };
            let cleanup = self.cleanup(ctx, rules, &mut nobody()).await;
            self.say(ctx, Some(rules), Notice::Failed(Failed { failure, given_up, cleanup })).await;
            return Asked::Over;
        }
    }

    /// Calls the provisioner, of each part its own, side by side as far as they come after each
    /// other.
    async fn build(&self, ctx: &Context, activity_id: &str, attempt: u32) -> Result<Provisioned, NotBuilt> {
        let missing = ctx.state(|s| s.work.missing());
        join_all(missing.into_iter().map(|at| self.build_unit(ctx, at, activity_id, attempt))).await;
        // A provisioner may be done before it hears that the request was withdrawn.
        if ctx.cancellation_token().is_cancelled() {
            return Err(NotBuilt::Cancelled);
        }
        match ctx.state(|s| s.work.stood(&self.id, &s.approval.offer)) {
            Some(Stood::Built(result)) => Ok(result),
            Some(Stood::Failed(failure)) => Err(NotBuilt::Failed(failure)),
            Some(Stood::Stale(failure)) => Err(NotBuilt::Stale(failure)),
            None => Err(NotBuilt::Cancelled),
        }
    }

    async fn build_unit(&self, ctx: &Context, at: usize, activity_id: &str, attempt: u32) {
        let begins = ctx.wait_condition(|s| s.work.may_begin(at) || s.work.is_stopped()).await;
        if begins.is_err() || ctx.state(|s| s.work.is_stopped()) {
            return;
        }
        let unit = ctx.state_mut(|s| s.work.begins(at));
        let provision = Remote::<ProvisionInput, Provisioned>::named(&unit.blueprint.provision_activity);
        let options = calls::provision(&unit.blueprint, &unit.activity_id(activity_id));
        let scheduled = now(ctx);
        let built = ctx.execute_activity(provision, handed(&unit.blueprint, &unit.input), options).await;
        let since = now(ctx).saturating_sub(scheduled);
        ctx.state_mut(|s| {
            if !built.as_ref().is_err_and(|error| explain::never_began(error, since)) {
                s.work.is_there(at, built.as_ref().err().and_then(|error| explain::unheard(error, since)));
                // What the plan left is what is built of now.
                s.plans.is_built(&unit.input.application_id);
            }
            match built {
                Ok(LenientResult(result)) => s.work.is_built(at, result),
                Err(ActivityExecutionError::Cancelled(_)) => {}
                Err(error) => {
                    let is_stale = unit.blueprint.has_plan() && explain::is_stale(&error);
                    s.work.has_failed(at, explain::failure(&error, &unit.blueprint, attempt), is_stale);
                }
            }
        });
    }

    /// Removes what was built, since the request was cancelled, and says so.
    async fn undo_cancelled(&self, ctx: &Context, rules: &Rules) {
        let cleanup = self.cleanup(ctx, rules, &mut nobody()).await;
        self.cancelled(ctx, Some(rules), cleanup).await;
    }

    async fn provisioned(
        &self,
        ctx: &Context,
        rules: &Rules,
        result: Provisioned,
        running: RunningNotice<impl Future<Output = Said>>,
    ) {
        ctx.state_mut(|s| {
            s.resources = Some(result.outputs.clone());
            s.failure = None;
        });
        let provisioned = Notice::Provisioned(notice::Provisioned { result: result.into() });
        self.finish_notice(ctx, rules, provisioned, running).await;
    }

    async fn cancelled(&self, ctx: &Context, rules: Option<&Rules>, cleanup: Cleanup) {
        self.say(ctx, rules, Notice::Cancelled(Cancelled { cleanup })).await;
    }

    async fn failed_at_once(&self, ctx: &Context, rules: Option<&Rules>, failure: Failure) {
        self.say(ctx, rules, failed_at_once(failure)).await;
    }
}

/// A request that could not even be asked.
fn failed_at_once(failure: Failure) -> Notice {
    Notice::Failed(Failed { failure, given_up: GivenUp::AtOnce, cleanup: Cleanup::NothingBuilt })
}

/// Encrypted like all else, unless the blueprint's worker shares no key.
pub(super) fn handed(blueprint: &Blueprint, input: &ProvisionInput) -> Outgoing<ProvisionInput> {
    Outgoing { value: input.clone(), plain: !blueprint.encrypt }
}
