//! What is told of a request: to programs that ask for its state, and on the card.

use serde_json::Map;

use super::provision_application::ProvisionApplication;
use crate::domain::lifecycle::{Authorized, RequestState, Status};
use crate::domain::plan::PlanOnCard;
use crate::domain::plan::shown::Stage;

impl ProvisionApplication {
    /// What there is to tell of it.
    pub(super) fn told(&self) -> RequestState {
        let waits = self.status == Status::AwaitingAuthorization;
        RequestState {
            request_id: self.id.clone(),
            status: self.status,
            round: self.approval.round,
            waiting_for: waits.then(|| self.approval.waiting_for()),
            deadline: self.approval.deadline().filter(|_| waits),
            offer: self.approval.offer.clone(),
            steps: self.approval.steps.clone(),
            question: None,
            counter: None,
            authorization: self
                .approval
                .decision()
                .zip(self.approval.decided_at())
                .map(|(it, at)| Authorized::new(it, at)),
            resources: self.resources.clone(),
            failure: self.failure.clone().map(Into::into),
        }
    }

    /// How the card stands with the plan, where there is one before a yes.
    pub(super) fn plan_on_card(&self) -> Option<PlanOnCard> {
        self.rules.as_ref().filter(|rules| rules.blueprint.has_plan())?;
        let offer = &self.approval.offer;
        let stage = match self.approval.planning() {
            Some(_) => Stage::Underway,
            None => Stage::of(offer.plan.as_ref()),
        };
        let (region, profile) = (offer.region.clone(), offer.profile.clone());
        Some(PlanOnCard { region, profile, filled: Map::new(), stage, difference: self.approval.difference().cloned() })
    }
}
