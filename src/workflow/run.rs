//! One request from the pre-flight checks to the bucket: the steps read in order,
//! each says what happened, and none knows how that looks.

use std::future::Ready;
use std::pin::pin;

use futures::FutureExt;
use futures::future::FusedFuture;
use provisioner::{ProvisionInput, Provisioned};
use temporalio_sdk::workflows::{join, join_all, select};
use temporalio_sdk::{ActivityExecutionError, WorkflowContext};

use super::asking::{Chosen, Decided};
use super::calls::{self, Preflight, Remote};
use super::contract;
use super::explain;
use super::lease;
use super::payload::{LenientResult, Outgoing};
use super::plans::{Job, Left, never_holds};
use super::provision_application::ProvisionApplication;
use super::telling::{RunningNotice, Said, moment, now};
use super::work::{Stood, Unit, Work};
use crate::domain::blueprint::Blueprint;
use crate::domain::lease::state::Leased;
use crate::domain::lifecycle::Failure;
use crate::domain::notice::{
    self, Authorized, Cancelled, Cleanup, Expired, Failed, GivenUp, Notice, PlanHeld, Refused, Rejected, Retried, part,
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
                // What an attempt built before they were asked anew goes first.
                Err(Stop::Cancelled) => {
                    let cleanup = self.cleanup(ctx, &rules, &mut nobody()).await;
                    ctx.state_mut(|s| s.work = Work::default());
                    Notice::Cancelled(Cancelled { cleanup })
                }
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
            s.work.begin(units);
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
        // What was built of another wish goes first: it has the same names.
        while let Some(left) = ctx.state_mut(|s| s.work.gone.pop_front()) {
            self.remove(ctx, left).await;
        }
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
                Ok(LenientResult(result)) if unit.part.is_none() || is_little(&result) => s.work.is_built(at, result),
                Err(ActivityExecutionError::Cancelled(_)) => {}
                Ok(LenientResult(_)) => s.work.has_failed(at, too_much(&unit.blueprint, attempt), false),
                Err(error) => {
                    let is_stale = unit.blueprint.has_plan() && explain::is_stale(&error);
                    if is_stale {
                        // Nothing was built of it.
                        s.plans.is_built(&unit.input.application_id);
                        s.plans.left.push(Left::plan(unit.input.clone(), unit.blueprint.clone()));
                    }
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
        let leased = self.leased(ctx, &result);
        let provisioned = Notice::Provisioned(notice::Provisioned { result: result.into() });
        let begins = lease::begin(ctx, leased);
        join!(begins, self.finish_notice(ctx, rules, provisioned, running));
    }

    /// What was built, and for whom.
    fn leased(&self, ctx: &Context, result: &Provisioned) -> Leased {
        ctx.state(|s| {
            let offer = &s.approval.offer;
            let (region, profile) = offer.place();
            let signers = s.approval.steps.iter().flat_map(|step| &step.signatures);
            let signers = signers.filter(|it| it.struck.is_none()).map(|it| it.by.clone()).collect();
            let owner = s.rules.as_ref().and_then(|rules| rules.owner.clone());
            let root = s.conversation.at(part::ROOT);
            Leased {
                request_id: self.id.to_string(),
                application_name: self.request.application_name.to_string(),
                team_id: self.request.team_id.clone(),
                blueprint: self.request.blueprint.clone(),
                owner: owner.unwrap_or_else(|| self.request.requester_id.clone()),
                requester_id: self.request.requester_id.clone(),
                signers,
                channel_id: root.map_or_else(|| self.request.channel_id.clone(), |root| root.channel.clone()),
                thread_ts: root.map(|root| root.ts.clone()),
                region,
                profile,
                resource_name: contract::input(&self.id, &self.request, offer).resource_name,
                parameters: offer.parameters.clone(),
                outputs: result.outputs.clone().into_iter().collect(),
                approved_at: s.approval.decided_at(),
                lifetime_seconds: offer.lifetime_seconds,
            }
        })
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

/// Outputs of a part, in bytes of JSON: ten of them are handed on together.
const OUTPUTS_MAX: usize = 64 * 1024;

fn is_little(result: &Provisioned) -> bool {
    serde_json::to_string(&(&result.outputs, &result.summary)).is_ok_and(|json| json.len() <= OUTPUTS_MAX)
}

fn too_much(blueprint: &Blueprint, attempt: u32) -> Failure {
    Failure {
        step: None,
        cause: format!(
            "The provisioner of \"{}\" answered with more than the {} KiB that a part may say.",
            blueprint.name,
            OUTPUTS_MAX / 1024
        ),
        advice: "Ask the people who run it to answer less, then try again.".to_owned(),
        attempt,
    }
}

/// Encrypted like all else, unless the blueprint's worker shares no key.
pub(super) fn handed(blueprint: &Blueprint, input: &ProvisionInput) -> Outgoing<ProvisionInput> {
    Outgoing { value: input.clone(), plain: !blueprint.encrypt }
}
