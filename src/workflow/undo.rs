//! Undoing what was built: it waits for the provisioner as long as it takes.

use temporalio_sdk::{ActivityExecutionError, ActivityOptions};

use super::calls::{self, Remote};
use super::explain;
use super::loose::Kept;
use super::story::{Context, Said, Story, detached, handed, until};
use crate::domain::notice::{Cleanup, Notice};
use crate::domain::provisioning::ProvisionInput;
use crate::domain::rules::Rules;

impl Story {
    /// Removes what was built, as far as it got, however long that takes: only what a
    /// provisioner says for good that it cannot remove remains. When it takes long, people
    /// hear of it once, through whoever still accompanies the work.
    pub(super) async fn cleanup<F: Future<Output = Said>>(
        &self,
        ctx: &Context,
        rules: &Rules,
        input: &ProvisionInput,
        began: bool,
        accompanied: &mut Option<F>,
    ) -> Cleanup {
        if !began {
            return Cleanup::NothingBuilt;
        }
        let what = input.bucket_name.clone();
        let error = match self.destroy(ctx, rules, input, calls::destroy(&rules.blueprint)).await {
            Ok(()) => return Cleanup::Removed,
            Err(error) => error,
        };
        let cause = explain::cleanup(&error, &rules.blueprint);
        if explain::is_final(&error) {
            return Cleanup::Remains { what, cause };
        }
        let undoing = Notice::Undoing { what: what.clone(), cause };
        match accompanied.take() {
            Some(accompanied) => self.say_through(ctx, rules, undoing, accompanied).await,
            None => self.say(ctx, Some(rules), undoing).await,
        }
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
            Ok(Kept(())) | Err(ActivityExecutionError::Serialization(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
