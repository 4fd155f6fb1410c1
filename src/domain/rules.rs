//! By what one request is judged.

use serde::{Deserialize, Serialize};

use super::blueprint::Blueprint;
use super::lease::terms::Lifetime;
use super::refusal::Refusal;

/// The part of the policy one request is judged by, recorded when it passed the
/// pre-flight checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    pub team_name: String,
    pub regions: Vec<String>,
    pub profiles: Vec<String>,
    /// When the authorizer is reminded, in seconds after being asked.
    pub reminder_seconds: Option<u64>,
    pub blueprint: Blueprint,
    /// Who owns what a client asks for, and may withdraw it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// For how long it is wanted; absent: nothing here has an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Lifetime>,
    /// Does the namespace have the search attributes of requests?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub indexed: bool,
}

impl Rules {
    /// Are these among what may be chosen?
    pub fn offer(&self, region: &str, profile: &str) -> Result<(), Refusal> {
        if !self.regions.iter().any(|offered| offered == region) {
            return Err(Refusal::UnknownRegion { region: region.to_owned() });
        }
        if !self.profiles.iter().any(|offered| offered == profile) {
            return Err(Refusal::UnknownProfile { profile: profile.to_owned() });
        }
        Ok(())
    }
}
