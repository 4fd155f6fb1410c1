//! Removing: stacks by their IDs, so that a call that arrives late does not meet the next
//! stack of the same name; and plans, with the empty stack that was made for them.

use std::time::Duration;

use provisioner::ProvisionInput;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use crate::attempt::unheard;
use crate::events::{Event, first_failure, of_last_deletion};
use crate::failure::{Problem, Stop};
use crate::pace::Pace;
use crate::place::{Found, IN_REVIEW, Place};
use crate::sets;

/// For how long a stack may still appear that a silent attempt asked for: its requests leave
/// within eight seconds of its last heartbeat, and a living process gives up each after ten.
///
/// Only planning can leave something where all else is gone: a late `CreateChangeSet` makes an
/// empty stack. A late `ExecuteChangeSet` finds its change set gone with the stack, and a late
/// `DeleteStack` names a stack that is gone.
const LATE: Duration = Duration::from_secs(15);
/// Between two looks for it.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// A stack that is to be deleted begins to be within this time.
const BEGINS_WITHIN: Duration = Duration::from_secs(30);

/// What ends the waiting before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heed {
    /// A cancellation does.
    Cancellation,
    /// Nothing: it was cancelled, and this is what is done about it.
    Nothing,
}

/// Removes everything of the request, if it is the request's.
pub async fn all(place: &Place) -> Result<(), Stop> {
    let (asked, silent) = asked(&place.input);
    let deadline = Instant::now() + if silent && asked { LATE } else { Duration::ZERO };
    loop {
        place.attempt.may_go_on().await?;
        match place.find().await? {
            Found::Ours(seen) => {
                place.attempt.tell(1, 1, "Deleting the stack").await;
                stack(place, &seen.id, Heed::Cancellation).await?;
            }
            Found::Nothing if Instant::now() < deadline => place.attempt.pause(LOOK_AGAIN).await?,
            Found::Nothing => return Ok(()),
            Found::Strangers(_, why) if asked => {
                let said = format!(
                    "a stack {} is there, and it does not (any more) say that it is this request's: {why}; nothing was changed",
                    place.name()
                );
                return Err(Problem::Taken(said).into());
            }
            Found::Strangers(_, why) => {
                tracing::info!(request.id = %place.input.application_id, stack = place.name(), "nothing to undo: {why}");
                return Ok(());
            }
        }
    }
}

/// Whether an earlier activity may have made a stack, as far as that was heard; and whether
/// it fell silent.
fn asked(input: &ProvisionInput) -> (bool, bool) {
    let silent = input.unheard.as_ref().is_some_and(|unheard| unheard.silent);
    (unheard(input).is_some_and(|beat| beat.asked), silent)
}

/// Removes what the plan of this ID left, or any plan of the request's.
pub async fn plans(place: &Place, plan: Option<&str>) -> Result<(), Stop> {
    let (asked, silent) = asked(&place.input);
    let deadline = Instant::now() + if silent && asked { LATE } else { Duration::ZERO };
    if let Some(set) = plan {
        self::plan(place, set, Heed::Cancellation).await?;
    }
    loop {
        place.attempt.may_go_on().await?;
        match place.find().await? {
            Found::Ours(seen) if seen.status == IN_REVIEW => {
                let sets = place.change_sets().await?;
                let (ours, others): (Vec<_>, Vec<_>) = sets.into_iter().partition(|(_, ours)| *ours);
                // With an ID, that plan alone; what else is planned in the stack stays.
                if others.is_empty() && (plan.is_none() || ours.is_empty()) {
                    stack(place, &seen.id, Heed::Cancellation).await?;
                    continue;
                }
                for (set, _) in ours.iter().filter(|_| plan.is_none()) {
                    sets::delete(place, set).await?;
                }
                return Ok(());
            }
            Found::Nothing if Instant::now() < deadline => place.attempt.pause(LOOK_AGAIN).await?,
            Found::Nothing | Found::Ours(_) | Found::Strangers(..) => return Ok(()),
        }
    }
}

/// Removes a change set that was not executed, with its stack where that is empty and has no
/// other one.
pub async fn plan(place: &Place, set: &str, heed: Heed) -> Result<(), Stop> {
    let Some(planned) = sets::describe(place, set).await? else { return Ok(()) };
    if !place.is_ours(&planned.tags) || planned.execution.starts_with("EXECUTE") {
        return Ok(());
    }
    let empty = place.see(&planned.stack_id).await?.is_some_and(|seen| seen.status == IN_REVIEW);
    let alone = async || Ok::<_, Problem>(place.change_sets().await?.iter().all(|(other, _)| *other == planned.id));
    if empty && alone().await? {
        // Its change set goes with it, in one and the same call.
        stack(place, &planned.stack_id, heed).await?;
    }
    Ok(sets::delete(place, &planned.id).await?)
}

/// Deletes a stack, and waits until it is gone.
pub async fn stack(place: &Place, id: &str, heed: Heed) -> Result<(), Stop> {
    let token = token(&place.attempt.activity(), id);
    match place.client.delete_stack().stack_name(id).client_request_token(token).send().await.map_err(Problem::from) {
        Err(problem) if problem.is_no_such_stack() => return Ok(()),
        other => drop(other?),
    }
    let (mut pace, began) = (Pace::new(), Instant::now());
    loop {
        let Some(seen) = place.see(id).await?.filter(|seen| !seen.is_gone()) else { return Ok(()) };
        if seen.status == "DELETE_FAILED" {
            let events = events(place, id, &[]).await?;
            let why = first_failure(of_last_deletion(&events));
            let (resource, reason) =
                why.map_or(("the stack".to_owned(), seen.reason), |event| (event.resource(), event.reason.clone()));
            return Err(Problem::NotDeleted { resource, reason }.into());
        }
        if !seen.is_moving() && began.elapsed() > BEGINS_WITHIN {
            return Err(
                Problem::NotYet(format!("the stack does not begin to be deleted; it is {}", seen.status)).into()
            );
        }
        match heed {
            Heed::Cancellation => place.attempt.pause(pace.next()).await?,
            // Whoever comes after an attempt that was given up sees to it.
            Heed::Nothing if !place.attempt.lease.holds() => return Err(Stop::Superseded),
            Heed::Nothing => sleep(pace.next()).await,
        }
    }
}

/// The same for each attempt of an activity, another one for each activity: a deletion that
/// is tried again by a person is a new one.
fn token(activity: &str, id: &str) -> String {
    format!("d-{}", hex::encode(&Sha256::digest(format!("{activity} {id}"))[..16]))
}

/// The events of a stack behind those that are known, from the oldest to the newest.
pub async fn events(place: &Place, id: &str, known: &[Event]) -> Result<Vec<Event>, Problem> {
    let mut news = Vec::new();
    let mut pages = place.client.describe_stack_events().stack_name(id).into_paginator().send();
    'pages: while let Some(page) = pages.next().await {
        for event in page.map_err(Problem::from)?.stack_events() {
            let event = Event::read(event);
            if known.last().is_some_and(|last| last.id == event.id) {
                break 'pages;
            }
            news.push(event);
        }
    }
    news.reverse();
    Ok(news)
}
