//! The life of what was built: one thing after the other is brought in line with how it is to
//! stand. Each is asked of the machine in `domain::lease`, which alone knows what comes next.

use std::pin::pin;
use std::time::{Duration, UNIX_EPOCH};

use futures::FutureExt;
use provisioner::{AccessInput, ProvisionInput, Remaining};
use serde_json::Value;
use temporalio_sdk::workflows::select;
use temporalio_sdk::{ActivityExecutionError, TimerOptions, WorkflowCancellationToken, WorkflowContext};

use super::provisioner::Resource;
use super::resource_lease::ResourceLease;
use crate::domain::blueprint::Blueprint;
use crate::domain::lease::notice::{LeaseNotice, LeaseSubject, was_told};
use crate::domain::lease::rules::LeaseRules;
use crate::domain::lease::state::{LeaseStatus, Leased};
use crate::domain::lease::{Lease, Level};
use crate::domain::lifecycle::Failure;
use crate::domain::moment::Moment;
use crate::domain::notice::Notification;
use crate::workflow::calls::{self, BotCalls, Remote};
use crate::workflow::explain;
use crate::workflow::payload::{LenientResult, Outgoing};

/// A run is followed by another one before its history is long.
const EVENTS_MAX: u32 = 2_000;
/// And before what counts for it is old.
const RUN_AT_MOST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

pub(super) type Context = WorkflowContext<ResourceLease>;

/// Something that was built, and lives.
pub(super) struct Life {
    pub(super) id: String,
    pub(super) leased: Leased,
}

impl Life {
    /// Lives until it is gone; `true`: until another run is to go on.
    pub(super) async fn goes_on(&self, ctx: &Context) -> bool {
        if !self.look_up(ctx).await {
            return false;
        }
        loop {
            let now = moment(ctx);
            let (wanted, notice, goes, is_over) = ctx.state_mut(|s| {
                let levels = s.rules.as_ref().is_some_and(LeaseRules::has_levels);
                let (Some(lease), Some(rules)) = (&mut s.lease, &s.rules) else { return (None, None, false, true) };
                lease.time(&rules.terms, levels, now);
                let wanted = lease.wanted();
                let notice = if wanted.is_none() { lease.tell() } else { None };
                (wanted, notice, lease.is_to_go(), lease.status == LeaseStatus::Removed)
            });
            match (wanted, notice) {
                (Some(level), _) => self.set(ctx, level).await,
                (None, Some(notice)) => self.tell(ctx, notice).await,
                (None, None) if goes => self.remove(ctx).await,
                (None, None) if is_over => return false,
                (None, None) if ctx.history_length() > EVENTS_MAX || ctx.continue_as_new_suggested() => return true,
                (None, None) => {
                    if let Some(goes_on) = self.waits(ctx).await {
                        return goes_on;
                    }
                }
            }
        }
    }

    /// Looks up what counts for it. `false`: the workflow is cancelled.
    async fn look_up(&self, ctx: &Context) -> bool {
        let looked = ctx.execute_local_activity(BotCalls::lease_rules, self.leased.clone(), calls::look_up()).await;
        let Ok(rules) = looked else { return false };
        let now = moment(ctx);
        ctx.state_mut(|s| s.judge_by(rules, &self.leased, now));
        true
    }

    /// The same before a step: somebody may have mended the configuration.
    async fn look_up_again(&self, ctx: &Context) {
        let looked = ctx.execute_activity(BotCalls::lease_rules, self.leased.clone(), calls::check_now()).await;
        if let Ok(rules) = looked {
            ctx.state_mut(|s| s.rules = Some(rules));
        }
    }

    /// Waits until something is due, or somebody does something. `Some`: this run is over, and
    /// whether another one goes on.
    async fn waits(&self, ctx: &Context) -> Option<bool> {
        let (round, due, ends) = ctx.state(|s| {
            let lease = s.lease.as_ref();
            (lease.map(|it| it.round), lease.and_then(Lease::next_deadline), s.began().after(RUN_AT_MOST))
        });
        let until = due.map_or(ends, |due| due.min(ends));
        let waits = ctx.cancellation_token().child_token();
        let options = TimerOptions::builder(until.since(moment(ctx))).cancellation_token(waits.clone()).build();
        let mut timer = pin!(ctx.timer(options).fuse());
        select! {
            changed = ctx.wait_condition(|s| s.lease.as_ref().map(|it| it.round) != round) => {
                waits.cancel();
                if changed.is_err() {
                    // Cancelled from outside: what was built stays, and is looked after no more.
                    return Some(false);
                }
            }
            _ = &mut timer => {}
        }
        (moment(ctx) >= ends).then_some(true)
    }

    /// Has what may be done with it changed. Where its provisioner cannot, that is only said.
    async fn set(&self, ctx: &Context, level: Level) {
        self.look_up_again(ctx).await;
        let mut failed = None;
        for resource in self.resources(ctx) {
            let Some(activity) = &resource.blueprint.access_activity else { continue };
            let call = Remote::<AccessInput, Value>::named(activity);
            let input = Outgoing { value: resource.access(level), plain: !resource.blueprint.encrypt };
            match ctx.execute_activity(call, input, calls::destroy(&resource.blueprint)).await {
                Ok(_) | Err(ActivityExecutionError::Serialization(_)) => {}
                Err(error) => {
                    failed = Some(of_part(&resource, explain::doing(&error, &resource.blueprint, activity)));
                    break;
                }
            }
        }
        let now = moment(ctx);
        ctx.state_mut(|s| {
            let (Some(lease), Some(rules)) = (&mut s.lease, &s.rules) else { return };
            match failed {
                None => lease.taken(level, &rules.terms, now),
                Some(failure) => lease.fails(failure, now),
            }
        });
    }

    /// Removes it, what came last first, and looks a second time.
    async fn remove(&self, ctx: &Context) {
        self.look_up_again(ctx).await;
        let resources = self.resources(ctx);
        let mut failed = None;
        if resources.is_empty() {
            failed = Some(unknown(&self.leased.blueprint));
        }
        for resource in resources.iter().rev() {
            if let Err(failure) = self.remove_twice(ctx, resource).await {
                failed = Some(failure);
                break;
            }
        }
        let now = moment(ctx);
        ctx.state_mut(|s| {
            let Some(lease) = &mut s.lease else { return };
            match failed {
                None => lease.is_gone(now),
                Some(failure) => lease.fails(failure, now),
            }
        });
    }

    /// Until nothing is left, and once more to see that.
    async fn remove_twice(&self, ctx: &Context, resource: &Resource) -> Result<(), Failure> {
        let mut looks = 0;
        let mut said = String::new();
        while looks < 2 {
            match self.destroy(ctx, resource).await? {
                None => looks += 1,
                Some(Remaining { again, left }) => {
                    looks = 0;
                    if left != said {
                        said.clone_from(&left);
                        self.tell(ctx, LeaseNotice::StillRemoving { left }).await;
                    }
                    ctx.timer(TimerOptions::builder(Duration::from_secs(again)).build()).await;
                }
            }
        }
        Ok(())
    }

    async fn destroy(&self, ctx: &Context, resource: &Resource) -> Result<Option<Remaining>, Failure> {
        let blueprint = &resource.blueprint;
        let call = Remote::<ProvisionInput, Value>::named(&blueprint.destroy_activity);
        let input = Outgoing { value: resource.input.clone(), plain: !blueprint.encrypt };
        match ctx.execute_activity(call, input, calls::destroy(blueprint)).await {
            // Whatever else it returns, that it returned is what counts.
            Ok(LenientResult(answer)) => Ok(serde_json::from_value(answer).ok()),
            Err(ActivityExecutionError::Serialization(_)) => Ok(None),
            Err(error) => Err(of_part(resource, explain::doing(&error, blueprint, &blueprint.destroy_activity))),
        }
    }

    fn resources(&self, ctx: &Context) -> Vec<Resource> {
        let blueprint: Option<Blueprint> = ctx.state(|s| s.rules.as_ref().and_then(|rules| rules.blueprint.clone()));
        blueprint.map(|blueprint| Resource::all(&self.leased, &blueprint)).unwrap_or_default()
    }

    /// Tells people. That they cannot be told is no reason to stop.
    async fn tell(&self, ctx: &Context, notice: LeaseNotice) {
        let since = moment(ctx);
        let Some(notification) = ctx.state_mut(|s| self.notification(s, notice.clone())) else { return };
        let options = calls::notify(notice.word(), WorkflowCancellationToken::new());
        let said = ctx.execute_activity(BotCalls::notify_lease, notification, options).await;
        let now = moment(ctx);
        ctx.state_mut(|s| {
            let mut is_told = false;
            match said {
                Ok(LenientResult(told)) => {
                    is_told = was_told(&told.conversation, s.told);
                    s.conversation.0.extend(told.conversation.0);
                    if !matches!(notice, LeaseNotice::StillRemoving { .. }) {
                        s.offering = Some((s.told, notice.clone()));
                    }
                }
                Err(_) => s.unsettled = Some(s.unsettled.map_or(since.0, |before| before.min(since.0))),
            }
            if let (Some(lease), Some(rules)) = (&mut s.lease, &s.rules) {
                match is_told || !notice.is_a_warning() {
                    true => lease.told(&notice, &rules.terms, now),
                    // Nothing is taken away of which nobody was told.
                    false => lease.fails(untold(), now),
                }
            }
        });
    }

    fn notification(&self, s: &mut ResourceLease, notice: LeaseNotice) -> Option<Notification<LeaseSubject>> {
        s.told += 1;
        let (lease, rules) = (s.lease.as_ref()?, s.rules.as_ref()?);
        let subject = LeaseSubject {
            id: self.id.clone(),
            leased: self.leased.clone(),
            status: lease.status,
            round: lease.round,
            number: s.told,
            owner: lease.owner.clone(),
            last_signer: lease.last_signer().map(str::to_owned),
            team_name: rules.team_name.clone(),
            blueprint_name: rules.blueprint_name(&self.leased.blueprint),
            in_parts: rules.blueprint.as_ref().is_some_and(|blueprint| !blueprint.parts.is_empty()),
            ends: lease.ends_at.is_some(),
            before: s.offering.clone(),
        };
        Some(Notification {
            subject,
            notice,
            at_work: None,
            conversation: s.conversation.clone(),
            look_back: s.unsettled,
        })
    }
}

/// What went wrong, and with which part.
fn of_part(resource: &Resource, failure: Failure) -> Failure {
    let Some(part) = &resource.part else { return failure };
    let step = failure.step.as_ref().map_or_else(|| part.clone(), |step| format!("{part}: {step}"));
    Failure { step: Some(step), ..failure }
}

fn untold() -> Failure {
    Failure {
        step: None,
        cause: "Nobody could be told what comes next, neither its owner nor its thread.".to_owned(),
        advice: "Give it to somebody who can be told, then try again.".to_owned(),
        attempt: 1,
    }
}

fn unknown(blueprint: &str) -> Failure {
    Failure {
        step: None,
        cause: format!("There is no blueprint \"{blueprint}\" in the configuration any more."),
        advice: "Ask an admin to put it back, then try again.".to_owned(),
        attempt: 1,
    }
}

fn moment(ctx: &Context) -> Moment {
    let now = ctx.workflow_time().and_then(|now| now.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Moment(i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}
