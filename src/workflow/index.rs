//! Custom search attributes, by which operators find requests in Temporal. They
//! are used where the namespace has them, which is recorded with the rules of
//! each request: an upsert of one that does not exist would fail the task for ever.

use temporalio_common::search_attributes::{SearchAttributeKey, SearchAttributeUpdate};

use crate::domain::lifecycle::Status;
use crate::domain::request::ProvisionRequest;

pub const TEAM: &str = "ProvisionTeam";
pub const REQUESTER: &str = "ProvisionRequester";
pub const AUTHORIZER: &str = "ProvisionAuthorizer";
pub const STATUS: &str = "ProvisionStatus";

/// All of them, each of the type Keyword.
pub const NAMES: [&str; 4] = [TEAM, REQUESTER, AUTHORIZER, STATUS];

/// Whose request it is.
pub(super) fn people(request: &ProvisionRequest) -> [SearchAttributeUpdate; 3] {
    [set(TEAM, &request.team_id), set(REQUESTER, &request.requester_id), set(AUTHORIZER, &request.authorizer_id)]
}

pub(super) fn status(status: Status) -> SearchAttributeUpdate {
    set(STATUS, status.word())
}

fn set(name: &'static str, value: &str) -> SearchAttributeUpdate {
    SearchAttributeKey::keyword(name).value_set(value.to_owned())
}
