//! Whether what a person decided still counts when it is obeyed: the people, the groups
//! and the policy are asked at that moment, since the request waited meanwhile.

use temporalio_sdk::ActivityExecutionError;

use super::calls::{self, BotCalls, Preflight};
use super::loose::Kept;
use super::story::{Chosen, Context, Decided, Stop, Story, failed_check};
use crate::domain::lifecycle::{Attendance, Choice};
use crate::domain::notice::Notice;
use crate::domain::provisioning::ProvisionInput;
use crate::domain::rules::{Authorization, NotCounted, Rules};

impl Story {
    /// Whether the decision still counts by the policy and the people of this moment:
    /// an approval passes the pre-flight checks once more. `None`: it does not, and
    /// the request waits on. Saying no stays possible when the team is gone.
    pub(super) async fn confirmed(&self, ctx: &Context, asked_by: &Rules) -> Result<Option<Decided>, Stop> {
        let (region, profile, decided_by) = match ctx.state(|s| s.state.authorization.clone()) {
            Some(Authorization::Approve { region, profile, decided_by }) => (region, profile, decided_by),
            Some(Authorization::Reject { decided_by, reason }) => {
                return Ok(Some(Decided::Rejected { decided_by, reason }));
            }
            None => return Ok(None),
        };
        let why = match self.still_passes(ctx, &region, &profile).await? {
            Ok(rules) => return Ok(Some(Decided::Approved { rules, region, profile, decided_by })),
            Err(why) => why,
        };
        ctx.state_mut(|s| {
            s.state.authorization = None;
            s.not_counted = Some(why.clone());
        });
        self.say(ctx, Some(asked_by), Notice::NotCounted { why }).await;
        Ok(None)
    }

    /// Whether a choice counts by the policy and the people of this moment, a day
    /// after they were last asked, perhaps. `None`: it does not, and the question
    /// stays open.
    pub(super) async fn obeyed(
        &self,
        ctx: &Context,
        asked_by: &Rules,
        input: &ProvisionInput,
    ) -> Result<Option<Chosen>, Stop> {
        let Some(Attendance { choice, attempt, decided_by }) = ctx.state(|s| s.attendance.clone()) else {
            return Ok(None);
        };
        let why = match choice {
            Choice::Retry => match self.still_passes(ctx, &input.region, &input.profile).await? {
                Ok(rules) => return Ok(Some(Chosen::Retry { rules, decided_by })),
                Err(why) => why,
            },
            Choice::GiveUp => match self.against_giving_up(ctx).await? {
                None => return Ok(Some(Chosen::GiveUp { decided_by })),
                Some(why) => why,
            },
        };
        ctx.state_mut(|s| {
            s.attendance = None;
            s.not_counted = Some(why.clone());
        });
        let why = why.reason().to_owned();
        self.say(ctx, Some(asked_by), Notice::ChoiceNotCounted { attempt, why }).await;
        Ok(None)
    }

    /// Whether building may begin, by the policy and the people as they are looked up
    /// at this moment: the rules, or why not. What cannot be looked up is a no.
    async fn still_passes(
        &self,
        ctx: &Context,
        region: &str,
        profile: &str,
    ) -> Result<Result<Box<Rules>, NotCounted>, Stop> {
        Ok(match self.preflight(ctx, true).await {
            Ok(Preflight::Passed { rules }) => match rules.offer(region, profile) {
                Ok(()) => Ok(Box::new(rules)),
                Err(refusal) => Err(NotCounted::Decision(refusal.to_string())),
            },
            Ok(Preflight::Refused { problem }) => Err(NotCounted::Request(problem.to_string())),
            Err(Stop::Failed(failure)) => Err(NotCounted::Unchecked(failure.cause)),
            Err(Stop::Cancelled) => return Err(Stop::Cancelled),
        })
    }

    /// Why the authorizer may not end the request, if so.
    async fn against_giving_up(&self, ctx: &Context) -> Result<Option<NotCounted>, Stop> {
        match ctx.execute_local_activity(BotCalls::may_give_up, self.request.clone(), calls::preflight()).await {
            Ok(Kept(problem)) => Ok(problem.map(|problem| NotCounted::Request(problem.to_string()))),
            Err(ActivityExecutionError::Cancelled(_)) => Err(Stop::Cancelled),
            Err(error) => Ok(Some(NotCounted::Unchecked(failed_check(&error).cause))),
        }
    }
}
