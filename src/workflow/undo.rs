//! Undoing what was built: it waits for the provisioner as long as it takes.

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt;
use futures::future::FusedFuture;
use provisioner::{ProvisionInput, Remaining};
use serde_json::Value;
use temporalio_sdk::workflows::{join_all, select};
use temporalio_sdk::{ActivityExecutionError, ActivityOptions, WaitConditionOptions};

use super::calls::{self, Remote};
use super::contract::remaining;
use super::explain;
use super::payload::LenientResult;
use super::run::{Context, Run, handed};
use super::telling::{RunningNotice, Said, detached, unheard, until};
use crate::domain::blueprint::Blueprint;
use crate::domain::notice::{Cleanup, Notice, Undoing};
use crate::domain::rules::Rules;

/// The queue of the provisioner of buckets, as the contract with provisioners names it.
const BUCKETS: &str = "provision-aws-s3";

impl Run {
    /// Removes what was built, as far as it got, however long that takes: only what a
    /// provisioner says for good that it cannot remove remains. When it takes long, people
    /// hear of it once, through the notice that still runs; it goes on beside that.
    pub(super) async fn cleanup<F: Future<Output = Said>>(
        &self,
        ctx: &Context,
        rules: &Rules,
        running: &mut Option<RunningNotice<F>>,
    ) -> Cleanup {
        let there = ctx.state(|s| s.work.there());
        if there.is_empty() {
            return Cleanup::NothingBuilt;
        }
        let called_off = running.as_ref().map_or_else(detached, |it| it.called_off.clone());
        let telling = async {
            let options = WaitConditionOptions::builder().cancellation_token(detached()).build();
            let _ = ctx.wait_condition_with_options(|s| s.work.stuck.is_some(), options).await;
            let Some((what, cause)) = ctx.state(|s| s.work.stuck.clone()) else { return };
            let undoing = Notice::Undoing(Undoing { what, cause });
            match running.take() {
                Some(running) => _ = self.finish_notice(ctx, rules, undoing, running).await,
                None => {
                    if let Err(error) = self.notify(ctx, Some(rules), undoing, called_off.clone()).await {
                        unheard(ctx, &error);
                    }
                }
            }
        };
        let mut telling = pin!(telling.fuse());
        let mut undone = pin!(join_all(there.into_iter().map(|at| self.undo(ctx, at))).fuse());
        let cleanups = loop {
            select! {
                () = &mut telling => {}
                cleanups = &mut undone => break cleanups,
            }
        };
        if ctx.state(|s| s.work.stuck.is_some()) && !telling.is_terminated() {
            self.call_off(ctx, telling, &called_off, true).await;
        }
        cleanups.into_iter().reduce(both).unwrap_or(Cleanup::NothingBuilt)
    }

    /// Removes one of them, once what came after it is over.
    async fn undo(&self, ctx: &Context, at: usize) -> Cleanup {
        let options = WaitConditionOptions::builder().cancellation_token(detached()).build();
        let _ = ctx.wait_condition_with_options(|s| s.work.may_go(at), options).await;
        let (blueprint, input) = ctx.state(|s| s.work.to_remove(at));
        let cleanup = self.undone(ctx, &blueprint, &input).await;
        ctx.state_mut(|s| s.work.is_undone(at));
        cleanup
    }

    /// Tries to undo until it is done, or known to be impossible.
    async fn undone(&self, ctx: &Context, blueprint: &Blueprint, input: &ProvisionInput) -> Cleanup {
        let what = built(blueprint, input);
        let mut options = calls::destroy(blueprint);
        let mut again = None;
        loop {
            let error = match self.destroy(ctx, blueprint, input, options).await {
                Ok(None) => return Cleanup::Removed,
                // It goes on by itself, and is looked at again then.
                Ok(Some(Remaining { again, left })) => {
                    ctx.state_mut(|s| s.work.is_stuck(&what, || format!("Left: {left}")));
                    ctx.timer(until(Duration::from_secs(again), &detached())).await;
                    options = calls::destroy_at_last(blueprint);
                    continue;
                }
                Err(error) if explain::is_final(&error) => {
                    return Cleanup::Remains { what, cause: explain::cleanup(&error, blueprint) };
                }
                Err(error) => error,
            };
            options = calls::destroy_at_last(blueprint);
            let Some(pause) = again else {
                ctx.state_mut(|s| s.work.is_stuck(&what, || explain::not_yet(&error, blueprint)));
                again = Some(calls::UNDO_AGAIN_FIRST);
                continue;
            };
            ctx.timer(until(pause, &detached())).await;
            again = Some((pause * 2).min(calls::UNDO_AGAIN_AT_MOST));
        }
    }

    /// Calls the provisioner to undo: what is left, where it is to be called again.
    async fn destroy(
        &self,
        ctx: &Context,
        blueprint: &Blueprint,
        input: &ProvisionInput,
        options: ActivityOptions,
    ) -> Result<Option<Remaining>, ActivityExecutionError> {
        let destroy = Remote::<ProvisionInput, Value>::named(&blueprint.destroy_activity);
        match ctx.execute_activity(destroy, handed(blueprint, input), options).await {
            // Whatever else somebody's `destroy` returns, that it returned is what counts.
            Ok(LenientResult(answer)) => Ok(remaining(answer)),
            Err(ActivityExecutionError::Serialization(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What became of both.
fn both(one: Cleanup, other: Cleanup) -> Cleanup {
    match (one, other) {
        (Cleanup::Remains { what, cause }, Cleanup::Remains { what: also, cause: because }) => {
            Cleanup::Remains { what: format!("{what}, {also}"), cause: format!("{cause} {because}") }
        }
        (remains @ Cleanup::Remains { .. }, _) | (_, remains @ Cleanup::Remains { .. }) => remains,
        (Cleanup::NothingBuilt, other) => other,
        (removed, _) => removed,
    }
}

/// What there is to look after: the bucket by its name, of other provisioners only that
/// they built something.
fn built(blueprint: &Blueprint, input: &ProvisionInput) -> String {
    if blueprint.task_queue == BUCKETS {
        return input.bucket_name.clone();
    }
    format!("whatever \"{}\" built for {}", blueprint.name, input.application_id)
}
