//! Undoing what was built: it waits for the provisioner as long as it takes.

use std::pin::pin;

use futures::FutureExt;
use futures::future::FusedFuture;
use provisioner::ProvisionInput;
use temporalio_sdk::workflows::select;
use temporalio_sdk::{ActivityExecutionError, ActivityOptions};

use super::calls::{self, Remote};
use super::explain;
use super::payload::LenientResult;
use super::run::{Context, Run, handed};
use super::telling::{RunningNotice, Said, detached, unheard, until};
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
        input: &ProvisionInput,
        began: bool,
        running: &mut Option<RunningNotice<F>>,
    ) -> Cleanup {
        if !began {
            return Cleanup::NothingBuilt;
        }
        let what = built(rules, input);
        let error = match self.destroy(ctx, rules, input, calls::destroy(&rules.blueprint)).await {
            Ok(()) => return Cleanup::Removed,
            Err(error) => error,
        };
        if explain::is_final(&error) {
            return Cleanup::Remains { what, cause: explain::cleanup(&error, &rules.blueprint) };
        }
        let undoing = Undoing { what: what.clone(), cause: explain::not_yet(&error, &rules.blueprint) };
        let undoing = Notice::Undoing(undoing);
        let running = running.take();
        let called_off = running.as_ref().map_or_else(detached, |it| it.called_off.clone());
        let telling = async {
            match running {
                Some(running) => _ = self.finish_notice(ctx, rules, undoing, running).await,
                None => {
                    if let Err(error) = self.notify(ctx, Some(rules), undoing, called_off.clone()).await {
                        unheard(ctx, &error);
                    }
                }
            }
        };
        let mut telling = pin!(telling.fuse());
        let mut undone = pin!(self.undone(ctx, rules, input, what).fuse());
        let cleanup = loop {
            select! {
                () = &mut telling => {}
                cleanup = &mut undone => break cleanup,
            }
        };
        if !telling.is_terminated() {
            self.call_off(ctx, telling, &called_off, true).await;
        }
        cleanup
    }

    /// Tries to undo until it is done, or known to be impossible.
    async fn undone(&self, ctx: &Context, rules: &Rules, input: &ProvisionInput, what: String) -> Cleanup {
        let mut again = calls::UNDO_AGAIN_FIRST;
        loop {
            match self.destroy(ctx, rules, input, calls::destroy_at_last(&rules.blueprint)).await {
                Ok(()) => return Cleanup::Removed,
                Err(error) if explain::is_final(&error) => {
                    return Cleanup::Remains { what, cause: explain::cleanup(&error, &rules.blueprint) };
                }
                Err(_) => {}
            }
            ctx.timer(until(again, &detached())).await;
            again = (again * 2).min(calls::UNDO_AGAIN_AT_MOST);
        }
    }

    /// Calls the provisioner to undo.
    async fn destroy(
        &self,
        ctx: &Context,
        rules: &Rules,
        input: &ProvisionInput,
        options: ActivityOptions,
    ) -> Result<(), ActivityExecutionError> {
        let destroy = Remote::<ProvisionInput, ()>::named(&rules.blueprint.destroy_activity);
        match ctx.execute_activity(destroy, handed(rules, input), options).await {
            // Somebody else's `destroy` may return anything; that it returned is what counts.
            Ok(LenientResult(())) | Err(ActivityExecutionError::Serialization(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// What there is to look after: the bucket by its name, of other provisioners only that
/// they built something.
fn built(rules: &Rules, input: &ProvisionInput) -> String {
    if rules.blueprint.task_queue == BUCKETS {
        return input.bucket_name.clone();
    }
    format!("whatever \"{}\" built for {}", rules.blueprint.name, input.application_id)
}
