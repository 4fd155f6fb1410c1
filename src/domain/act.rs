//! What people do with a request: the payload of the signal `act`, and of its short
//! form `authorize`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::decision::DecisionKind;

/// The longest text of an act, in characters.
pub const TEXT_MAX: usize = 3_000;

/// Somebody does something with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Act {
    pub act: Kind,
    /// The round it is meant for; `None`: the one of the moment.
    #[serde(default)]
    pub round: Option<u32>,
    /// Who does it: by whom a signed delivery or a client's token says that it comes, never from a typed field.
    pub by: String,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default)]
    pub profile: Option<String>,
    #[serde(default)]
    pub plan_id: Option<String>,
    #[serde(default)]
    pub lifetime_seconds: Option<Value>,
    #[serde(default)]
    pub parameters: Option<Map<String, Value>>,
    /// A reason, a question, an answer.
    #[serde(default)]
    pub text: Option<String>,
    /// Whom it is handed to.
    #[serde(default)]
    pub to: Option<String>,
    #[serde(default)]
    pub door: Door,
    /// Under which the door that sent it asks what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Plan,
    Approve,
    Reject,
    Ask,
    Answer,
    Counter,
    Accept,
    Decline,
    HandOver,
    Undo,
    Cancel,
    Retry,
    GiveUp,
}

/// By which way an act came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    Slack,
    Http,
    /// Whoever may signal workflows in the namespace.
    #[default]
    Signal,
}

impl Act {
    /// An act without any values, as it comes through `door`.
    pub fn new(act: Kind, by: &str, door: Door) -> Self {
        Self {
            act,
            round: None,
            by: by.to_owned(),
            region: None,
            profile: None,
            plan_id: None,
            lifetime_seconds: None,
            parameters: None,
            text: None,
            to: None,
            door,
            key: None,
        }
    }

    /// Its text without the white space around it; `None` if nothing is left.
    pub fn said(&self) -> Option<&str> {
        self.text.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
}

/// The payload of the signal `authorize`: short for an act in the round of the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    pub decision: DecisionKind,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default)]
    pub profile: Option<String>,
    pub decided_by: String,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub plan_id: Option<String>,
}

impl From<Decision> for Act {
    fn from(decision: Decision) -> Self {
        let act = match decision.decision {
            DecisionKind::Approve => Kind::Approve,
            DecisionKind::Reject => Kind::Reject,
        };
        Self {
            region: decision.region,
            profile: decision.profile,
            plan_id: decision.plan_id,
            text: decision.reason,
            ..Self::new(act, &decision.decided_by, Door::Signal)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_act_reads_as_the_contract_has_it_and_authorize_is_short_for_it() {
        let act: Act = serde_json::from_value(json!({
            "act": "approve", "round": 1, "by": "U2", "region": "us-east-1", "profile": "sandbox", "planId": null,
            "lifetimeSeconds": null, "parameters": {}, "text": null, "to": null
        }))
        .unwrap();
        let short: Decision = serde_json::from_value(json!({
            "decision": "approve", "region": "us-east-1", "profile": "sandbox", "decidedBy": "U2", "reason": null,
            "planId": null
        }))
        .unwrap();
        let expected = Act { round: Some(1), parameters: Some(Map::new()), ..short.into() };
        assert_eq!((act.door, &act), (Door::Signal, &expected));
        for least in [json!({ "act": "hand_over", "by": "U2" }), json!({ "act": "give_up", "by": "U2", "new": 1 })] {
            serde_json::from_value::<Act>(least).unwrap();
        }
        assert!(serde_json::from_value::<Act>(json!({ "act": "invent", "by": "U2" })).is_err());
    }
}
