//! After the decision: withdrawing a request, and choosing what to do about one
//! that needs a hand.

use std::time::Duration;

use super::{Handlers, NO_ANSWER, Reply, decision};
use crate::domain::lifecycle::{Attendance, Choice, RequestState, Status};
use crate::domain::notice::part;
use crate::domain::request::{ProvisionRequest, RequestId};
use crate::domain::rules::NotCounted;
use crate::slack::inbound::Click;
use crate::slack::views::ephemeral;
use crate::temporal::RequestError;

/// What is kept of the time to send what somebody wants, however long it takes to find
/// out whether that still makes sense.
const SENDING: Duration = Duration::from_millis(700);

/// Withdraws a request. Only the person who made it may.
pub async fn cancel(bot: &Handlers, click: Click) -> Reply {
    match withdraw(bot, &click).await {
        Ok(()) => Reply::Nothing,
        Err(text) => bot.tell(&click, &text).await,
    }
}

async fn withdraw(bot: &Handlers, click: &Click) -> Result<(), String> {
    let (id, request) = bot.request_of(&click.request_id).await?;
    if click.user != request.requester_id {
        return Err(format!("Only <@{}>, who made this request, can cancel it.", request.requester_id));
    }
    // Cancelling what is over does nothing, so the answer is found first.
    if let Some(text) = bot.broken(&id, Some(click), part::ROOT).await {
        return Err(text);
    }
    match bot.requests.sooner(SENDING).state(&id).await {
        Ok(state) if state.status == Status::Cancelled => return Ok(()),
        Ok(state) if state.status.is_final() => return Err(ephemeral::already_over(state.status)),
        _ => {}
    }
    bot.requests.cancel(&id, "withdrawn by the requester", &click.id).await.map_err(|error| {
        tracing::warn!(request.id = %id, %error, "a request could not be cancelled");
        NO_ANSWER.to_owned()
    })
}

pub async fn retry(bot: &Handlers, click: Click, attempt: u32) -> Reply {
    attend(bot, click, Choice::Retry, attempt).await
}

pub async fn give_up(bot: &Handlers, click: Click, attempt: u32) -> Reply {
    attend(bot, click, Choice::GiveUp, attempt).await
}

async fn attend(bot: &Handlers, click: Click, choice: Choice, attempt: u32) -> Reply {
    match choose(bot, &click, choice, attempt).await {
        Ok(()) => Reply::Nothing,
        Err(text) => bot.tell(&click, &text).await,
    }
}

async fn choose(bot: &Handlers, click: &Click, choice: Choice, attempt: u32) -> Result<(), String> {
    let (id, request) = bot.request_of(&click.request_id).await?;
    may_choose(&request, &click.user)?;
    let attempt = still_open(bot, &id, attempt).await?;
    let attendance = Attendance { choice, attempt, decided_by: click.user.clone() };
    match bot.requests.attend(&id, attendance, &click.id).await {
        Ok(()) => {}
        Err(RequestError::Ended) => return Err(decision::ended(bot, &id, Some(click), &part::attention(attempt)).await),
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "a choice could not be sent");
            return Err(NO_ANSWER.to_owned());
        }
    }
    // Without an answer the choice is kept, and judged as soon as a worker is back.
    match refused(bot, &id, attempt).await {
        Ok(Some(why)) => Err(ephemeral::not_your_choice(why.reason())),
        _ => Ok(()),
    }
}

/// Why a choice that was sent did not count, if that is known.
async fn refused(bot: &Handlers, id: &RequestId, attempt: u32) -> Result<Option<NotCounted>, RequestError> {
    match bot.requests.state(id).await? {
        RequestState { status: Status::NeedsAttention, failure: Some(open), .. } if open.attempt == attempt => {
            bot.requests.not_counted(id).await
        }
        _ => Ok(None),
    }
}

fn may_choose(request: &ProvisionRequest, user: &str) -> Result<(), String> {
    if user == request.authorizer_id {
        return Ok(());
    }
    Err(format!("Only <@{}> can choose what happens with this request.", request.authorizer_id))
}

/// The attempt a card asks about, if that question is still open. A card that
/// does not tell its attempt is taken for the open one.
async fn still_open(bot: &Handlers, id: &RequestId, attempt: u32) -> Result<u32, String> {
    let state = match bot.requests.sooner(SENDING).state(id).await {
        Ok(state) => state,
        // No worker answers: the workflow will judge the choice when one is back.
        Err(RequestError::NoAnswer(_)) if attempt > 0 => return Ok(attempt),
        Err(_) => return Err(NO_ANSWER.to_owned()),
    };
    match state {
        RequestState { status: Status::NeedsAttention, failure: Some(open), .. }
            if attempt == 0 || open.attempt == attempt =>
        {
            Ok(open.attempt)
        }
        RequestState { status, .. } if status.is_final() => Err(ephemeral::already_over(status)),
        _ => Err("Somebody has already chosen: this question is closed.".to_owned()),
    }
}
