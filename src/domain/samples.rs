//! Samples of the words: fixtures for tests, benchmarks and fuzzing. Not part of the
//! program, which is built without the feature `samples`.
//!
//! There is one request, for `checkout`, with everything that belongs to it. Who needs
//! another takes this one and says what differs:
//!
//! ```ignore
//! ProvisionRequest { justification: None, ..samples::request() }
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::blueprint::Blueprint;
use super::client::{Client, Proof, Right};
use super::decision::Authorization;
use super::lease::terms::Terms;
use super::lifecycle::Failure;
use super::notice::{Conversation, MessageRef, Notice, Notification, RequestSubject};
use super::people::Principal;
use super::policy::{Policy, Team};
use super::provisioning::Provisioned;
use super::request::{ApplicationName, ProvisionRequest, RequestId};
use super::rules::Rules;

/// Asks.
pub const ALICE: &str = "U0ALICE";
/// Decides.
pub const BOB: &str = "U0BOB";
/// Where it was asked.
pub const CHANNEL: &str = "C0PLATFORM";
/// The ID of the request.
pub const ID: &str = "checkout-7f3a9c0011";

/// What Alice asks Bob for.
pub fn request() -> ProvisionRequest {
    ProvisionRequest {
        application_name: ApplicationName::parse("checkout").expect("a name"),
        team_id: "payments".into(),
        requester_id: ALICE.into(),
        authorizer_id: BOB.into(),
        blueprint: "bucket".into(),
        justification: Some("Customers wait for the new checkout page.\nIt goes live on Friday.".into()),
        channel_id: CHANNEL.into(),
        authorization_timeout_seconds: 120,
        lifetime_seconds: None,
        parameters: None,
    }
}

/// The kind of resource that it is.
pub fn blueprint() -> Blueprint {
    Blueprint {
        id: "bucket".into(),
        name: "Bucket".into(),
        description: "A bucket with a welcome page".into(),
        task_queue: "q".into(),
        provision_activity: "provision".into(),
        destroy_activity: "destroy".into(),
        plan_activity: None,
        discard_activity: None,
        access_activity: None,
        inspect_activity: None,
        encrypt: true,
        fields: Vec::new(),
        parts: Vec::new(),
    }
}

/// By what it is judged.
pub fn rules() -> Rules {
    Rules {
        team_name: "Payments".into(),
        regions: vec!["us-east-1".into(), "eu-west-1".into()],
        profiles: vec!["sandbox".into()],
        reminder_seconds: None,
        blueprint: blueprint(),
        owner: None,
        lifetime: None,
        indexed: false,
    }
}

/// An organisation without teams.
pub fn policy() -> Policy {
    Policy {
        regions: vec!["us-east-1".into()],
        profiles: vec!["sandbox".into()],
        timeout: Duration::from_secs(120),
        reminder: None,
        allow_self: false,
        open_max: None,
        teams: Vec::new(),
        blueprints: vec![Blueprint { description: String::new(), ..blueprint() }],
        bucket: blueprint(),
        terms: Terms::default(),
        operations_channel: None,
        clients: Vec::new(),
    }
}

/// A team, of those that its lists name as a configuration does.
pub fn team(id: &str, members: &[&str], authorizers: &[&str]) -> Team {
    let principals = |ids: &[&str]| ids.iter().map(|id| principal(id)).collect();
    Team { id: id.into(), name: id.to_uppercase(), members: principals(members), authorizers: principals(authorizers) }
}

/// `S…` is a group, `client:…` a client, anything else a person.
pub fn principal(id: &str) -> Principal {
    match id {
        client if super::client::id(client).is_some() => Principal::Client(id.into()),
        group if group.starts_with('S') => Principal::Group(id.into()),
        _ => Principal::User(id.into()),
    }
}

/// A program that may do something for some teams.
pub fn client(id: &str, may: &[Right], teams: &[&str], owner: Option<&str>) -> Client {
    Client {
        id: id.into(),
        proof: Proof::Token([0; 32]),
        may: may.iter().copied().collect(),
        teams: teams.iter().map(|id| (*id).to_owned()).collect(),
        owner: owner.map(str::to_owned),
        channel: None,
    }
}

/// Bob said yes.
pub fn approved() -> Authorization {
    Authorization::Approve { region: "eu-west-1".into(), profile: "sandbox".into(), decided_by: BOB.into() }
}

/// The request, judged and approved.
pub fn subject() -> RequestSubject {
    RequestSubject {
        round: 4,
        request_id: RequestId::of_workflow(ID),
        request: request(),
        rules: Some(rules()),
        authorization: Some(approved()),
        parameters: serde_json::Map::new(),
        plan: None,
        parts: Vec::new(),
    }
}

/// A notice about it, with its first two messages posted before.
pub fn notification(notice: Notice) -> Notification {
    let at = |channel: &str, ts: &str| MessageRef { channel: channel.into(), ts: ts.into() };
    let posted = [("root", at(CHANNEL, "1.2")), ("card", at("D0BOB", "1.3"))];
    Notification {
        subject: subject(),
        at_work: None,
        look_back: None,
        notice,
        conversation: Conversation(BTreeMap::from(posted.map(|(part, at)| (part.to_owned(), at)))),
    }
}

/// What was built.
pub fn provisioned() -> Provisioned {
    let bucket = "app-checkout-payments-7f3a9c0011";
    Provisioned {
        application_id: ID.into(),
        region: "eu-west-1".into(),
        completion_date_time: "2026-11-24T10:00:00Z".into(),
        summary: vec![format!("created bucket {bucket}")],
        outputs: BTreeMap::from([
            ("bucketName".to_owned(), json!(bucket)),
            ("bucketArn".to_owned(), json!(format!("arn:aws:s3:::{bucket}"))),
            ("url".to_owned(), json!(format!("https://{bucket}.s3.amazonaws.com/index.html"))),
        ]),
    }
}

/// What went wrong instead.
pub fn failure() -> Failure {
    Failure {
        step: Some("Blocking public access".into()),
        cause: "AWS refused it: AccessDenied on s3:PutBucketPublicAccessBlock".into(),
        advice: "Let an admin add that permission to the profile \"sandbox\", then try again".into(),
        attempt: 2,
    }
}
