//! How much of what was built can be used, and whether it is still as it was built.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ProvisionInput;

/// How much of what was built can be used. A level is absolute: what was set before it does not
/// matter, and setting it again changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it was built.
    Open,
    /// Nothing in it can be changed, and nothing in it expires.
    ReadOnly,
    /// Nothing in it can be read either.
    Closed,
}

/// The input of `access`, which may answer anything: that it answers says that the level is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessInput {
    /// What `provision` was told.
    #[serde(flatten)]
    pub input: ProvisionInput,
    /// The level from now on.
    pub level: Level,
    /// What `provision` answered.
    #[serde(default)]
    pub outputs: BTreeMap<String, Value>,
}

/// The input of `inspect`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InspectInput {
    /// What `provision` was told.
    #[serde(flatten)]
    pub input: ProvisionInput,
    /// What `provision` answered.
    #[serde(default)]
    pub outputs: BTreeMap<String, Value>,
    /// The level that `access` set last, where that is known: what differs because of it is no
    /// drift, and that it was lifted is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
}

/// The result of `inspect`, which changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspected {
    /// Whether something of its name is there, whoever's it is.
    #[serde(default)]
    pub exists: bool,
    /// Whether that is this request's.
    #[serde(default)]
    pub ours: bool,
    /// What is not as it was built, a short sentence each. Never a value: it may be a secret.
    #[serde(default)]
    pub drift: Vec<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input() -> Value {
        json!({ "applicationId": "a-1", "applicationName": "a", "teamId": "t", "blueprint": "b", "region": "r",
                "profile": "p", "bucketName": "app-a-1" })
    }

    #[test]
    fn access_is_told_what_provision_was_and_a_level_in_the_words_of_the_contract() {
        for (word, level) in [("open", Level::Open), ("read_only", Level::ReadOnly), ("closed", Level::Closed)] {
            let mut told = input();
            told["level"] = json!(word);
            told["outputs"] = json!({ "bucketName": "app-a-1" });
            let read: AccessInput = serde_json::from_value(told).unwrap();
            assert_eq!((read.level, read.input.application_id.as_str()), (level, "a-1"));
            assert_eq!(read.outputs["bucketName"], "app-a-1");
            assert_eq!(serde_json::to_value(&read).unwrap()["level"], word);
            assert_eq!(serde_json::to_value(&read).unwrap()["bucketName"], "app-a-1", "flat");
        }
        let mut odd = input();
        odd["level"] = json!("ajar");
        assert!(serde_json::from_value::<AccessInput>(odd).is_err(), "no level is guessed");
        assert!(serde_json::from_value::<AccessInput>(input()).is_err());
    }

    #[test]
    fn inspect_needs_no_outputs_and_no_level() {
        let read: InspectInput = serde_json::from_value(input()).unwrap();
        assert_eq!((read.level, read.outputs.len()), (None, 0));
        let found: Inspected = serde_json::from_value(json!({ "exists": true })).unwrap();
        assert_eq!(found, Inspected { exists: true, ..Inspected::default() });
    }
}
