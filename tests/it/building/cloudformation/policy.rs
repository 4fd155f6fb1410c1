//! The permissions of `deploy/aws/cloudformation.json`: the provisioner works with them, and
//! not with one of them less. Those of what is in a template come on top.
//!
//! The server asks nobody for permissions, so a [`Gate`] judges, by what Amazon's documentation
//! says (service authorization reference; CloudFormation user guide, "Detect drift").

use std::sync::{Arc, Mutex};
use std::time::Duration;

use provisioner_cloudformation::validate::validate;
use serde_json::{Value, json};

use super::gate::{Answer, Call, Gate};
use super::{REGION, TEMPLATE, World, approved, input};
use crate::building::aws_gate::{matches, strings};

/// An answer takes no longer.
const WITHIN: Duration = Duration::from_secs(20);

fn policy() -> Value {
    serde_json::from_str(include_str!("../../../../deploy/aws/cloudformation.json")).unwrap()
}

fn statements(policy: &Value) -> &[Value] {
    policy["Statement"].as_array().unwrap()
}

fn allows(policy: &Value, action: &str, resource: &str) -> bool {
    statements(policy).iter().any(|statement| {
        assert_eq!(statement["Effect"], "Allow");
        assert_eq!(statement.as_object().unwrap().len(), 3, "the gate knows no conditions");
        strings(&statement["Action"]).contains(&action)
            && strings(&statement["Resource"]).iter().any(|pattern| matches(pattern, resource))
    })
}

fn without(policy: &Value, action: &str) -> Value {
    let mut policy = policy.clone();
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let rest: Vec<&str> = strings(&statement["Action"]).into_iter().filter(|it| *it != action).collect();
        statement["Action"] = json!(rest);
    }
    policy
}

/// The actions that a call needs.
fn needs(call: &Call) -> Vec<String> {
    let more: &[&str] = match call.action.as_str() {
        "CreateChangeSet" if call.fields.iter().any(|(name, _)| name.starts_with("Tags.")) => &["TagResource"],
        "DetectStackDrift" => &["DetectStackResourceDrift", "BatchDescribeTypeConfigurations"],
        _ => &[],
    };
    [call.action.as_str()].iter().chain(more).map(|action| format!("cloudformation:{action}")).collect()
}

/// What a call is about: a stack by its name, by its ID, or by a change set of the stack that
/// was named last.
fn resource(call: &Call, last: &Mutex<String>) -> String {
    let named =
        call.fields.iter().find(|(name, _)| name == "StackName").map(|(_, stack)| match stack.split('/').nth(1) {
            Some(name) => name.to_owned(),
            None => stack.clone(),
        });
    if let Some(name) = named {
        *last.lock().unwrap() = name;
    }
    format!("arn:aws:cloudformation:us-east-1:000000000000:stack/{}/x", last.lock().unwrap())
}

/// What was checked before anything is made, as only Amazon's server checks it.
fn checked(_: &str) -> String {
    r#"<DescribeEventsResponse><DescribeEventsResult><OperationEvents><member><LogicalResourceId>Bucket</LogicalResourceId>
        <ValidationStatus>FAILED</ValidationStatus><ValidationStatusReason>The name is taken.</ValidationStatusReason>
        </member></OperationEvents></DescribeEventsResult></DescribeEventsResponse>"#
        .to_owned()
}

fn failing(said: &str) -> String {
    said.replace("<Status>CREATE_COMPLETE</Status>", "<Status>FAILED</Status>")
}

/// What the provisioner does in its life: the first thing that does not work.
async fn life(world: &World, fails: &Mutex<bool>) -> Result<(), String> {
    let said = |what: &str, error: &dyn std::fmt::Debug| format!("{what}: {error:?}");
    let template = &world.templates["site"];
    let valid = validate(&world.aws(), REGION, "sandbox", template, WITHIN).await;
    valid.map_err(|error| said("validating", &error))?;
    let first = input();
    let plan = world.attempt().plan(&first).await.map_err(|error| said("planning", &error))?;
    let mut other = first.clone();
    other.parameters.insert("versions".into(), json!("Enabled"));
    let second = world.attempt().plan(&other).await.map_err(|error| said("planning again", &error))?;
    world.attempt().discard(&approved(&first, &plan)).await.map_err(|error| said("discarding", &error))?;
    let built = world.attempt().provision(&approved(&other, &second)).await;
    built.map_err(|error| said("building", &error))?;
    world.attempt().inspect(&other).await.map_err(|error| said("inspecting", &error))?;
    world.attempt().destroy(&other).await.map_err(|error| said("deleting", &error))?;
    *fails.lock().unwrap() = true;
    let told = format!("{:?}", world.attempt().plan(&input()).await);
    *fails.lock().unwrap() = false;
    match told.contains("Bucket: The name is taken.") {
        true => Ok(()),
        false => Err(told),
    }
}

#[tokio::test]
async fn the_policy_is_enough_and_nothing_in_it_is_unused() {
    let mut world = World::of(TEMPLATE).await;
    let whole = policy();
    let now = Arc::new(Mutex::new(whole.clone()));
    let refused = Arc::<Mutex<Vec<String>>>::default();
    let fails = Arc::<Mutex<bool>>::default();
    let (judged, told, failed, last) = (now.clone(), refused.clone(), fails.clone(), Mutex::<String>::default());
    Gate::before(&mut world, move |call| {
        let resource = resource(call, &last);
        let policy = judged.lock().unwrap();
        if let Some(action) = needs(call).into_iter().find(|action| !allows(&policy, action, &resource)) {
            told.lock().unwrap().push(format!("{action} on {resource}"));
            return Answer::Refuse("AccessDenied", "not authorized to perform this", 403);
        }
        match (call.action.as_str(), *failed.lock().unwrap()) {
            ("DescribeChangeSet", true) => Answer::Change(failing),
            ("DescribeEvents", true) => Answer::Change(checked),
            _ => Answer::Pass,
        }
    })
    .await;
    assert_eq!(life(&world, &fails).await, Ok(()), "{:?}", refused.lock().unwrap());

    for action in statements(&whole).iter().flat_map(|statement| strings(&statement["Action"])) {
        *now.lock().unwrap() = without(&whole, action);
        refused.lock().unwrap().clear();
        assert!(life(&world, &fails).await.is_err(), "nothing needs {action}");
        *fails.lock().unwrap() = false;
        let refused = refused.lock().unwrap().clone();
        assert!(refused.iter().all(|what| what.starts_with(action)) && !refused.is_empty(), "{refused:?}");
    }
}
