//! What is asked of the provisioner of something that was built, of each part its own.

use std::collections::BTreeMap;

use provisioner::{AccessInput, Level as Told, ProvisionInput, Unheard};
use serde_json::{Map, Value};

use crate::domain::blueprint::{Blueprint, Part};
use crate::domain::lease::Level;
use crate::domain::lease::state::Leased;

/// What one provisioner built.
#[derive(Clone)]
pub(super) struct Resource {
    /// Which part it is; `None`: there is but this.
    pub(super) part: Option<String>,
    pub(super) blueprint: Blueprint,
    pub(super) input: ProvisionInput,
    outputs: BTreeMap<String, Value>,
}

impl Resource {
    /// All that was built, each after what it comes after.
    pub(super) fn all(leased: &Leased, blueprint: &Blueprint) -> Vec<Self> {
        let input = input(leased);
        if blueprint.parts.is_empty() {
            let outputs = outputs(&leased.outputs);
            return vec![Self { part: None, blueprint: blueprint.clone(), input, outputs }];
        }
        ordered(&blueprint.parts).into_iter().map(|part| Self::part(leased, part, &input)).collect()
    }

    fn part(leased: &Leased, part: &Part, whole: &ProvisionInput) -> Self {
        let outputs = leased.outputs.get(&part.id).and_then(Value::as_object).map(outputs).unwrap_or_default();
        let suffix = leased.request_id.rsplit('-').next().unwrap_or_default();
        let name = provisioner::bucket_name_of_part(&leased.application_name, &leased.team_id, suffix, &part.id);
        let input = ProvisionInput {
            application_id: format!("{}-{}", leased.request_id, part.id),
            blueprint: part.blueprint.id.clone(),
            resource_name: name.clone(),
            bucket_name: name,
            parameters: part.parameters(&leased.parameters),
            ..whole.clone()
        };
        Self { part: Some(part.id.clone()), blueprint: part.blueprint.clone(), input, outputs }
    }

    /// With which its level is changed.
    pub(super) fn access(&self, level: Level) -> AccessInput {
        let level = match level {
            Level::Open => Told::Open,
            Level::ReadOnly => Told::ReadOnly,
            Level::Closed => Told::Closed,
        };
        AccessInput { input: self.input.clone(), level, outputs: self.outputs.clone() }
    }
}

fn input(leased: &Leased) -> ProvisionInput {
    ProvisionInput {
        application_id: leased.request_id.clone(),
        application_name: leased.application_name.clone(),
        team_id: leased.team_id.clone(),
        blueprint: leased.blueprint.clone(),
        region: leased.region.clone(),
        profile: leased.profile.clone(),
        resource_name: leased.resource_name.clone(),
        bucket_name: leased.resource_name.clone(),
        requester_id: leased.requester_id.clone(),
        authorizer_id: leased.signers.last().cloned().unwrap_or_default(),
        parameters: leased.parameters.clone(),
        // Built in full, and perhaps to be undone.
        unheard: Some(Unheard::default()),
        ..ProvisionInput::default()
    }
}

/// The parts, each after those that it comes after.
fn ordered(parts: &[Part]) -> Vec<&Part> {
    let mut ordered: Vec<&Part> = Vec::new();
    while ordered.len() < parts.len() {
        let is_there = |id: &str| ordered.iter().any(|it| it.id == id);
        let next =
            parts.iter().filter(|part| !is_there(&part.id)).find(|part| part.after.iter().all(|id| is_there(id)));
        // A circle there is none; if there were, nothing of it would be forgotten.
        let Some(next) = next.or_else(|| parts.iter().find(|part| !is_there(&part.id))) else { break };
        ordered.push(next);
    }
    ordered
}

fn outputs(outputs: &Map<String, Value>) -> BTreeMap<String, Value> {
    outputs.clone().into_iter().collect()
}
