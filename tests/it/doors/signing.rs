//! A program that signs: where a team names it, in the round it was shown, and once.

use axum::http::StatusCode;
use harness::proxy::Fault;
use serde_json::{Value, json};

use super::client::{CHANNEL, CI, Program, SCANNER, taken};
use crate::world::{Scene, shared};

const YES: &str = r#"{ "act": "approve", "round": 1, "region": "us-east-1", "profile": "sandbox" }"#;

fn yes() -> Value {
    serde_json::from_str(YES).unwrap()
}

/// A request that waits for the scanner.
async fn for_the_scanner(scene: &Scene, name: &str) -> (Program, String) {
    let body = json!({ "applicationName": name, "teamId": "scanned", "authorizerId": "client:scanner" });
    let id = taken(&Program::of(scene, CI).ask(name, &body).await);
    let scanner = Program::of(scene, SCANNER);
    let waiting = scanner.wait_for(&id, "awaiting_authorization").await;
    assert_eq!(waiting["steps"][0]["asked"], json!(["client:scanner"]));
    (scanner, id)
}

#[test]
fn a_program_approves_and_its_yes_is_obeyed_once() {
    shared(async |scene| {
        let (scanner, id) = for_the_scanner(&scene, "scanned-yes").await;
        let approved = scanner.act(&id, &yes()).await;
        assert_eq!(approved.status, StatusCode::OK, "{approved:?}");
        let signature = &approved.body["steps"][0]["signatures"][0];
        assert_eq!((&signature["by"], &signature["door"]), (&json!("client:scanner"), &json!("http")));
        assert_eq!(scanner.act(&id, &yes()).await.status, StatusCode::OK, "the same once more");
        let other = json!({ "act": "approve", "round": 1, "region": "eu-west-1", "profile": "sandbox" });
        assert_eq!(scanner.act(&id, &other).await.status, StatusCode::CONFLICT);
        let ended = scanner.wait_for(&id, "provisioned").await;
        assert_eq!(ended["steps"][0]["signatures"].as_array().unwrap().len(), 1);
        assert_eq!(scanner.act(&id, &yes()).await.status, StatusCode::OK, "the same, after the end");
        let late = scanner.act(&id, &json!({ "act": "reject", "round": 1 })).await;
        assert_eq!((late.status, &late.body["state"]["status"]), (StatusCode::CONFLICT, &json!("provisioned")));
        // The channel was told, and nobody was asked in Slack.
        let told = scene.said(&id);
        assert!(told.iter().all(|message| message.channel == CHANNEL), "{told:?}");
        assert!(told.iter().any(|message| message.says("client:scanner")), "{told:?}");
        assert_eq!(scene.buckets(&id).await.len(), 1);
    });
}

#[test]
fn what_does_not_fit_changes_nothing() {
    shared(async |scene| {
        let (scanner, id) = for_the_scanner(&scene, "scanned-odd").await;
        let with = |key: &str, value: Value| {
            let mut act = yes();
            act[key] = value;
            act
        };
        let mut without = yes();
        without.as_object_mut().unwrap().remove("round");
        for (act, status, field) in [
            (without, StatusCode::UNPROCESSABLE_ENTITY, "round"),
            (with("round", json!("1")), StatusCode::UNPROCESSABLE_ENTITY, "round"),
            (with("act", json!("bless")), StatusCode::UNPROCESSABLE_ENTITY, "act"),
            (json!({ "act": "undo", "round": 1 }), StatusCode::UNPROCESSABLE_ENTITY, "act"),
            (with("act", json!("reject")), StatusCode::UNPROCESSABLE_ENTITY, "region"),
            (with("to", json!("U0ADMIN0001")), StatusCode::UNPROCESSABLE_ENTITY, "to"),
            (with("region", json!("mars-1")), StatusCode::UNPROCESSABLE_ENTITY, "region"),
            (with("region", Value::Null), StatusCode::UNPROCESSABLE_ENTITY, "region"),
            (with("profile", json!("mine")), StatusCode::UNPROCESSABLE_ENTITY, "profile"),
            (with("parameters", json!({ "size": 1 })), StatusCode::UNPROCESSABLE_ENTITY, "parameters.size"),
            (with("lifetimeSeconds", json!(60)), StatusCode::UNPROCESSABLE_ENTITY, "lifetimeSeconds"),
            (
                json!({ "act": "reject", "round": 1, "text": "x".repeat(3_001) }),
                StatusCode::UNPROCESSABLE_ENTITY,
                "text",
            ),
            (with("by", json!("U0ADMIN0001")), StatusCode::UNPROCESSABLE_ENTITY, "by"),
            (with("round", json!(2)), StatusCode::CONFLICT, ""),
            (with("planId", json!("p1")), StatusCode::CONFLICT, ""),
            (json!({ "act": "retry", "round": 1 }), StatusCode::CONFLICT, ""),
        ] {
            let answer = scanner.act(&id, &act).await;
            assert_eq!(answer.status, status, "{act}: {answer:?}");
            match field {
                "" => assert_eq!(answer.body["state"]["status"], "awaiting_authorization"),
                field => assert!(answer.body["fields"][field].is_string(), "{answer:?}"),
            }
            assert!(!answer.body["error"].as_str().unwrap().contains("<@"), "{answer:?}");
        }
        let state = scene.temporal.state(&id).await.unwrap();
        assert_eq!((&state["round"], &state["steps"][0]["signatures"]), (&json!(1), &json!([])));
        let no = json!({ "act": "reject", "round": 1, "text": "two critical findings" });
        assert_eq!(scanner.act(&id, &no).await.status, StatusCode::OK);
        let again = json!({ "act": "reject", "round": 1, "text": "  two critical findings " });
        assert_eq!(scanner.act(&id, &again).await.status, StatusCode::OK, "the same once more");
        let ended = scene.temporal.ended(&id).await.unwrap();
        assert_eq!(ended["authorization"]["reason"], "two critical findings");
    });
}

#[test]
fn a_program_signs_only_where_it_is_named() {
    shared(async |scene| {
        let body = json!({ "applicationName": "unseated", "teamId": "scanned", "authorizerId": "U0ADMIN0001" });
        let id = taken(&Program::of(&scene, CI).ask("unseated", &body).await);
        let scanner = Program::of(&scene, SCANNER);
        scanner.wait_for(&id, "awaiting_authorization").await;
        for act in [yes(), json!({ "act": "reject", "round": 1 })] {
            let answer = scanner.act(&id, &act).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
            assert!(answer.body["error"].as_str().unwrap().contains("U0ADMIN0001"), "{answer:?}");
        }
        let mine = json!({ "applicationName": "mine", "teamId": "scanned", "authorizerId": "client:scanner" });
        assert_eq!(scanner.ask("mine", &mine).await.status, StatusCode::FORBIDDEN, "it may not ask at all");
    });
}

#[test]
fn a_choice_about_a_failure_is_made_by_a_program_too() {
    shared(async |scene| {
        let (scanner, id) = for_the_scanner(&scene, "scanned-stuck").await;
        let bucket = format!("app-scanned-stuck-scanned-{}", id.rsplit('-').next().unwrap());
        scene.s3_proxy.fail_each(&bucket, Fault::refuse(403, "AccessDenied"));
        assert_eq!(scanner.act(&id, &yes()).await.status, StatusCode::OK);
        let stuck = scanner.wait_for(&id, "needs_attention").await;
        assert_eq!(stuck["round"], 2, "{stuck}");
        let early = scanner.act(&id, &json!({ "act": "retry", "round": 1 })).await;
        assert_eq!((early.status, &early.body["state"]["round"]), (StatusCode::CONFLICT, &json!(2)));
        scene.s3_proxy.heal_each(&bucket);
        let retry = json!({ "act": "retry", "round": 2 });
        assert_eq!(scanner.act(&id, &retry).await.status, StatusCode::OK);
        assert_eq!(scanner.act(&id, &retry).await.status, StatusCode::OK, "the same once more");
        scanner.wait_for(&id, "provisioned").await;
    });
}
