//! Planning: a change set is made and waited for. That changes nothing that anybody uses, but a
//! stack without a resource is there from then on.

use std::collections::BTreeMap;

use aws_profiles::tags::all_tags;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, OnStackFailure, Parameter, Tag};

use crate::checks;
use crate::failure::{Problem, Stop};
use crate::pace::Pace;
use crate::place::{Found, IN_REVIEW, Place};
use crate::planned::{self, Planned};
use crate::remove::{self, Heed};
use crate::sets;
use crate::template::{Need, Template};

/// How often is tried to have a change set of one's own where a used up one has its name.
const TRIES: u32 = 3;

/// Makes the change set that builds what the template says, or finds it made, and waits
/// until it can be executed. Whatever comes in between, nothing of it stays.
pub async fn make(place: &Place, template: &Template) -> Result<Planned, Stop> {
    clear_the_way(place).await?;
    let values = template.values(place.name(), &place.input.parameters).map_err(Problem::Unusable)?;
    let tags = all_tags(&place.input);
    let name = planned::name(template.text(), &values, &tags);
    place.attempt.tell(1, 1, "Planning").await;
    let mut tries = 0;
    let set = loop {
        tries += 1;
        place.attempt.announce(|beat| beat.asked = true).await?;
        match create(place, template, &name, &values, &tags).await {
            Ok(set) => break set,
            // An answer that was lost, or a plan from before.
            Err(problem) if problem.code() == Some("AlreadyExists") => match sets::describe(place, &name).await? {
                Some(there) if there.is_pending() || there.is_available() => break there.id,
                Some(used_up) if tries < TRIES => sets::delete(place, &used_up.id).await?,
                Some(_) => return Err(problem.into()),
                None if tries < TRIES => place.attempt.pause(Pace::new().next()).await?,
                None => return Err(problem.into()),
            },
            Err(problem) => return Err(problem.into()),
        }
    };
    match settled(place, &set).await {
        Ok(planned) if planned.is_available() => Ok(planned),
        Ok(failed) => {
            let reason = why(place, &failed).await;
            remove::plan(place, &failed.id, Heed::Cancellation).await?;
            Err(Problem::Rejected(reason).into())
        }
        Err(Stop::Cancelled) => {
            if place.attempt.is_withdrawn().await {
                remove::plan(place, &set, Heed::Nothing).await?;
            }
            Err(Stop::Cancelled)
        }
        Err(other) => Err(other),
    }
}

/// Makes sure that the name is free for a new stack. What is left of an earlier try goes.
async fn clear_the_way(place: &Place) -> Result<(), Stop> {
    let mut pace = Pace::new();
    loop {
        place.attempt.may_go_on().await?;
        match place.find().await? {
            Found::Nothing => return Ok(()),
            Found::Ours(seen) if seen.status == IN_REVIEW => return Ok(()),
            Found::Ours(seen) if seen.is_a_failure() => {
                place.attempt.tell(1, 1, "Removing what is left of an earlier try").await;
                remove::stack(place, &seen.id, Heed::Cancellation).await?;
            }
            Found::Ours(seen) if seen.status.starts_with("DELETE") || seen.status.starts_with("ROLLBACK") => {
                place.attempt.pause(pace.next()).await?;
            }
            Found::Ours(seen) => return Err(Problem::Built(seen.status).into()),
            Found::Strangers(_, why) => return Err(taken(place, why).into()),
        }
    }
}

/// Why a stranger's stack is not touched.
pub fn taken(place: &Place, why: &str) -> Problem {
    Problem::Taken(format!("a stack {} already exists, and {why}", place.name()))
}

/// Its ARN.
async fn create(
    place: &Place,
    template: &Template,
    name: &str,
    values: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> Result<String, Problem> {
    let value =
        |(key, value): (&String, &String)| Parameter::builder().parameter_key(key).parameter_value(value).build();
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let capability = |need: Need| match need {
        Need::Iam => Capability::CapabilityIam,
        Need::NamedIam => Capability::CapabilityNamedIam,
        Need::AutoExpand => Capability::CapabilityAutoExpand,
    };
    let made = place
        .client
        .create_change_set()
        .stack_name(place.name())
        .change_set_name(name)
        .change_set_type(ChangeSetType::Create)
        .on_stack_failure(OnStackFailure::Delete)
        .template_body(template.text())
        .set_parameters(Some(values.iter().map(value).collect()))
        .set_tags(Some(tags.iter().map(tag).collect()))
        .set_capabilities(Some(template.needs().into_iter().map(capability).collect()))
        .send()
        .await?;
    place.attempt.remember(|beat| beat.stack_id = made.stack_id().map(str::to_owned));
    made.id().map(str::to_owned).ok_or_else(|| Problem::NotYet("CloudFormation names no change set".into()))
}

/// Waits until CloudFormation is done with a change set.
async fn settled(place: &Place, set: &str) -> Result<Planned, Stop> {
    let (mut pace, mut missed) = (Pace::new(), 0);
    loop {
        place.attempt.may_go_on().await?;
        match place.attempt.unless_cancelled(async { Ok(sets::describe(place, set).await?) }).await? {
            Some(planned) if !planned.is_pending() => {
                place.attempt.remember(|beat| beat.stack_id = Some(planned.stack_id.clone()));
                return Ok(planned);
            }
            Some(_) => {}
            // One that was just made may not be visible everywhere.
            None if missed < 10 => missed += 1,
            None => return Err(Problem::NotYet("the new change set is not visible".into()).into()),
        }
        place.attempt.pause(pace.next()).await?;
    }
}

/// Why a change set could not be made. Of what CloudFormation checked beforehand only its
/// events tell.
async fn why(place: &Place, failed: &Planned) -> String {
    let told = checks::of_change_set(place, &failed.id).await;
    let told: Vec<String> = told.iter().map(|check| format!("{}: {}", check.resource, check.reason)).collect();
    match (told.is_empty(), failed.reason.trim().is_empty()) {
        (false, _) => told.join("; "),
        (true, false) => failed.reason.clone(),
        (true, true) => format!("its change set is {}", failed.status),
    }
}
