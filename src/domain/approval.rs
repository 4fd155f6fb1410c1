//! Who has to say yes to what: the offer that is signed, and the steps in which people
//! sign it. Pure: whoever carries it tells it the moment.
//!
//! Today there is one rule, its smallest: one step, in which the named person signs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::act::Door;
use super::moment::Moment;

/// What would be built: people sign an offer, never "a request". The first signature
/// fixes its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub lifetime_seconds: Option<Value>,
    pub parameters: Map<String, Value>,
    pub plan: Option<Value>,
    /// Stands for all of the above.
    pub digest: String,
}

impl Offer {
    fn new(region: Option<&str>, profile: Option<&str>) -> Self {
        let owned = |value: Option<&str>| value.map(str::to_owned);
        let parameters = Map::new();
        // Of the plan only what it would do, which is nothing that is known yet.
        let signed = json!({
            "region": region, "profile": profile, "lifetimeSeconds": null, "parameters": parameters, "plan": null,
        });
        let digest = hex::encode(Sha256::digest(signed.to_string().as_bytes()));
        Self { region: owned(region), profile: owned(profile), lifetime_seconds: None, parameters, plan: None, digest }
    }
}

/// A step: so many of these people have to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Who may sign, as the rule names them.
    pub from: Vec<String>,
    pub need: u32,
    /// Who was asked; empty until the step opens.
    pub asked: Vec<String>,
    /// Every signature that was given, in order.
    pub signatures: Vec<Signature>,
}

/// Somebody's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    pub by: String,
    /// In whose place.
    #[serde(rename = "for")]
    pub instead_of: Option<String>,
    pub at: Moment,
    pub door: Door,
    /// When it stopped counting. It is never erased.
    pub struck: Option<Moment>,
}

/// The approval of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Grows whenever what is asked is no longer what was asked: an act that is meant for
    /// another round changes nothing.
    pub round: u32,
    pub offer: Offer,
    pub steps: Vec<Step>,
}

impl Approval {
    /// By the named person alone.
    pub fn by(named: &str) -> Self {
        let step = Step { from: vec![named.to_owned()], need: 1, asked: Vec::new(), signatures: Vec::new() };
        Self { round: 1, offer: Offer::new(None, None), steps: vec![step] }
    }

    /// The first step opens: its people are asked.
    pub fn open(&mut self) {
        if let Some(step) = self.steps.first_mut() {
            step.asked = step.from.clone();
        }
    }

    /// Somebody who is seated signs an offer of these values.
    pub fn sign(&mut self, by: &str, door: Door, region: &str, profile: &str, at: Moment) {
        self.offer = Offer::new(Some(region), Some(profile));
        let signature = Signature { by: by.to_owned(), instead_of: None, at, door, struck: None };
        if let Some(step) = self.steps.first_mut() {
            step.signatures.push(signature);
        }
    }

    /// The signatures do not count any more: the step opens again, for any offer.
    pub fn strike(&mut self, at: Moment) {
        for signature in self.steps.iter_mut().flat_map(|step| &mut step.signatures) {
            signature.struck = signature.struck.or(Some(at));
        }
        self.offer = Offer::new(None, None);
        self.round += 1;
    }

    /// Another question is asked than before.
    pub fn next_round(&mut self) {
        self.round += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struck_signature_stays_and_the_step_opens_again() {
        let mut approval = Approval::by("U2");
        let nothing = approval.offer.digest.clone();
        assert!(approval.steps[0].asked.is_empty(), "nobody is asked before the step opens");
        approval.open();
        approval.sign("U2", Door::Slack, "us-east-1", "sandbox", Moment(1_795_773_720));
        assert_ne!(approval.offer.digest, nothing);
        approval.strike(Moment(1_795_773_721));
        assert_eq!((approval.round, &approval.offer.digest), (2, &nothing));
        approval.sign("U2", Door::Http, "us-east-1", "sandbox", Moment(1_795_773_722));
        assert_eq!(
            serde_json::to_value(&approval.steps).unwrap(),
            json!([{
                "from": ["U2"], "need": 1, "asked": ["U2"],
                "signatures": [
                    { "by": "U2", "for": null, "at": "2026-11-27T10:02:00Z", "door": "slack",
                      "struck": "2026-11-27T10:02:01Z" },
                    { "by": "U2", "for": null, "at": "2026-11-27T10:02:02Z", "door": "http", "struck": null }
                ]
            }])
        );
    }

    #[test]
    fn a_digest_stands_for_the_values() {
        let digest = |region, profile| Offer::new(Some(region), Some(profile)).digest;
        assert_eq!(digest("us-east-1", "sandbox"), digest("us-east-1", "sandbox"));
        assert_ne!(digest("us-east-1", "sandbox"), digest("eu-west-1", "sandbox"));
        assert_ne!(digest("us-east-1", "sandbox"), digest("us-east-1", "production"));
        assert_eq!(digest("us-east-1", "sandbox").len(), 64);
    }
}
