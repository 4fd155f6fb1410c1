//! Whether what a person decided still counts when it is obeyed: the people, the groups
//! and the policy are asked at that moment, since the request waited meanwhile.
//!
//! Where Slack does not say who is who, it is asked again until the time for an answer is
//! over, and a little longer, since what came in time counts.

use std::pin::pin;

use futures::FutureExt;
use serde_json::Map;
use temporalio_common::ActivityDefinition;
use temporalio_sdk::ActivityExecutionError;
use temporalio_sdk::workflows::select;

use super::asking::{Chosen, Decided};
use super::calls::{self, BotCalls, Check, Preflight};
use super::explain;
use super::payload::LenientResult;
use super::provision_application::ProvisionApplication;
use super::run::{Context, Run, Stop};
use super::telling::{moment, until};
use crate::domain::approval::Event;
use crate::domain::decision::Authorization;
use crate::domain::field::By;
use crate::domain::judge::parameters_of;
use crate::domain::lifecycle::{Choice, Failure};
use crate::domain::notice::{ApprovalNotCounted, ChoiceNotCounted, Notice};
use crate::domain::refusal::{NotCounted, Refusal};
use crate::domain::rules::Rules;

impl Run {
    /// The pre-flight checks. `None`: the time for an answer is over, which there is not
    /// before the first question.
    pub(super) async fn preflight(&self, ctx: &Context, afresh: bool) -> Option<Result<Preflight, Stop>> {
        let check = Check { request: self.request.clone(), afresh };
        let first = if afresh { First::Beside } else { First::AnythingElse };
        let checked = looked_up(ctx, first, || BotCalls::preflight, check).await?;
        Some(checked.map(|LenientResult(checked)| checked).map_err(|error| match error {
            ActivityExecutionError::Cancelled(_) => Stop::Cancelled,
            error => Stop::Failed(failed_check(&error)),
        }))
    }

    /// Whether the decision still counts by the policy and the people of this moment:
    /// an approval passes the pre-flight checks once more. `None`: it does not, and
    /// the request waits on. Saying no stays possible when the team is gone.
    pub(super) async fn confirmed(&self, ctx: &Context) -> Result<Option<Decided>, Stop> {
        let (region, profile, decided_by) = match ctx.state(|s| s.approval.decision().cloned()) {
            Some(Authorization::Approve { region, profile, decided_by }) => (region, profile, decided_by),
            Some(Authorization::Reject { decided_by, reason }) => {
                return Ok(Some(Decided::Rejected { decided_by, reason }));
            }
            None => return Ok(None),
        };
        let why = match self.still_passes(ctx, &region, &profile).await? {
            Some(Ok(rules)) => {
                ctx.state_mut(ProvisionApplication::holds);
                return Ok(Some(Decided::Approved { rules, region, profile, decided_by }));
            }
            Some(Err(why)) => why,
            None => {
                let now = moment(ctx);
                ctx.state_mut(|s| s.apply(Event::Unconfirmed, now));
                return Ok(Some(Decided::Expired { unconfirmed: Some(decided_by) }));
            }
        };
        let now = moment(ctx);
        ctx.state_mut(|s| {
            s.strike(why.clone(), now);
            let expires_at = s.approval.deadline().map(|at| at.0).unwrap_or_default();
            s.untold = Some(Notice::ApprovalNotCounted(ApprovalNotCounted { why, expires_at }));
        });
        Ok(None)
    }

    /// Whether a choice counts by the policy and the people of this moment, a day
    /// after they were last asked, perhaps. `None`: it does not, and the question
    /// stays open as long as there is time.
    pub(super) async fn obeyed(&self, ctx: &Context, attempt: u32) -> Result<Option<Chosen>, Stop> {
        let Some((choice, decided_by)) = ctx.state(|s| s.choice.clone()) else { return Ok(None) };
        let (region, profile) = ctx.state(|s| s.approval.offer.place());
        let why = match choice {
            Choice::Retry => match self.still_passes(ctx, &region, &profile).await? {
                Some(Ok(rules)) => {
                    ctx.state_mut(ProvisionApplication::holds);
                    return Ok(Some(Chosen::Retry { rules, decided_by }));
                }
                Some(Err(why)) => why,
                None => return Ok(None),
            },
            Choice::GiveUp => match self.against_giving_up(ctx).await? {
                Some(None) => {
                    ctx.state_mut(ProvisionApplication::holds);
                    return Ok(Some(Chosen::GiveUp { decided_by }));
                }
                Some(Some(why)) => why,
                None => return Ok(None),
            },
        };
        ctx.state_mut(|s| {
            s.choice = None;
            s.not_counted(why.clone());
            s.untold = Some(Notice::ChoiceNotCounted(ChoiceNotCounted { attempt, why }));
        });
        Ok(None)
    }

    /// Whether building may begin, by the policy and the people as they are looked up
    /// at this moment: the rules, or why not. What cannot be looked up is a no. `None`: the
    /// time for an answer is over.
    async fn still_passes(
        &self,
        ctx: &Context,
        region: &str,
        profile: &str,
    ) -> Result<Option<Result<Box<Rules>, NotCounted>>, Stop> {
        let Some(checked) = self.preflight(ctx, true).await else { return Ok(None) };
        Ok(Some(match checked {
            Ok(Preflight::Passed { rules }) => {
                let still = rules.offer(region, profile).and_then(|()| self.still_takes(ctx, &rules));
                match still.and_then(|()| is_made_as_before(ctx, &rules)) {
                    Ok(()) => Ok(rules),
                    Err(refusal) => Err(NotCounted::Decision(refusal)),
                }
            }
            Ok(Preflight::Refused { problem }) => Err(NotCounted::Request(problem.to_string())),
            Err(Stop::Failed(failure)) => Err(NotCounted::Unchecked(failure.cause)),
            Err(Stop::Cancelled) => return Err(Stop::Cancelled),
        }))
    }

    /// Whether the fields of who decides still take what was said, by the rules of this moment.
    fn still_takes(&self, ctx: &Context, rules: &Rules) -> Result<(), Refusal> {
        let said = ctx.state(|s| {
            let recorded = s.rules.as_ref().map(|rules| &rules.blueprint);
            let said = recorded.into_iter().flat_map(|blueprint| blueprint.fields_by(By::Authorizer));
            let values = &s.approval.offer.parameters;
            said.filter_map(|field| Some((field.id.clone(), values.get(&field.id)?.clone()))).collect::<Map<_, _>>()
        });
        parameters_of(rules, &said).map(drop)
    }

    /// Why the authorizer may not end the request, if so. The outer `None`: the time for an
    /// answer is over.
    async fn against_giving_up(&self, ctx: &Context) -> Result<Option<Option<NotCounted>>, Stop> {
        Ok(match looked_up(ctx, First::Beside, || BotCalls::may_give_up, self.request.clone()).await {
            None => None,
            Some(Ok(LenientResult(problem))) => Some(problem.map(|problem| NotCounted::Request(problem.to_string()))),
            Some(Err(ActivityExecutionError::Cancelled(_))) => return Err(Stop::Cancelled),
            Some(Err(error)) => Some(Some(NotCounted::Unchecked(failed_check(&error).cause))),
        })
    }
}

/// Whether what would be built is made as it was when it was asked for: that is what was planned
/// and signed, or is begun.
fn is_made_as_before(ctx: &Context, rules: &Rules) -> Result<(), Refusal> {
    let before = ctx.state(|s| s.rules.as_ref().map(|before| rules.blueprint.is_made_as(&before.blueprint)));
    if before == Some(false) { Err(Refusal::Reconfigured) } else { Ok(()) }
}

/// Whether the world is asked before anything else goes on in the workflow, or beside it.
#[derive(Clone, Copy)]
enum First {
    AnythingElse,
    Beside,
}

/// Asks the world: once at once, and then until it answers. `None`: it did not before the
/// time for an answer was over.
async fn looked_up<D>(
    ctx: &Context,
    first: First,
    call: impl Fn() -> D,
    input: D::Input,
) -> Option<Result<D::Output, ActivityExecutionError>>
where
    D: ActivityDefinition,
    D::Input: Clone,
{
    let first = match first {
        First::AnythingElse => ctx.execute_local_activity(call(), input.clone(), calls::check_first()).await,
        First::Beside => ctx.execute_activity(call(), input.clone(), calls::check_now()).await,
    };
    match first {
        Err(error) if !matches!(error, ActivityExecutionError::Cancelled(_)) => {}
        answered => return Some(answered),
    }
    let late = ctx.cancellation_token().child_token();
    let mut answered = pin!(ctx.execute_activity(call(), input, calls::check_patiently(late.clone())).fuse());
    select! {
        answered = &mut answered => return Some(answered),
        is_late = ctx.wait_condition(|s| s.is_late) => if is_late.is_err() {
            // Withdrawn, and with it the question.
            return Some(answered.await);
        },
    }
    let waiting = ctx.cancellation_token().child_token();
    let mut patience = ctx.timer(until(calls::CHECKED_LATE, &waiting));
    select! {
        answered = &mut answered => {
            waiting.cancel();
            Some(answered)
        }
        _ = &mut patience => {
            late.cancel();
            None
        }
    }
}

fn failed_check(error: &ActivityExecutionError) -> Failure {
    Failure {
        step: Some("Checking the request".to_owned()),
        cause: explain::text(error),
        advice: "Ask again; if it happens again, ask an admin.".to_owned(),
        attempt: 1,
    }
}
