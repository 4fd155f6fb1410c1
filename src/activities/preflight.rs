//! The pre-flight checks: requester, team, authorizer and blueprint, against the
//! configuration and the people as Slack knows them.

use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use super::failures::{slack_failures, unreadable};
use crate::domain::client;
use crate::domain::people;
use crate::domain::policy::{Policy, PreflightProblem};
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::Rules;
use crate::open::Open;
use crate::slack::directory::{Directory, Look};
use crate::slack::refusal::Refusal;
use crate::slack::web_api::SlackError;
use crate::workflow::calls::{Check, Preflight};
use crate::workflow::search_attributes;

/// How often Slack may refuse to tell who somebody is with a code that may pass, before
/// that is the answer: a few minutes.
const REFUSED_AT_MOST: u32 = 8;

pub async fn run(
    policy: &Policy,
    directory: &Directory,
    open: &Open,
    ctx: &ActivityContext,
    check: &Check,
) -> Result<Preflight, ActivityError> {
    let look = if check.afresh { Look::Afresh } else { Look::Lately };
    let known = known(policy, directory, ctx, &check.request, look).await?;
    let rules = match policy.preflight(&check.request, &known) {
        Ok(rules) => rules,
        Err(problem) => return Ok(Preflight::Refused { problem }),
    };
    // Counted once: whoever was let begin goes on, whatever the file says later.
    // The limit is on people.
    if let (Some(most), false) = (policy.open_max, check.afresh)
        && client::id(&check.request.requester_id).is_none()
        && !has_room(open, ctx, &check.request, most).await?
    {
        return Ok(Preflight::Refused { problem: PreflightProblem::TooManyOpen { most } });
    }
    Ok(Preflight::Passed { rules: Box::new(Rules { indexed: search_attributes::are_there(), ..rules }) })
}

/// Whether this request is among the first `most` of its person. As long as that cannot
/// be counted, it waits.
async fn has_room(
    open: &Open,
    ctx: &ActivityContext,
    request: &ProvisionRequest,
    most: u32,
) -> Result<bool, ActivityError> {
    let Some(id) = ctx.info().workflow_id.as_deref().map(RequestId::of_workflow) else { return Ok(true) };
    let may = open.may_go_on(&request.requester_id, &id, most).await;
    may.map_err(|error| ApplicationFailure::new(anyhow::anyhow!("open requests cannot be counted: {error}")).into())
}

/// What speaks against giving up, looked up at this moment.
pub async fn may_give_up(
    policy: &Policy,
    directory: &Directory,
    ctx: &ActivityContext,
    request: &ProvisionRequest,
) -> Result<Option<PreflightProblem>, ActivityError> {
    let known = known(policy, directory, ctx, request, Look::Afresh).await?;
    Ok(policy.may_give_up(request, &known).err())
}

async fn known(
    policy: &Policy,
    directory: &Directory,
    ctx: &ActivityContext,
    request: &ProvisionRequest,
    look: Look,
) -> Result<people::Directory, ActivityError> {
    // The workflow task waits for a local activity; for another one nobody does.
    let directory = if ctx.info().is_local { directory.clone() } else { directory.patient() };
    match directory.about(policy, request, look).await {
        Ok(known) => Ok(known),
        Err(error) => Err(failure(ctx, error).await),
    }
}

/// A Slack that is away is waited for; one that refuses is believed after a while.
async fn failure(ctx: &ActivityContext, error: SlackError) -> ActivityError {
    let attempt = ctx.info().attempt;
    let refused = match error.refusal() {
        None | Some(Refusal::Passing | Refusal::Token) => return slack_failures(&[error], attempt),
        Some(Refusal::Unclear) => ctx.heartbeat_details().deserialize::<u32>().ok().flatten().unwrap_or(0) + 1,
        Some(_) => REFUSED_AT_MOST,
    };
    if refused >= REFUSED_AT_MOST {
        let failure = ApplicationFailure::builder(anyhow::anyhow!("{error}")).type_name("Slack".to_owned());
        return failure.non_retryable(true).build().into();
    }
    // Reported with the failure, and so what the next attempt counts on from.
    match ctx.record_heartbeat(refused).await {
        Ok(()) => slack_failures(&[error], attempt),
        Err(error) => unreadable(error),
    }
}
