//! Building: exactly the change set that was approved is executed, once, and watched to its
//! end by whichever attempt is left.

use std::collections::BTreeMap;

use aws_profiles::tags::identity;
use jiff::{Timestamp, Unit};
use provisioner::Provisioned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::checks::{self, Failed};
use crate::events::{Event, first_failure, label, made};
use crate::failure::{Problem, Stop};
use crate::pace::Pace;
use crate::place::{Found, IN_REVIEW, Place, Seen};
use crate::plan;
use crate::planned::{Planned, findings};
use crate::remove::{self, Heed, events};
use crate::sets;
use crate::template::Template;

/// How many resources are named in a result.
const TOLD: usize = 20;

/// Builds what was approved, or, where nobody was asked, what the template says. Withdrawn, it
/// is undone.
pub async fn provision(place: &Place, template: &Template) -> Result<Provisioned, Stop> {
    match built(place, template).await {
        Err(Stop::Cancelled) => {
            if place.attempt.is_withdrawn().await
                && let Found::Ours(seen) = place.find().await?
            {
                remove::stack(place, &seen.id, Heed::Nothing).await?;
                place.attempt.remember(|beat| beat.asked = false);
            }
            Err(Stop::Cancelled)
        }
        other => other,
    }
}

/// What is to be done.
enum Next {
    Execute(Planned),
    /// It is executed already, by an attempt before this one.
    Watch {
        stack: String,
        set: String,
        size: usize,
    },
    /// The approved one is used up by a try that failed.
    Again,
}

async fn built(place: &Place, template: &Template) -> Result<Provisioned, Stop> {
    let approved = place.input.plan_id.clone();
    let next = match under_way(place, approved.as_deref()).await? {
        Some(next) => next,
        None => match &approved {
            Some(set) => after_approval(place, set).await?,
            None => unasked(place, template).await?,
        },
    };
    let (stack, set, size) = match next {
        Next::Watch { stack, set, size } => (stack, set, size),
        Next::Execute(planned) => execute(place, template, planned).await?,
        Next::Again => {
            let planned = again(place, template, approved.as_deref()).await?;
            execute(place, template, planned).await?
        }
    };
    let seen = watch(place, &stack, &set, size).await?;
    let planned = if set.is_empty() { None } else { sets::describe(place, &set).await? };
    Ok(result(place, &seen, planned.as_ref()))
}

/// What an attempt before this one was heard to execute, if that is what goes on. It may be
/// another change set than the approved one, which it was as good as.
async fn under_way(place: &Place, approved: Option<&str>) -> Result<Option<Next>, Stop> {
    let Some(heard) = place.attempt.last().change_set else { return Ok(None) };
    if !place.attempt.is_another && approved == Some(&heard) {
        return Ok(None);
    }
    match after_approval(place, &heard).await {
        // Of an activity before this one: a person has been told how it ended since, and may
        // have approved something else.
        Ok(Next::Execute(_) | Next::Again) | Err(Stop::Failed(Problem::Stale(_))) if !place.attempt.is_another => {
            Ok(None)
        }
        next => next.map(Some),
    }
}

/// Where nobody was asked: planned and executed in one go.
async fn unasked(place: &Place, template: &Template) -> Result<Next, Stop> {
    if let Found::Ours(seen) = place.find().await?
        && seen.status.starts_with("CREATE")
        && !seen.is_a_failure()
    {
        // An attempt before this one was not heard when it began.
        return Ok(Next::Watch { stack: seen.id, set: String::new(), size: template.resources().len() });
    }
    Ok(Next::Execute(plan::make(place, template).await?))
}

/// What has become of the change set since.
async fn after_approval(place: &Place, set: &str) -> Result<Next, Stop> {
    let last = place.attempt.last();
    let (stack, size) = match sets::describe(place, set).await? {
        Some(planned) if !place.is_ours(&planned.tags) || planned.stack_name != place.name() => {
            return Err(Problem::Stale("the plan is none of this request's".into()).into());
        }
        Some(planned) if planned.is_available() => return Ok(Next::Execute(planned)),
        Some(planned) if planned.execution.starts_with("EXECUTE") => (Some(planned.stack_id.clone()), planned.size()),
        Some(planned) => {
            let said = format!("the plan cannot be executed any more: it is {}", planned.execution.to_lowercase());
            return Err(Problem::Stale(said).into());
        }
        // It went with its stack, or somebody deleted it.
        None => (last.stack_id.clone(), 1),
    };
    let stack = match stack {
        Some(stack) => place.see(&stack).await?,
        None => match place.find().await? {
            Found::Ours(seen) => Some(seen),
            Found::Nothing => None,
            Found::Strangers(_, why) => return Err(plan::taken(place, why).into()),
        },
    };
    // What failed was told to a person, who wants it to be tried again. An attempt that failed
    // and was not heard tells it first.
    let told = !place.attempt.is_another && (place.input.resume_from.is_some() || last.change_set.is_some());
    match stack {
        Some(seen) if told && (seen.is_gone() || seen.is_a_failure()) => Ok(Next::Again),
        Some(seen) if seen.status == IN_REVIEW && last.change_set.is_none() => {
            Err(Problem::Stale("the plan is gone".into()).into())
        }
        Some(seen) if is_by(place, &seen, set).await? => Ok(Next::Watch { stack: seen.id, set: set.to_owned(), size }),
        None if told => Ok(Next::Again),
        _ => Err(Problem::Stale("the plan is gone".into()).into()),
    }
}

/// Whether a stack is as it is because this change set was executed by this request.
async fn is_by(place: &Place, seen: &Seen, set: &str) -> Result<bool, Problem> {
    let token = token(place, set);
    let events = events(place, &seen.id, &[]).await?;
    Ok(place.is_ours(&seen.tags) && events.iter().any(|event| event.token.as_ref() == Some(&token)))
}

/// Plans anew what was approved and is used up. Only the same may be executed.
async fn again(place: &Place, template: &Template, approved: Option<&str>) -> Result<Planned, Stop> {
    let before = place.attempt.last().digest;
    let planned = plan::make(place, template).await?;
    let same = match &before {
        Some(digest) => *digest == planned.digest(&findings(template)),
        // The name is a digest, too: of the template, the values and the tags.
        None => approved.is_none_or(|arn| name_of(arn) == Some(&planned.name)),
    };
    if !same {
        remove::plan(place, &planned.id, Heed::Cancellation).await?;
        return Err(Problem::Stale("planned anew, it is not what was approved".into()).into());
    }
    Ok(planned)
}

/// The name in the ARN of a change set: `arn:…:changeSet/name/uuid`.
fn name_of(arn: &str) -> Option<&str> {
    arn.split('/').nth(1)
}

/// Executes a change set; who has heard of it before is asked to watch it. Its stack, its ARN,
/// and how many resources it is about.
async fn execute(place: &Place, template: &Template, planned: Planned) -> Result<(String, String, usize), Stop> {
    place.attempt.tell(1, planned.size(), "Beginning").await;
    let digest = planned.digest(&findings(template));
    // Whoever comes after this attempt has to know of it before it begins.
    place
        .attempt
        .announce(|beat| {
            beat.asked = true;
            beat.stack_id = Some(planned.stack_id.clone());
            beat.change_set = Some(planned.id.clone());
            beat.digest = Some(digest);
        })
        .await?;
    place.attempt.may_go_on().await?;
    let token = token(place, &planned.id);
    let call = place.client.execute_change_set().change_set_name(&planned.id).client_request_token(token);
    let size = planned.size();
    match call.send().await.map_err(Problem::from) {
        Ok(_) => {}
        Err(problem) => match sets::describe(place, &planned.id).await? {
            // The call before, whose answer was lost.
            Some(now) if now.execution.starts_with("EXECUTE") => {}
            Some(now) if now.execution == "OBSOLETE" => {
                return Err(Problem::Stale("the plan cannot be executed any more: it is obsolete".into()).into());
            }
            None => return Err(Problem::Stale("the plan is gone".into()).into()),
            Some(_) => return Err(problem.into()),
        },
    }
    Ok((planned.stack_id, planned.id, size))
}

/// What CloudFormation takes for one and the same request: whichever attempt asks.
fn token(place: &Place, set: &str) -> String {
    let digest = Sha256::digest(format!("{} {set}", identity(&place.input)));
    format!("p-{}", hex::encode(&digest[..16]))
}

/// Watches a stack until it is made, or is not.
async fn watch(place: &Place, stack: &str, set: &str, size: usize) -> Result<Seen, Stop> {
    let token = token(place, set);
    let (mut pace, mut known) = (Pace::new(), Vec::<Event>::new());
    loop {
        place.attempt.may_go_on().await?;
        let look = async {
            let news = events(place, stack, &known).await?;
            Ok((place.see(stack).await?, news))
        };
        let (seen, news) = place.attempt.unless_cancelled(look).await?;
        known.extend(news);
        let own = |event: &&Event| set.is_empty() || event.token.is_none() || event.token.as_ref() == Some(&token);
        let events: Vec<Event> = known.iter().filter(own).cloned().collect();
        let Some(seen) = seen else { return Err(not_made(place, stack, &events, "it is gone").await.into()) };
        place.attempt.tell(made(&events).len() + 1, size, &label(&events)).await;
        match seen.status.as_str() {
            "CREATE_COMPLETE" => return Ok(seen),
            // It has not begun, or will not.
            IN_REVIEW => {
                if !set.is_empty()
                    && let Some(planned) = sets::describe(place, set).await?
                    && planned.execution == "EXECUTE_FAILED"
                {
                    return Err(not_made(place, stack, &events, &planned.reason).await.into());
                }
            }
            _ if seen.is_moving() => {}
            _ => return Err(not_made(place, stack, &events, &seen.reason).await.into()),
        }
        place.attempt.pause(pace.next()).await?;
    }
}

/// Why a stack was not made: what its first event says that is about a resource, else what was
/// found wanting beforehand.
async fn not_made(place: &Place, stack: &str, events: &[Event], reason: &str) -> Problem {
    let first = first_failure(events);
    if first.is_none_or(|event| event.of_stack)
        && let Some(Failed { resource, reason }) = checks::of_stack(place, stack).await.into_iter().next()
    {
        return Problem::NotMade { resource, reason };
    }
    match first {
        Some(event) => Problem::NotMade { resource: event.resource(), reason: event.reason.clone() },
        None => Problem::NotMade { resource: "the stack".into(), reason: reason.to_owned() },
    }
}

#[expect(clippy::disallowed_methods, reason = "an activity may know when it finished")]
fn result(place: &Place, seen: &Seen, planned: Option<&Planned>) -> Provisioned {
    let now = Timestamp::now();
    let mut outputs: BTreeMap<String, Value> = BTreeMap::new();
    outputs.insert("stackName".into(), place.name().into());
    outputs.insert("stackId".into(), seen.id.clone().into());
    if let Some(page) = place.stack_page(&seen.id) {
        outputs.insert("url".into(), page.into());
    }
    // What the template tells goes first, by whatever name.
    outputs.extend(seen.outputs.iter().map(|(name, value)| (name.clone(), value.clone().into())));
    let mut summary = vec![format!("created stack {} in {}", place.name(), place.input.region)];
    let changes = planned.map(|planned| planned.changes.as_slice()).unwrap_or_default();
    summary.extend(changes.iter().take(TOLD).map(|change| format!("created {} ({})", change.name, change.kind)));
    if changes.len() > TOLD {
        summary.push(format!("and {} more", changes.len() - TOLD));
    }
    Provisioned {
        application_id: place.input.application_id.clone(),
        region: place.input.region.clone(),
        completion_date_time: now.round(Unit::Second).unwrap_or(now).to_string(),
        summary,
        outputs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_change_set_is_in_its_arn() {
        assert_eq!(name_of("arn:aws:cloudformation:eu-west-1:1:changeSet/p-1/uuid"), Some("p-1"));
        assert_eq!(name_of("p-1"), None);
    }
}
