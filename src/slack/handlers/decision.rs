//! Deciding: Approve, Reject, and the reason for it.
//!
//! A click is judged by the rules that were recorded with the request, as the workflow
//! judges it, so that the person hears at once what is wrong. What counts is what the
//! workflow accepts: after the signal the state is read back, and whoever lost a race,
//! or approved what would not pass its checks any more, is told.

use serde_json::json;

use super::{Handlers, NO_ANSWER, Reply};
use crate::domain::lifecycle::{RequestState, Status};
use crate::domain::notice::part;
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::{Authorization, Decision, Rules, Verdict};
use crate::slack::ids;
use crate::slack::inbound::{Click, Reason};
use crate::slack::views::{decision as views, ephemeral};
use crate::temporal::{Recorded, RequestError};

pub async fn approve(bot: &Handlers, click: Click, region: Option<String>, profile: Option<String>) -> Reply {
    let decided_by = click.user.clone();
    let decision = Decision { decision: Verdict::Approve, region, profile, decided_by, reason: None };
    match decide(bot, &click.request_id, decision, &click.id, Some(&click)).await {
        Ok(()) => Reply::Nothing,
        Err(text) => bot.tell(&click, &text).await,
    }
}

fn only(choices: &[String]) -> Option<String> {
    match choices {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// What is chosen from one needs no choosing, and Slack does not always report a
/// selection nobody touched.
fn fill_in(decision: &mut Decision, rules: &Rules) {
    if decision.decision == Verdict::Approve {
        decision.region = decision.region.take().or_else(|| only(&rules.regions));
        decision.profile = decision.profile.take().or_else(|| only(&rules.profiles));
    }
}

/// Asks for the reason, unless it is plain that it will not count.
pub async fn reject(bot: &Handlers, click: Click) -> Reply {
    let (id, request) = match to_reject(bot, &click).await {
        Ok(judged) => judged,
        Err(text) => return bot.tell(&click, &text).await,
    };
    let metadata = json!({ "requestId": id.as_str(), "channel": click.channel }).to_string();
    let modal = views::reject_modal(id.as_str(), request.application_name.as_str(), &metadata);
    match bot.slack.open_view(&click.trigger, &modal).await {
        Ok(_) => Reply::Nothing,
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "the form for a reason could not be opened");
            let text = match error.wait() {
                Some(wait) => format!("{}.", ephemeral::please_wait(wait)),
                None => "Slack did not open the form. Please press Reject again.".to_owned(),
            };
            bot.tell(&click, &text).await
        }
    }
}

pub async fn reasoned(bot: &Handlers, reason: Reason) -> Reply {
    let decision = rejection(&reason.user, Some(reason.reason));
    match decide(bot, &reason.request_id, decision, &reason.click_id, None).await {
        Ok(()) => Reply::Nothing,
        Err(text) => Reply::error(ids::REASON, text),
    }
}

async fn to_reject(bot: &Handlers, click: &Click) -> Result<(RequestId, ProvisionRequest), String> {
    let (id, request) = bot.request_of(&click.request_id).await?;
    request.may_be_decided_by(&click.user).map_err(|refusal| refusal.to_string())?;
    match bot.broken(&id, Some(click), part::CARD).await {
        Some(text) => Err(text),
        None => Ok((id, request)),
    }
}

fn rejection(user: &str, reason: Option<String>) -> Decision {
    Decision { decision: Verdict::Reject, region: None, profile: None, decided_by: user.to_owned(), reason }
}

/// Judges a decision, sends it, and finds out whether it is the one that counts.
/// The error is a sentence for the person who decided.
async fn decide(
    bot: &Handlers,
    request_id: &str,
    mut decision: Decision,
    click_id: &str,
    click: Option<&Click>,
) -> Result<(), String> {
    let (id, Recorded { request, rules }) = bot.recorded(request_id).await?;
    request.may_be_decided_by(&decision.decided_by).map_err(|refusal| refusal.to_string())?;
    // Without rules nobody was asked yet: the workflow judges when it has them.
    if let Some(rules) = rules {
        fill_in(&mut decision, &rules);
        if let Err(refusal) = rules.accept(&request, &decision) {
            return Err(too_late(bot, &id, click).await.unwrap_or_else(|| refusal.to_string()));
        }
    }
    match bot.requests.authorize(&id, decision.clone(), click_id).await {
        Ok(()) => {}
        Err(RequestError::Ended) => return Err(ended(bot, &id, click, part::CARD).await),
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "a decision could not be sent");
            return Err(NO_ANSWER.to_owned());
        }
    }
    // Without an answer the decision is kept, and obeyed as soon as a worker is back: what
    // was sent is not answered with "try again".
    effect(bot, &id, &decision).await.unwrap_or_else(|error| {
        tracing::warn!(request.id = %id, %error, "the effect of a decision is not known yet");
        Ok(())
    })
}

/// What became of a decision that was sent: the inner error is for the person.
async fn effect(bot: &Handlers, id: &RequestId, decision: &Decision) -> Result<Result<(), String>, RequestError> {
    let state = bot.requests.state(id).await?;
    // Open still: not judged yet, which it will be, or it did not count.
    if state.authorization.is_none() && !is_over(state.status) {
        let why = bot.requests.not_counted(id).await?;
        return Ok(why.map_or(Ok(()), |why| Err(ephemeral::not_counted(&why))));
    }
    Ok(counted(&state, decision))
}

fn is_over(status: Status) -> bool {
    !matches!(status, Status::PreFlight | Status::AwaitingAuthorization)
}

/// Is the decision that counted the one just made? A yes to something else is another.
fn counted(state: &RequestState, decision: &Decision) -> Result<(), String> {
    match (&state.authorization, state.status) {
        (Some(Authorization::Approve { region, profile, .. }), _)
            if decision.decision == Verdict::Approve
                && decision.region.as_ref() == Some(region)
                && decision.profile.as_ref() == Some(profile) =>
        {
            Ok(())
        }
        (Some(Authorization::Reject { .. }), _) if decision.decision == Verdict::Reject => Ok(()),
        (Some(authorization), _) => Err(decided(authorization)),
        (None, status) => Err(ephemeral::already_over(status)),
    }
}

fn decided(authorization: &Authorization) -> String {
    ephemeral::already_decided(authorization.verdict(), authorization.decided_by())
}

/// What to say instead of what is wrong with a decision, if none counts any more: nobody
/// is to choose a region for a request that is over.
async fn too_late(bot: &Handlers, id: &RequestId, click: Option<&Click>) -> Option<String> {
    if let Some(text) = bot.broken(id, click, part::CARD).await {
        return Some(text);
    }
    let state = bot.requests.state(id).await.ok()?;
    match &state.authorization {
        Some(authorization) => Some(decided(authorization)),
        None => is_over(state.status).then(|| ephemeral::already_over(state.status)),
    }
}

/// What to say about a request that is over.
pub(super) async fn ended(bot: &Handlers, id: &RequestId, click: Option<&Click>, part: &str) -> String {
    if let Some(text) = bot.broken(id, click, part).await {
        return text;
    }
    match bot.requests.state(id).await {
        Ok(RequestState { authorization: Some(authorization), status: Status::Rejected, .. }) => {
            decided(&authorization)
        }
        Ok(state) => ephemeral::already_over(state.status),
        Err(_) => "This request is already over.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_to_something_else_is_not_the_one_that_counted() {
        let authorization =
            Authorization::Approve { region: "us-east-1".into(), profile: "sandbox".into(), decided_by: "U2".into() };
        let state = RequestState {
            request_id: "checkout-1".into(),
            status: Status::Provisioning,
            authorization: Some(authorization),
            progress: None,
            resources: None,
            failure: None,
        };
        let made = |decision, region: &str| {
            let chosen = |text: &str| Some(text.to_owned());
            let (region, profile) = (chosen(region), chosen("sandbox"));
            counted(&state, &Decision { decision, region, profile, decided_by: "U2".into(), reason: None })
        };
        assert_eq!(made(Verdict::Approve, "us-east-1"), Ok(()));
        assert!(made(Verdict::Approve, "eu-west-1").is_err_and(|told| told.contains("<@U2>")));
        assert!(made(Verdict::Reject, "us-east-1").is_err());
    }
}
