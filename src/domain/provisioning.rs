//! The contract with a provisioner: what it is told, what it answers, what it
//! reports on the way. Any activity worker in any language can be one, so these
//! types are lenient in what they read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::{ProvisionRequest, RequestId};

/// The longest name of an S3 bucket (Amazon S3 user guide, "Bucket naming rules").
const BUCKET_NAME_MAX: usize = 63;

/// The input of both activities of a provisioner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionInput {
    /// The request's ID: what the resources are tagged with.
    pub application_id: String,
    pub application_name: String,
    pub team_id: String,
    pub blueprint: String,
    pub region: String,
    pub profile: String,
    pub bucket_name: String,
    /// Who asked, for the resources' tags.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub requester_id: String,
    /// Who approved, for the resources' tags.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authorizer_id: String,
    /// The step that failed, in the words of the provisioner, when a person chose to
    /// try again: where to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_from: Option<String>,
    /// Present when a `provision` before this call did not say itself how it ended, or
    /// may have left something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unheard: Option<Unheard>,
}

/// What is known of a `provision` that was not heard to its end, or may have left something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unheard {
    /// What it heartbeated last; absent if that is not known, or was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heartbeat: Option<Value>,
    /// An attempt fell silent: its worker may have died, or may go on after a while and
    /// finish what it had begun.
    #[serde(default)]
    pub silent: bool,
}

impl ProvisionInput {
    /// What `request`, approved for `region` and `profile`, asks of a provisioner.
    pub fn new(id: &RequestId, request: &ProvisionRequest, region: &str, profile: &str) -> Self {
        Self {
            application_id: id.to_string(),
            application_name: request.application_name.to_string(),
            team_id: request.team_id.clone(),
            blueprint: request.blueprint.clone(),
            region: region.to_owned(),
            profile: profile.to_owned(),
            bucket_name: bucket_name(id, request),
            requester_id: request.requester_id.clone(),
            authorizer_id: request.authorizer_id.clone(),
            resume_from: None,
            unheard: None,
        }
    }
}

/// `app-<application>-<team>-<suffix>`: lower case, at most 63 characters, with
/// the request's suffix whole so that two requests never share a name.
pub fn bucket_name(id: &RequestId, request: &ProvisionRequest) -> String {
    let suffix = slug(id.suffix());
    let room = BUCKET_NAME_MAX - "app-".len() - suffix.len().min(32) - 1;
    let mut middle = slug(&format!("{}-{}", request.application_name, request.team_id));
    middle.truncate(room);
    format!("app-{}-{suffix}", middle.trim_end_matches('-'))
}

/// Lower-case letters, digits and single hyphens of `text`, nothing else.
fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

/// The result of `provision`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provisioned {
    pub application_id: String,
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

/// The heartbeat of a provisioner: the step that is about to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// From 1 to `of`.
    pub step: u32,
    pub of: u32,
    pub label: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::request::ApplicationName;

    fn request(application: &str, team: &str) -> ProvisionRequest {
        ProvisionRequest {
            application_name: ApplicationName::parse(application).unwrap(),
            team_id: team.into(),
            requester_id: "U1".into(),
            authorizer_id: "U2".into(),
            blueprint: "bucket".into(),
            justification: None,
            channel_id: "C1".into(),
            authorization_timeout_seconds: 120,
            lifetime_seconds: None,
            parameters: None,
        }
    }

    #[test]
    fn a_bucket_name_is_readable_short_and_the_requests_own() {
        let id = |text| RequestId::parse(text).unwrap();
        let short = bucket_name(&id("checkout-7f3a9c"), &request("checkout", "payments"));
        assert_eq!(short, "app-checkout-payments-7f3a9c");

        let long = bucket_name(&id("x-7f3a9c0011"), &request(&"a".repeat(40), &"Team Ünion_".repeat(9)));
        assert!(long.len() <= 63, "{long}");
        assert!(long.ends_with("-7f3a9c0011"), "{long}");
        assert!(long.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{long}");
    }

    #[test]
    fn a_foreign_result_may_leave_out_what_it_does_not_have() {
        let least = r#"{"applicationId":"a-1","region":"r"}"#;
        let read: Provisioned = serde_json::from_str(least).unwrap();
        assert!(read.outputs.is_empty());
    }
}
