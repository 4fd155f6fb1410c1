//! What would be built. People sign an offer, never "a request".

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::domain::lease::terms::Lifetime;
use crate::domain::plan::Plan;

/// What would be built. The first signature fixes its values, or the plan that is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub lifetime_seconds: Option<Lifetime>,
    pub parameters: Map<String, Value>,
    pub plan: Option<Plan>,
    /// Stands for all of the above.
    pub digest: String,
}

impl Offer {
    pub(super) fn new(
        region: Option<&str>,
        profile: Option<&str>,
        parameters: Map<String, Value>,
        plan: Option<Plan>,
        lifetime: Option<Lifetime>,
    ) -> Self {
        let owned = |value: Option<&str>| value.map(str::to_owned);
        // Of the plan only what it would do.
        let planned = plan.as_ref().map_or(Value::Null, Plan::signed);
        let signed = json!({
            "region": region, "profile": profile, "lifetimeSeconds": lifetime, "parameters": parameters, "plan": planned,
        });
        let digest = hex::encode(Sha256::digest(signed.to_string().as_bytes()));
        Self { region: owned(region), profile: owned(profile), lifetime_seconds: lifetime, parameters, plan, digest }
    }

    /// The same values with this plan.
    pub(super) fn with(&self, plan: Option<Plan>) -> Self {
        Self::new(self.region.as_deref(), self.profile.as_deref(), self.parameters.clone(), plan, self.lifetime_seconds)
    }

    /// Its region and its profile, empty while they are not chosen.
    pub fn place(&self) -> (String, String) {
        (self.region.clone().unwrap_or_default(), self.profile.clone().unwrap_or_default())
    }

    /// The name of its plan, if there is one that was made.
    pub fn plan_id(&self) -> Option<&str> {
        self.plan.as_ref().and_then(Plan::id)
    }

    /// Has it these values?
    pub fn has(&self, parameters: &Map<String, Value>) -> bool {
        parameters.iter().all(|(id, value)| self.parameters.get(id) == Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_stands_for_the_values() {
        let with = |parameters: Value| parameters.as_object().cloned().unwrap();
        let digest = |region, profile| Offer::new(Some(region), Some(profile), Map::new(), None, None).digest;
        let of = |parameters| Offer::new(Some("us-east-1"), Some("sandbox"), with(parameters), None, None).digest;
        assert_eq!(digest("us-east-1", "sandbox"), digest("us-east-1", "sandbox"));
        assert_ne!(digest("us-east-1", "sandbox"), digest("eu-west-1", "sandbox"));
        assert_ne!(digest("us-east-1", "sandbox"), digest("us-east-1", "production"));
        assert_eq!(digest("us-east-1", "sandbox").len(), 64);
        assert_eq!(of(json!({})), digest("us-east-1", "sandbox"));
        assert_ne!(of(json!({ "size": "large" })), of(json!({ "size": "small" })));
        assert_eq!(of(json!({ "a": 1, "b": 2 })), of(json!({ "b": 2, "a": 1 })), "in whatever order");
    }
}
