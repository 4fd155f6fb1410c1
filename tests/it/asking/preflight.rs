//! What is checked before anybody is bothered, for requests that did not come
//! through the form.

use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::common::v1::Payload;

use crate::temporal::{input, json_payload};
use crate::world::{ADA, Request, SAM, Scene, shared};

/// Starts a workflow that must not pass; what its requester reads.
async fn refused(scene: &Scene, name: &str, change: &[(&str, Value)]) -> String {
    let id = format!("{name}-00000000aa");
    let mut input = input(scene, name);
    for (key, value) in change {
        input[*key] = value.clone();
    }
    scene.temporal.start(&id, &input).await;
    let root = scene.root_in(&scene.channel, &id).await;
    let request = Request { id, card: root.clone(), root };
    let outcome = scene.outcome(&request, "failed").await;
    assert!(outcome.says(scene.alice.id()), "it is said to the requester: {}", outcome.text);
    let state = scene.ended(&request, "failed").await;
    let cause = state["failure"]["cause"].as_str().unwrap();
    assert!(outcome.says(cause) || outcome.text.contains(cause), "{cause}\n{}", outcome.plain());
    assert!(scene.bob.dm_with_bot().iter().all(|m| m.payload("request_id") != Some(&*request.id)), "nobody is asked");
    cause.to_owned()
}

#[test]
fn an_unknown_team() {
    shared(async |scene| {
        let why = refused(&scene, "no-team", &[("teamId", json!("marketing"))]).await;
        assert!(why.contains("marketing"), "{why}");
    });
}

#[test]
fn somebody_elses_team() {
    shared(async |scene| {
        let why = refused(&scene, "not-mine", &[("teamId", json!("scanned")), ("authorizerId", json!(ADA))]).await;
        assert!(why.contains("Scanned"), "{why}");
    });
}

#[test]
fn an_authorizer_who_may_not_decide() {
    shared(async |scene| {
        let why = refused(&scene, "not-him", &[("authorizerId", json!(SAM))]).await;
        assert!(why.to_lowercase().contains("sam"), "{why}");
    });
}

#[test]
fn an_authorizer_who_cannot_decide() {
    shared(async |scene| {
        for (name, who, word) in [
            ("has-left", "U0LEFT00001", "deactivated"),
            ("is-a-bot", "U0OTHERBOT1", "bot"),
            ("is-a-guest", "U0GUEST0001", "guest"),
        ] {
            let why = refused(&scene, name, &[("teamId", json!("search")), ("authorizerId", json!(who))]).await;
            assert!(why.contains(word), "{who}: {why}");
        }
        let why = refused(&scene, "is-nobody", &[("authorizerId", json!("U0NOBODY001"))]).await;
        assert!(!why.is_empty());
    });
}

#[test]
fn a_requester_who_decides_for_herself() {
    shared(async |scene| {
        let why = refused(&scene, "myself", &[("authorizerId", json!(scene.alice.id()))]).await;
        assert!(why.contains("your own"), "{why}");
    });
}

#[test]
fn an_unknown_blueprint() {
    shared(async |scene| {
        let why = refused(&scene, "no-print", &[("blueprint", json!("castle"))]).await;
        assert!(why.contains("castle"), "{why}");
    });
}

#[test]
fn an_input_that_is_none_fails_and_does_not_hang() {
    shared(async |scene| {
        let good = input(&scene, "fine");
        let mut odd_name = good.clone();
        odd_name["applicationName"] = json!("Not A Name");
        let mut nobody = good.clone();
        nobody.as_object_mut().unwrap().remove("requesterId");
        let mut negative = good.clone();
        negative["authorizationTimeoutSeconds"] = json!(-1);
        for (n, payloads) in [
            vec![],
            vec![json_payload(&json!({}))],
            vec![json_payload(&json!("checkout"))],
            vec![json_payload(&Value::Null)],
            vec![json_payload(&odd_name)],
            vec![json_payload(&nobody)],
            vec![json_payload(&negative)],
            vec![json_payload(&good), json_payload(&good)],
            vec![Payload { data: vec![255, 0], ..Default::default() }],
        ]
        .into_iter()
        .enumerate()
        {
            let id = format!("malformed-{n}");
            scene.temporal.start_raw(&id, payloads).await.unwrap();
            let why = scene.temporal.ended(&id).await.expect_err("it fails");
            assert!(why.contains("no provision request"), "{n}: {why}");
        }
        assert!(scene.roots(&scene.channel).is_empty());
    });
}
