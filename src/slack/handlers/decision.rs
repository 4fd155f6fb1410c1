//! Deciding: Approve, Reject, and the reason for it.
//!
//! A click is judged by the rules the workflow will judge it by, so that the
//! person hears at once what is wrong. What counts is what the workflow accepts:
//! after the signal the state is read back, and whoever lost a race is told.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{Handlers, NO_ANSWER, Reply};
use crate::domain::lifecycle::{RequestState, Status};
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::{Authorization, Decision, Verdict};
use crate::slack::ids;
use crate::slack::inbound::{Click, Reason};
use crate::slack::views::{decision as views, private};
use crate::temporal::RequestError;

/// How long a decision and finding out what became of it may take together: what
/// was sent is never answered with "try again".
const FOUND_OUT_WITHIN: Duration = Duration::from_millis(2_000);

pub async fn approve(bot: &Handlers, click: Click, region: Option<String>, profile: Option<String>) -> Reply {
    let decision = Decision {
        decision: Verdict::Approve,
        // What is chosen from one needs no choosing, and Slack does not always
        // report a selection nobody touched.
        region: region.or_else(|| only(&bot.policy.regions)),
        profile: profile.or_else(|| only(&bot.policy.profiles)),
        decided_by: click.user.clone(),
        reason: None,
    };
    match decide(bot, &click.request_id, decision, &click.id).await {
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

/// Asks for the reason, unless it is plain that it will not count.
pub async fn reject(bot: &Handlers, click: Click) -> Reply {
    let judged = match bot.request_of(&click.request_id).await {
        Ok((id, request)) => match judge(bot, &request, &rejection(&click.user, None)) {
            Ok(()) => Ok((id, request)),
            Err(text) => Err(text),
        },
        Err(text) => Err(text),
    };
    let (id, request) = match judged {
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
                Some(wait) => format!("{}.", private::please_wait(wait)),
                None => "Slack did not open the form. Please press Reject again.".to_owned(),
            };
            bot.tell(&click, &text).await
        }
    }
}

pub async fn reasoned(bot: &Handlers, reason: Reason) -> Reply {
    let decision = rejection(&reason.user, Some(reason.reason));
    match decide(bot, &reason.request_id, decision, &reason.click_id).await {
        Ok(()) => Reply::Nothing,
        Err(text) => Reply::error(ids::REASON, text),
    }
}

fn rejection(user: &str, reason: Option<String>) -> Decision {
    Decision { decision: Verdict::Reject, region: None, profile: None, decided_by: user.to_owned(), reason }
}

/// Judges a decision, sends it, and finds out whether it is the one that counts.
/// The error is a sentence for the person who decided.
async fn decide(bot: &Handlers, request_id: &str, decision: Decision, click: &str) -> Result<(), String> {
    let answer_by = Instant::now() + FOUND_OUT_WITHIN;
    let (id, request) = bot.request_of(request_id).await?;
    judge(bot, &request, &decision)?;
    let verdict = decision.decision;
    match bot.requests.authorize(&id, decision, click).await {
        Ok(()) => {}
        Err(RequestError::Ended) => return Err(ended(bot, &id).await),
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "a decision could not be sent");
            return Err(NO_ANSWER.to_owned());
        }
    }
    let effect = tokio::time::timeout_at(answer_by, effect(bot, &id, verdict)).await;
    // Without an answer the decision is kept, and obeyed as soon as a worker is back.
    effect.unwrap_or_else(|_| Err(RequestError::NoAnswer("too late for an answer".to_owned()))).unwrap_or_else(
        |error| {
            tracing::warn!(request.id = %id, %error, "the effect of a decision is not known yet");
            Ok(())
        },
    )
}

/// What became of a decision that was sent: the inner error is for the person.
async fn effect(bot: &Handlers, id: &RequestId, verdict: Verdict) -> Result<Result<(), String>, RequestError> {
    let state = bot.requests.state(id).await?;
    // Open still: not judged yet, which it will be, or it did not count.
    if state.authorization.is_none() && !is_over(state.status) {
        let why = bot.requests.not_counted(id).await?;
        return Ok(why.map_or(Ok(()), |why| Err(private::no_longer(&why))));
    }
    Ok(counted(&state, verdict))
}

fn is_over(status: Status) -> bool {
    !matches!(status, Status::PreFlight | Status::AwaitingAuthorization)
}

/// The same judgement the workflow makes, as far as nobody needs to be asked: it
/// makes the pre-flight checks once more itself before it obeys an approval.
fn judge(bot: &Handlers, request: &ProvisionRequest, decision: &Decision) -> Result<(), String> {
    request.may_be_decided_by(&decision.decided_by).map_err(|refusal| refusal.to_string())?;
    // Saying no stays possible when the team or the blueprint is gone.
    if decision.decision == Verdict::Reject {
        return Ok(());
    }
    let rules = bot.policy.rules(request).map_err(|problem| private::no_longer(&problem.to_string()))?;
    rules.accept(request, decision).map(|_| ()).map_err(|refusal| refusal.to_string())
}

/// Is the decision that counted the one just made?
fn counted(state: &RequestState, verdict: Verdict) -> Result<(), String> {
    match (&state.authorization, state.status) {
        (Some(authorization), _) if authorization.verdict() == verdict => Ok(()),
        (Some(authorization), _) => Err(decided(authorization)),
        (None, status) => Err(private::already_over(status)),
    }
}

fn decided(authorization: &Authorization) -> String {
    private::already_decided(authorization.verdict(), authorization.decided_by())
}

/// What to say about a request that is over.
async fn ended(bot: &Handlers, id: &RequestId) -> String {
    match bot.requests.state(id).await {
        Ok(RequestState { authorization: Some(authorization), status: Status::Rejected, .. }) => {
            decided(&authorization)
        }
        Ok(state) => private::already_over(state.status),
        Err(_) => "This request is already over.".to_owned(),
    }
}
