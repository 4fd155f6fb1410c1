//! A plan that does not hold any more when building begins: it is made anew, and what was
//! signed holds only for the same.

use std::pin::pin;

use futures::FutureExt;
use futures::future::FusedFuture;
use temporalio_sdk::workflows::select;

use super::plans::ANEW_AT_MOST;
use super::run::{Context, Run, Stop};
use super::telling::{RunningNotice, Said, moment};
use crate::domain::approval::Event;
use crate::domain::lifecycle::Status;
use crate::domain::notice::{Notice, PlanStale};
use crate::domain::rules::Rules;

impl Run {
    /// Provisioners say that plans do not hold any more, for the `times`th time in a row: what
    /// those left is removed, and others are made unless that was done often enough.
    pub(super) fn plan_is_stale(&self, ctx: &Context, times: u32) -> bool {
        let (again, now) = (times <= ANEW_AT_MOST, moment(ctx));
        ctx.state_mut(|s| {
            s.apply(Event::PlanStale { again }, now);
            if !again {
                s.plans.discard();
            }
        });
        again
    }

    /// Tells that the plan is made anew, and waits for it: whether what was signed still holds.
    pub(super) async fn plan_anew(
        &self,
        ctx: &Context,
        rules: &Rules,
        attempt: u32,
        running: RunningNotice<impl Future<Output = Said>>,
    ) -> Result<bool, Stop> {
        let called_off = running.called_off.clone();
        let stale = Notice::PlanStale(PlanStale { attempt });
        let mut telling = pin!(self.finish_notice(ctx, rules, stale, running).fuse());
        let mut planned = pin!(self.replanned(ctx, rules).fuse());
        let holds = loop {
            select! {
                holds = &mut planned => break holds,
                _ = &mut telling => {}
            }
        };
        if !telling.is_terminated() {
            self.call_off(ctx, telling, &called_off, true).await;
        }
        holds
    }

    /// The same where there was no plan any more, and nothing is told of it.
    pub(super) async fn plan_first(&self, ctx: &Context, rules: &Rules) -> Result<bool, Stop> {
        let now = moment(ctx);
        ctx.state_mut(|s| s.apply(Event::PlanStale { again: true }, now));
        self.replanned(ctx, rules).await
    }

    async fn replanned(&self, ctx: &Context, rules: &Rules) -> Result<bool, Stop> {
        let mut clock = pin!(self.clock(ctx).fuse());
        let planned = async { ctx.wait_condition(|s| s.approval.planning().is_none()).await.is_ok() };
        let mut planned = pin!(planned.fuse());
        let is_there = loop {
            select! {
                is_there = &mut planned => break is_there,
                () = &mut clock => {}
            }
        };
        if !is_there {
            let now = moment(ctx);
            ctx.state_mut(|s| s.apply(Event::PlanStopped, now));
            return Err(Stop::Cancelled);
        }
        let holds = ctx.state_mut(|s| {
            let holds = s.approval.decision().is_some();
            if holds {
                s.work.take_plans(&s.approval.offer);
            }
            holds
        });
        if !holds {
            // Whoever is asked anew may answer from now on.
            self.enter(ctx, Some(rules), Status::AwaitingAuthorization);
        }
        Ok(holds)
    }
}
