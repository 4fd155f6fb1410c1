//! One request from the pre-flight checks to the bucket: the steps read in order,
//! each says what happened, and none knows how that looks.

use std::future::Ready;
use std::pin::pin;

use futures::FutureExt;
use futures::future::FusedFuture;
use provisioner::{ProvisionInput, Provisioned, Unheard};
use temporalio_sdk::workflows::select;
use temporalio_sdk::{ActivityExecutionError, WorkflowContext};

use super::asking::{Chosen, Decided};
use super::calls::{self, Preflight, Remote};
use super::contract;
use super::explain;
use super::payload::{LenientResult, Outgoing};
use super::plans::{Job, Left, never_holds};
use super::provision_application::ProvisionApplication;
use super::telling::{RunningNotice, Said, moment, now};
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

/// What there is of earlier attempts where people are asked anew.
#[derive(Default)]
struct Before {
    /// The attempts that were made.
    attempts: u32,
    /// What may have been built by then.
    built: Option<ProvisionInput>,
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
        let mut before = Before::default();
        loop {
            let ended = match self.ask(ctx, &rules, before.attempts).await {
                Ok(Decided::Approved { rules, region, profile, decided_by }) => {
                    let input = ctx.state(|s| contract::input(&self.id, &self.request, &s.approval.offer));
                    let attempt = before.attempts + 1;
                    let begun = Notice::Authorized(Authorized { region, profile, decided_by, attempt });
                    match self.provision(ctx, &rules, input, begun, &mut before).await {
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
            ctx.state_mut(|s| s.plans.jobs.extend(before.built.take().map(Left::built).map(Job::remove)));
            return self.say(ctx, Some(&rules), ended).await;
        }
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
    async fn provision(
        &self,
        ctx: &Context,
        rules: &Rules,
        mut input: ProvisionInput,
        mut begun: Notice,
        before: &mut Before,
    ) -> Asked {
        let mut current = rules.clone();
        let mut began = before.built.is_some();
        let mut stale = 0;
        for attempt in before.attempts + 1.. {
            before.attempts = attempt;
            let rules = &current;
            let activity_id = format!("provision-{attempt}");
            let running = self.start_notice(ctx, rules, begun, &activity_id);
            let failure = match self.build(ctx, rules, &mut input, &activity_id, attempt, &mut began).await {
                Ok(result) => {
                    self.provisioned(ctx, rules, result, running).await;
                    return Asked::Over;
                }
                Err(NotBuilt::Cancelled) => {
                    let mut running = Some(running);
                    let cleanup = self.cleanup(ctx, rules, &input, began, &mut running).await;
                    let cancelled = Notice::Cancelled(Cancelled { cleanup });
                    match running {
                        Some(running) => _ = self.finish_notice(ctx, rules, cancelled, running).await,
                        None => self.say(ctx, Some(rules), cancelled).await,
                    }
                    return Asked::Over;
                }
                Err(NotBuilt::Stale(failure)) => {
                    before.built = began.then(|| input.clone());
                    stale += 1;
                    if self.plan_is_stale(ctx, &input, stale) {
                        match self.plan_anew(ctx, rules, attempt, running).await {
                            Ok(true) => {
                                input.plan_id = ctx.state(|s| s.approval.offer.plan_id().map(str::to_owned));
                                begun = Notice::PlanHeld(PlanHeld { attempt: attempt + 1 });
                                continue;
                            }
                            Ok(false) => return Asked::Anew,
                            Err(_) => {
                                let cleanup = self.cleanup(ctx, rules, &input, began, &mut nobody()).await;
                                self.cancelled(ctx, Some(rules), cleanup).await;
                                return Asked::Over;
                            }
                        }
                    }
                    never_holds(failure)
                }
                Err(NotBuilt::Failed(failure)) => {
                    before.built = began.then(|| input.clone());
                    failure
                }
            };
            stale = 0;
            let given_up = match self.attention(ctx, rules, &input, &failure, running).await {
                Ok(Some(Chosen::Retry { rules, decided_by })) => {
                    current = *rules;
                    input.resume_from.clone_from(&failure.step);
                    if current.blueprint.has_plan() && ctx.state(|s| s.approval.offer.plan.is_none()) {
                        match self.plan_first(ctx, &current).await {
                            Ok(true) => {
                                input.plan_id = ctx.state(|s| s.approval.offer.plan_id().map(str::to_owned));
                            }
                            Ok(false) => return Asked::Anew,
                            Err(_) => {
                                let cleanup = self.cleanup(ctx, &current, &input, began, &mut nobody()).await;
                                self.cancelled(ctx, Some(&current), cleanup).await;
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
                    let cleanup = self.cleanup(ctx, rules, &input, began, &mut nobody()).await;
                    self.cancelled(ctx, Some(rules), cleanup).await;
                    return Asked::Over;
                }
            };
            let cleanup = self.cleanup(ctx, rules, &input, began, &mut nobody()).await;
            self.say(ctx, Some(rules), Notice::Failed(Failed { failure, given_up, cleanup })).await;
            break;
        }
        Asked::Over
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
    ) -> Result<Provisioned, NotBuilt> {
        let provision = Remote::<ProvisionInput, Provisioned>::named(&rules.blueprint.provision_activity);
        let options = calls::provision(&rules.blueprint, activity_id);
        let scheduled = now(ctx);
        let built = ctx.execute_activity(provision, handed(rules, input), options).await;
        let since = now(ctx).saturating_sub(scheduled);
        if !built.as_ref().is_err_and(|error| explain::never_began(error, since)) {
            *began = true;
            // What the plan left is what is built of now.
            ctx.state_mut(|s| s.plans.left = None);
        }
        let unheard = match &built {
            // Built in full, and now to be undone.
            Ok(_) => ctx.cancellation_token().is_cancelled().then(Unheard::default),
            Err(error) => explain::unheard(error, since),
        };
        if unheard.is_some() {
            input.unheard = unheard;
        }
        let failure = |error| explain::failure(&error, &rules.blueprint, attempt);
        match built {
            Err(ActivityExecutionError::Cancelled(_)) => Err(NotBuilt::Cancelled),
            // The provisioner may be done before it hears that the request was withdrawn.
            _ if ctx.cancellation_token().is_cancelled() => Err(NotBuilt::Cancelled),
            Ok(LenientResult(result)) => Ok(result),
            Err(error) if rules.blueprint.has_plan() && explain::is_stale(&error) => {
                Err(NotBuilt::Stale(failure(error)))
            }
            Err(error) => Err(NotBuilt::Failed(failure(error))),
        }
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
pub(super) fn handed(rules: &Rules, input: &ProvisionInput) -> Outgoing<ProvisionInput> {
    Outgoing { value: input.clone(), plain: !rules.blueprint.encrypt }
}
