//! One request from the pre-flight checks to the bucket: the steps read in order,
//! each says what happened, and none knows how that looks.

use std::future::Ready;

use provisioner::{ProvisionInput, Provisioned, Unheard};
use temporalio_sdk::{ActivityExecutionError, WorkflowContext};

use super::asking::{Chosen, Decided};
use super::calls::{self, Preflight, Remote};
use super::contract;
use super::explain;
use super::payload::{LenientResult, Outgoing};
use super::provision_application::ProvisionApplication;
use super::telling::{RunningNotice, Said, moment, now};
use crate::domain::lifecycle::Failure;
use crate::domain::notice::{
    self, Authorized, Cancelled, Cleanup, Expired, Failed, GivenUp, Notice, Refused, Rejected, Retried,
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

impl Run {
    pub(super) async fn run(&self, ctx: &Context) {
        let rules = match self.preflight(ctx, false).await {
            Some(Ok(Preflight::Passed { rules })) => rules,
            Some(Ok(Preflight::Refused { problem })) => {
                return self.say(ctx, None, Notice::Refused(Refused { problem })).await;
            }
            Some(Err(Stop::Failed(failure))) => return self.failed_at_once(ctx, None, failure).await,
            Some(Err(Stop::Cancelled)) | None => return self.cancelled(ctx, None, Cleanup::NothingBuilt).await,
        };
        self.judge_by(ctx, &rules);
        match self.ask(ctx, &rules).await {
            Ok(Decided::Approved { rules, region, profile, decided_by }) => {
                let input = ctx.state(|s| contract::input(&self.id, &self.request, &s.approval.offer));
                let begun = Notice::Authorized(Authorized { region, profile, decided_by });
                self.provision(ctx, &rules, input, begun).await
            }
            Ok(Decided::Rejected { decided_by, reason }) => {
                self.say(ctx, Some(&rules), Notice::Rejected(Rejected { decided_by, reason })).await
            }
            Ok(Decided::Expired { unconfirmed }) => {
                self.say(ctx, Some(&rules), Notice::Expired(Expired { unconfirmed })).await
            }
            Err(Stop::Failed(failure)) => self.failed_at_once(ctx, Some(&rules), failure).await,
            Err(Stop::Cancelled) => self.cancelled(ctx, Some(&rules), Cleanup::NothingBuilt).await,
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
    async fn provision(&self, ctx: &Context, rules: &Rules, mut input: ProvisionInput, mut begun: Notice) {
        let mut current = rules.clone();
        let mut began = false;
        for attempt in 1.. {
            let rules = &current;
            let activity_id = format!("provision-{attempt}");
            let running = self.start_notice(ctx, rules, begun, &activity_id);
            let failure = match self.build(ctx, rules, &mut input, &activity_id, attempt, &mut began).await {
                Ok(result) => return self.provisioned(ctx, rules, result, running).await,
                Err(Stop::Cancelled) => {
                    let mut running = Some(running);
                    let cleanup = self.cleanup(ctx, rules, &input, began, &mut running).await;
                    let cancelled = Notice::Cancelled(Cancelled { cleanup });
                    match running {
                        Some(running) => _ = self.finish_notice(ctx, rules, cancelled, running).await,
                        None => self.say(ctx, Some(rules), cancelled).await,
                    }
                    return;
                }
                Err(Stop::Failed(failure)) => failure,
            };
            let given_up = match self.attention(ctx, rules, &input, &failure, running).await {
                Ok(Some(Chosen::Retry { rules, decided_by })) => {
                    current = *rules;
                    input.resume_from.clone_from(&failure.step);
                    begun = Notice::Retried(Retried { failure, decided_by });
                    continue;
                }
                Ok(Some(Chosen::GiveUp { decided_by })) => GivenUp::ByChoice { decided_by },
                Ok(None) => GivenUp::Unanswered,
                Err(Stop::Failed(Failure { cause, .. })) => GivenUp::Unasked { why: cause },
                Err(Stop::Cancelled) => {
                    let cleanup = self.cleanup(ctx, rules, &input, began, &mut nobody()).await;
                    return self.cancelled(ctx, Some(rules), cleanup).await;
                }
            };
            let cleanup = self.cleanup(ctx, rules, &input, began, &mut nobody()).await;
            return self.say(ctx, Some(rules), Notice::Failed(Failed { failure, given_up, cleanup })).await;
        }
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
        let unheard = match &built {
            // Built in full, and now to be undone.
            Ok(_) => ctx.cancellation_token().is_cancelled().then(Unheard::default),
            Err(error) => explain::unheard(error, since),
        };
        if unheard.is_some() {
            input.unheard = unheard;
        }
        match built {
            Err(ActivityExecutionError::Cancelled(_)) => Err(Stop::Cancelled),
            // The provisioner may be done before it hears that the request was withdrawn.
            _ if ctx.cancellation_token().is_cancelled() => Err(Stop::Cancelled),
            Ok(LenientResult(result)) => Ok(result),
            Err(error) => Err(Stop::Failed(explain::failure(&error, &rules.blueprint, attempt))),
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
        let failed = Failed { failure, given_up: GivenUp::AtOnce, cleanup: Cleanup::NothingBuilt };
        self.say(ctx, rules, Notice::Failed(failed)).await;
    }
}

/// Encrypted like all else, unless the blueprint's worker shares no key.
pub(super) fn handed(rules: &Rules, input: &ProvisionInput) -> Outgoing<ProvisionInput> {
    Outgoing { value: input.clone(), plain: !rules.blueprint.encrypt }
}
