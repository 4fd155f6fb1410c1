//! What is told privately of what was asked for and built: one thing, or all of it.

use super::lease::{About, Offers, message};
use super::message::Message;
use super::parts::NAME_MAX;
use super::text::{Text, mention, moment};
use crate::domain::lease::state::{LeaseState, LeaseStatus, Leased};
use crate::domain::lifecycle::{RequestState, Status};
use crate::domain::request::ProvisionRequest;

/// Rows of a list.
pub const ROWS: usize = 40;

/// How something that was built stands, with the buttons that this person may press.
pub fn resource(leased: &Leased, state: &LeaseState, offers: Offers) -> Message {
    let about = About { request_id: &leased.request_id, application: &leased.application_name, round: state.round };
    let failure = state.failure.as_ref().map(|it| Text::line_or_dash(&it.cause, 300).to_string());
    let failure = failure.map(|cause| format!(" What is wrong: {cause}")).unwrap_or_default();
    let headline = format!(
        "*{}* {}. {} owns it. It is in {} with the AWS profile {}.{failure}",
        name(&leased.application_name),
        stands(state),
        mention(&state.owner),
        name(&state.region),
        name(&state.profile)
    );
    message(&about, &headline, None, offers)
}

/// The same of a request.
pub fn request(request: &ProvisionRequest, state: &RequestState) -> String {
    format!(
        "*{}* {}. {} asked for it, and {} decides. It is the request {}.",
        name(request.application_name.as_str()),
        decided(state),
        mention(&request.requester_id),
        mention(&request.authorizer_id),
        name(&state.request_id)
    )
}

/// A row of a list: a resource.
pub fn resource_row(leased: &Leased, state: &LeaseState) -> String {
    format!("• *{}* {} ({})", name(&leased.application_name), stands(state), name(&leased.request_id))
}

/// A row of a list: a request.
pub fn request_row(request: &ProvisionRequest, state: &RequestState) -> String {
    format!("• *{}* {} ({})", name(request.application_name.as_str()), decided(state), name(&state.request_id))
}

/// What fits a name, to choose from.
pub fn choices(typed: &str, command: &str, ids: &[String]) -> String {
    let rows: Vec<_> = ids.iter().take(ROWS).map(|id| format!("• `{command} {}`", name(id))).collect();
    format!("There are several called *{}*. Say which one you mean:\n{}", name(typed), rows.join("\n"))
}

fn name(text: &str) -> String {
    Text::line_or_dash(text, NAME_MAX).to_string()
}

fn stands(state: &LeaseState) -> String {
    let next = state.next_step_at.map(|at| moment(at.0));
    match (state.status, next) {
        (LeaseStatus::Active, Some(end)) => format!("is in use, until {end}"),
        (LeaseStatus::Active, None) => "is in use, and has no end".to_owned(),
        (LeaseStatus::ReadOnly, Some(next)) => format!("is read-only, until {next}"),
        (LeaseStatus::ReadOnly, None) => "is read-only".to_owned(),
        (LeaseStatus::Closed, Some(next)) => format!("is closed, and removed from {next}"),
        (LeaseStatus::Closed, None) => "is closed".to_owned(),
        (LeaseStatus::Removing, _) => "is being removed".to_owned(),
        (LeaseStatus::NeedsAttention, _) => "needs a hand".to_owned(),
        (LeaseStatus::Missing, _) => "is missing".to_owned(),
        (LeaseStatus::Removed, _) => format!("is removed, since {}", moment(state.since.0)),
    }
}

fn decided(state: &RequestState) -> String {
    let until = state.deadline.map(|at| format!(", until {}", moment(at.0))).unwrap_or_default();
    match state.status {
        Status::PreFlight => "is being checked".to_owned(),
        Status::AwaitingAuthorization => format!("waits for a decision{until}"),
        Status::Provisioning => "is being built".to_owned(),
        Status::NeedsAttention => "needs a hand".to_owned(),
        over => format!("is {}", over.word()),
    }
}
