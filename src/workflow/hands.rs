//! What a provisioner is asked beside the story of a request, one thing after the other: to
//! plan, and to remove what a plan left of which nothing was built. What happens to the
//! request does not wait for that.

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt;
use provisioner::{ProvisionInput, Remaining};
use serde_json::Value;
use temporalio_sdk::workflows::{join_all, select};
use temporalio_sdk::{ActivityExecutionError, ActivityOptions, WaitConditionOptions};

use super::calls::{self, Remote};
use super::contract::remaining;
use super::explain;
use super::payload::LenientResult;
use super::plans::{Job, Left, plan_activity_id};
use super::run::{Context, Run, handed};
use super::telling::{detached, moment, unheard, until};
use super::work::Unit;
use crate::domain::approval::Event;
use crate::domain::blueprint::Blueprint;
use crate::domain::notice::{NotDiscarded, Notice};
use crate::domain::plan::Plan;
use crate::domain::plan::joined::joined;

impl Run {
    /// Does what comes up, until the story is over and nothing is left. For a request without
    /// plans nothing ever does.
    pub(super) async fn hands(&self, ctx: &Context) {
        loop {
            let options = WaitConditionOptions::builder().cancellation_token(detached()).build();
            let waited = ctx.wait_condition_with_options(|s| !s.plans.jobs.is_empty() || s.plans.is_over, options);
            if waited.await.is_err() {
                return;
            }
            match ctx.state_mut(|s| s.plans.next()) {
                Some(Job::Plan) => self.make_plan(ctx).await,
                Some(Job::Remove(left)) => self.remove(ctx, *left).await,
                None => return,
            }
        }
    }

    /// Asks the provisioner what it would do, of each part its own, once what the plans before
    /// left is removed.
    async fn make_plan(&self, ctx: &Context) {
        while let Some(left) = ctx.state_mut(|s| s.plans.left.pop()) {
            self.remove(ctx, left).await;
        }
        let wanted = ctx.state(|s| Some((s.approval.planning()?, s.rules.clone()?)));
        // Nobody waits for it any more, and nothing was begun.
        let Some((number, rules)) = wanted else { return };
        let units = ctx.state(|s| Unit::all(&self.id, &self.request, &rules.blueprint, &s.approval.offer));
        let all = units.len();
        let planned = units.into_iter().filter(|unit| unit.blueprint.has_plan());
        let mut plans = join_all(planned.map(|unit| self.plan_unit(ctx, number, unit))).await;
        let now = moment(ctx);
        let plan = match plans.pop_if(|(part, _)| part.is_none()) {
            Some((_, plan)) => plan,
            None => {
                let are_all = plans.len() == all;
                joined(plans.into_iter().filter_map(|(part, plan)| Some((part?, plan))).collect(), are_all, now)
            }
        };
        ctx.state_mut(|s| s.apply(Event::Planned { number, plan }, now));
    }

    /// Asks one of them, unless it is built already by the plan it had.
    async fn plan_unit(&self, ctx: &Context, number: u32, unit: Unit) -> (Option<String>, Plan) {
        if let Some(plan) = ctx.state(|s| s.work.built_by(&unit)) {
            return (unit.part, plan);
        }
        let mut unit = unit;
        unit.input.parts = ctx.state(|s| s.work.before(&unit));
        let blueprint = &unit.blueprint;
        let stops = detached();
        ctx.state_mut(|s| s.plans.left.push(Left::plan(unit.input.clone(), blueprint.clone())));
        let call = Remote::<ProvisionInput, Value>::named(blueprint.plan_activity.as_deref().unwrap_or_default());
        let options = calls::plan(blueprint, &unit.activity_id(&plan_activity_id(number)), stops.clone());
        let mut answered = pin!(ctx.execute_activity(call, handed(blueprint, &unit.input), options).fuse());
        let unwanted = WaitConditionOptions::builder().cancellation_token(detached()).build();
        let answered = select! {
            answered = &mut answered => answered,
            _ = ctx.wait_condition_with_options(|s| s.approval.planning() != Some(number), unwanted) => {
                // What it leaves is removed when it has stopped.
                stops.cancel();
                answered.await
            }
        };
        let plan = match answered {
            Ok(LenientResult(answer)) => Plan::read(&answer, moment(ctx)),
            Err(error) => Plan::failed(&explain::not_planned(&error, blueprint)),
        };
        ctx.state_mut(|s| s.plans.is_there(&unit.input.application_id, plan.id()));
        (unit.part, plan)
    }

    /// Has what was left removed, however long that takes. What the provisioner says for good
    /// that it cannot remove, people are told.
    pub(super) async fn remove(&self, ctx: &Context, left: Left) {
        let Left { input, blueprint, is_plan, .. } = left;
        let activity = match (&blueprint.discard_activity, is_plan) {
            (Some(discard), true) => discard,
            (None, true) => return,
            (_, false) => &blueprint.destroy_activity,
        };
        let mut options = calls::destroy(&blueprint);
        let mut again = calls::UNDO_AGAIN_FIRST;
        let error = loop {
            match self.call_removing(ctx, &blueprint, activity, &input, options).await {
                Ok(None) => return,
                Ok(Some(Remaining { again, .. })) => {
                    options = calls::destroy_at_last(&blueprint);
                    ctx.timer(until(Duration::from_secs(again), &detached())).await;
                    continue;
                }
                Err(error) if explain::is_final(&error) => break error,
                Err(_) => {}
            }
            options = calls::destroy_at_last(&blueprint);
            ctx.timer(until(again, &detached())).await;
            again = (again * 2).min(calls::UNDO_AGAIN_AT_MOST);
        };
        let what = match (&input.plan_id, is_plan) {
            (Some(id), true) => format!("what the plan {id} of {} left", input.application_id),
            (None, true) => format!("what planning {} left", input.application_id),
            (_, false) => format!("what was built for {}", input.application_id),
        };
        self.tell_of_what_is_left(ctx, what, explain::not_removed(&error, &blueprint, activity)).await;
    }

    async fn call_removing(
        &self,
        ctx: &Context,
        blueprint: &Blueprint,
        activity: &str,
        input: &ProvisionInput,
        options: ActivityOptions,
    ) -> Result<Option<Remaining>, ActivityExecutionError> {
        let call = Remote::<ProvisionInput, Value>::named(activity);
        match ctx.execute_activity(call, handed(blueprint, input), options).await {
            // Whatever else it returns, that it returned is what counts.
            Ok(LenientResult(answer)) => Ok(remaining(answer)),
            Err(ActivityExecutionError::Serialization(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn tell_of_what_is_left(&self, ctx: &Context, what: String, cause: String) {
        let rules = ctx.state(|s| s.rules.clone());
        // One notice at a time.
        let options = WaitConditionOptions::builder().cancellation_token(detached()).build();
        let _ = ctx.wait_condition_with_options(|s| !s.is_telling, options).await;
        let (number, status) = ctx.state_mut(|s| {
            s.plans.told += 1;
            (s.plans.told, s.status)
        });
        let notice = Notice::NotDiscarded(NotDiscarded { number, status, what, cause });
        if let Err(error) = self.notify(ctx, rules.as_ref(), notice, detached()).await {
            unheard(ctx, &error);
        }
    }
}
