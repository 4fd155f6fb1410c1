//! What a provisioner answers when everything is built.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The result of `provision`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provisioned {
    /// The request's ID.
    pub application_id: String,
    /// Where the resources are.
    pub region: String,
    /// When it was done, RFC 3339, in UTC.
    #[serde(default)]
    pub completion_date_time: String,
    /// What was done, a sentence each.
    #[serde(default)]
    pub summary: Vec<String>,
    /// What the requester gets: `bucketName`, `bucketArn`, `url` from the
    /// built-in provisioner, anything from others.
    #[serde(default)]
    pub outputs: BTreeMap<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_result_may_leave_out_what_it_does_not_have() {
        let least = r#"{"applicationId":"a-1","region":"r"}"#;
        let read: Provisioned = serde_json::from_str(least).unwrap();
        assert!(read.outputs.is_empty());
    }
}
