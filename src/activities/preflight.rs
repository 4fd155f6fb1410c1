//! The pre-flight checks: requester, team, authorizer and blueprint, against the
//! configuration and the people as Slack knows them now.

use temporalio_sdk::activities::ActivityError;

use super::{BotActivities, slack_failure};
use crate::domain::request::ProvisionRequest;
use crate::domain::rules::Rules;
use crate::workflow::calls::Preflight;

pub async fn run(bot: &BotActivities, request: &ProvisionRequest) -> Result<Preflight, ActivityError> {
    let team = bot.policy.team(&request.team_id);
    let known = bot
        .directory
        .about(&request.requester_id, &request.authorizer_id, team)
        .await
        .map_err(|error| slack_failure(&error))?;
    Ok(match bot.policy.preflight(request, &known) {
        Ok(rules) => Preflight::Passed { rules: Rules { indexed: bot.indexed, ..rules } },
        Err(problem) => Preflight::Refused { problem },
    })
}
