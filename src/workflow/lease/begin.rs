//! How a request begins the life of what it built.

use temporalio_sdk::{ChildWorkflowOptions, ParentClosePolicy, WorkflowCancellationToken, WorkflowContext};

use super::begun::{Begun, workflow_id};
use super::resource_lease::ResourceLease;
use crate::domain::lease::state::Leased;
use crate::workflow::payload::Lenient;

/// Begins the life of what was built, which goes on when the request is over. One that was begun
/// before, by a run that was reset, goes on as well.
pub async fn begin<W>(ctx: &WorkflowContext<W>, leased: Leased) {
    let id = workflow_id(&leased.request_id);
    let options = ChildWorkflowOptions::builder()
        .workflow_id(id)
        .parent_close_policy(ParentClosePolicy::Abandon)
        .cancellation_token(WorkflowCancellationToken::new())
        .build();
    let started = ctx.start_child_workflow(ResourceLease::run, Lenient::of(Begun::new(leased)), options).await;
    if let Err(error) = started
        && !ctx.is_replaying()
    {
        tracing::warn!(request.id = ctx.workflow_id(), %error, "the lease was not begun");
    }
}
