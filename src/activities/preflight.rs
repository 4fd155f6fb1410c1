//! The pre-flight checks: requester, team, authorizer and blueprint, against the
//! configuration and the people as Slack knows them.

use temporalio_sdk::activities::ActivityError;

use super::{BotActivities, slack_failure};
use crate::domain::policy::{Directory, PreflightProblem};
use crate::domain::request::ProvisionRequest;
use crate::domain::rules::Rules;
use crate::slack::directory::Look;
use crate::workflow::calls::{Check, Preflight};

pub async fn run(bot: &BotActivities, check: &Check) -> Result<Preflight, ActivityError> {
    let look = if check.afresh { Look::Afresh } else { Look::Lately };
    let known = known(bot, &check.request, look).await?;
    Ok(match bot.policy.preflight(&check.request, &known) {
        Ok(rules) => Preflight::Passed { rules: Rules { indexed: bot.indexed, ..rules } },
        Err(problem) => Preflight::Refused { problem },
    })
}

/// What speaks against giving up, looked up at this moment.
pub async fn may_give_up(
    bot: &BotActivities,
    request: &ProvisionRequest,
) -> Result<Option<PreflightProblem>, ActivityError> {
    let known = known(bot, request, Look::Afresh).await?;
    Ok(bot.policy.may_give_up(request, &known).err())
}

async fn known(bot: &BotActivities, request: &ProvisionRequest, look: Look) -> Result<Directory, ActivityError> {
    let team = bot.policy.team(&request.team_id);
    let known = bot.directory.about(&request.requester_id, &request.authorizer_id, team, look).await;
    known.map_err(|error| slack_failure(&error))
}
