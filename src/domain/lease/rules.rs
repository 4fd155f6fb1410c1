//! By what something that was built is judged: the part of the policy of the moment.

use serde::{Deserialize, Serialize};

use super::terms::Terms;
use crate::domain::blueprint::Blueprint;

/// The part of the policy that one lease is judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseRules {
    pub terms: Terms,
    /// The team by its name, or by its ID where the file does not know it any more.
    pub team_name: String,
    /// Who provisions it; `None`: the file does not know it any more.
    pub blueprint: Option<Blueprint>,
}

impl LeaseRules {
    /// Can its provisioner change what may be done with it?
    pub fn has_levels(&self) -> bool {
        self.blueprint.as_ref().is_some_and(Blueprint::has_levels)
    }

    /// What was asked for, by its name, or by this ID.
    pub fn blueprint_name(&self, id: &str) -> String {
        self.blueprint.as_ref().map_or_else(|| id.to_owned(), |blueprint| blueprint.name.clone())
    }
}
