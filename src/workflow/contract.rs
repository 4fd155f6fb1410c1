//! From the words of the domain to the contract with provisioners, and back.

use provisioner::{ProvisionInput, Remaining};
use serde_json::Value;

use crate::domain::approval::Offer;
use crate::domain::blueprint::Part;
use crate::domain::plan::Plan;
use crate::domain::provisioning::{Progress, Provisioned};
use crate::domain::request::{ProvisionRequest, RequestId};

/// What `request`, approved as this offer, asks of a provisioner.
pub(super) fn input(id: &RequestId, request: &ProvisionRequest, offer: &Offer) -> ProvisionInput {
    let (application, team) = (request.application_name.as_str(), &request.team_id);
    let name = provisioner::bucket_name(application, team, id.suffix());
    ProvisionInput {
        application_id: id.to_string(),
        application_name: application.to_owned(),
        team_id: team.clone(),
        blueprint: request.blueprint.clone(),
        region: offer.region.clone().unwrap_or_default(),
        profile: offer.profile.clone().unwrap_or_default(),
        resource_name: name.clone(),
        bucket_name: name,
        requester_id: request.requester_id.clone(),
        authorizer_id: request.authorizer_id.clone(),
        parameters: offer.parameters.clone(),
        plan_id: offer.plan_id().map(str::to_owned),
        ..ProvisionInput::default()
    }
}

/// The same of a part, where `whole` is what is asked for the whole.
pub(super) fn input_of_part(
    id: &RequestId,
    request: &ProvisionRequest,
    offer: &Offer,
    part: &Part,
    whole: ProvisionInput,
) -> ProvisionInput {
    let (application, team) = (request.application_name.as_str(), &request.team_id);
    let name = provisioner::bucket_name_of_part(application, team, id.suffix(), &part.id);
    let plan = offer.plan.as_ref().and_then(|plan| plan.of_part(Some(&part.id)));
    ProvisionInput {
        application_id: format!("{id}-{}", part.id),
        blueprint: part.blueprint.id.clone(),
        resource_name: name.clone(),
        bucket_name: name,
        parameters: part.parameters(&offer.parameters),
        plan_id: plan.and_then(Plan::id).map(str::to_owned),
        ..whole
    }
}

/// What is left to remove, if the answer of a `destroy` says that.
pub(super) fn remaining(answer: Value) -> Option<Remaining> {
    serde_json::from_value(answer).ok()
}

impl From<provisioner::Provisioned> for Provisioned {
    fn from(result: provisioner::Provisioned) -> Self {
        let provisioner::Provisioned { application_id, region, completion_date_time, summary, outputs } = result;
        Self { application_id, region, completion_date_time, summary, outputs }
    }
}

impl From<provisioner::Progress> for Progress {
    fn from(heartbeat: provisioner::Progress) -> Self {
        let provisioner::Progress { step, of, label } = heartbeat;
        Self { step, of, label }
    }
}

/// What a provisioner says of its work while it goes on, as it comes.
pub type Heartbeat = provisioner::Progress;
