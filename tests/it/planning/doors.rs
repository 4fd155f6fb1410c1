//! A plan through the HTTP API and by signal.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::planner::{Planner, ask, with_planner};
use crate::doors::client::{CI, Program, SCANNER, taken};
use crate::world::{Request, Scene, alone};

#[test]
fn programs_and_signals_see_plans_and_approve_them() {
    alone(with_planner("timeout = \"10m\""), async |world| {
        let planner = Planner::start(world).await;
        program(&world.scene(), &planner).await;
        signals(&world.scene(), &planner).await;
    });
}

async fn program(scene: &Scene, planner: &Planner) {
    let (ci, scanner) = (Program::of(scene, CI), Program::of(scene, SCANNER));
    let body = json!({ "applicationName": "slow-api", "teamId": "scanned", "authorizerId": format!("client:{SCANNER}"),
                       "blueprint": "wall", "justification": "Nightly" });
    let id = taken(&ci.ask("k1", &body).await);
    let state = ci.wait_for(&id, "awaiting_authorization").await;
    assert_eq!((&state["round"], &state["waitingFor"]), (&json!(1), &json!("authorizer")));
    let act = |act: &str, round: u32, more: Value| {
        let mut body = json!({ "act": act, "round": round, "region": "us-east-1", "profile": "sandbox" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let refused = async |body: &Value, status: StatusCode, words: &str| {
        let answer = scanner.act(&id, body).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert!(answer.body["error"].as_str().unwrap().contains(words), "{body}: {answer:?}");
        answer
    };
    refused(&act("approve", 1, json!({ "planId": "us-east-1-1" })), StatusCode::CONFLICT, "no plan yet").await;
    let unknown = json!({ "act": "plan", "round": 1, "region": "mars-1", "profile": "sandbox" });
    refused(&unknown, StatusCode::UNPROCESSABLE_ENTITY, "").await;
    refused(&json!({ "act": "plan", "round": 1, "profile": "sandbox" }), StatusCode::UNPROCESSABLE_ENTITY, "").await;
    refused(&act("plan", 1, json!({ "planId": "p" })), StatusCode::UNPROCESSABLE_ENTITY, "").await;

    let answer = scanner.act(&id, &act("plan", 1, json!({}))).await;
    assert_eq!((answer.status, &answer.body["waitingFor"]), (StatusCode::OK, &json!("plan")), "{answer:?}");
    assert_eq!((&answer.body["deadline"], &answer.body["offer"]["plan"]), (&json!(null), &json!(null)));
    let again = scanner.act(&id, &act("plan", 1, json!({}))).await;
    assert_eq!(again.status, StatusCode::OK, "the same once more: {again:?}");
    let elsewhere = json!({ "act": "plan", "round": 1, "region": "eu-west-1", "profile": "sandbox" });
    refused(&elsewhere, StatusCode::CONFLICT, "still being made").await;
    refused(&act("approve", 1, json!({ "planId": "x" })), StatusCode::CONFLICT, "still being made").await;
    let progress = ci.get(&format!("/requests/{id}?wait=20s&status=awaiting_authorization&round=1&step=0")).await;
    assert_eq!(progress.body["progress"]["step"], 2, "{progress:?}");

    planner.tell("go", &of(&id));
    let path = format!("/requests/{id}?wait=30s&status=awaiting_authorization&round=1&step=2");
    let mut state = ci.get(&path).await.body;
    if state["round"] == 1 {
        state = ci.get(&format!("/requests/{id}?wait=30s&status=awaiting_authorization&round=1&step=0")).await.body;
    }
    assert_eq!((&state["round"], &state["offer"]["plan"]["planId"]), (&json!(2), &json!("us-east-1-1")), "{state:#}");
    let missing = refused(&act("approve", 2, json!({})), StatusCode::UNPROCESSABLE_ENTITY, "").await;
    assert!(missing.body["fields"]["planId"].is_string(), "{missing:?}");
    let other =
        refused(&act("approve", 2, json!({ "planId": "us-east-1-9" })), StatusCode::CONFLICT, "another one").await;
    assert_eq!(other.body["state"]["round"], 2);
    let elsewhere = json!({ "act": "approve", "round": 2, "region": "eu-west-1", "profile": "sandbox",
                            "planId": "us-east-1-1" });
    refused(&elsewhere, StatusCode::CONFLICT, "other values").await;
    let approve = act("approve", 2, json!({ "planId": "us-east-1-1" }));
    let answer = scanner.act(&id, &approve).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    ci.wait_for(&id, "provisioned").await;
    assert_eq!(planner.plans("provision", &of(&id)), [Some("us-east-1-1".to_owned())]);
}

/// What a planner notes of a request that nobody looks at in Slack.
fn of(id: &str) -> Request {
    let nothing = slack_simulator::Message::default();
    Request { id: id.to_owned(), root: nothing.clone(), card: nothing }
}

async fn signals(scene: &Scene, planner: &Planner) {
    let request = ask(scene, "signalled").await;
    let by = scene.bob.id();
    let values = |mut act: Value| {
        act["region"] = json!("us-east-1");
        act["profile"] = json!("sandbox");
        act
    };
    scene.temporal.act(&request.id, &values(json!({ "act": "plan", "by": by }))).await;
    let card = super::planner::card(scene, &request, "approve").await;
    let before = scene.temporal.state(&request.id).await.unwrap();
    for plan_id in [json!(null), json!("us-east-1-2")] {
        let short = json!({ "decision": "approve", "decidedBy": by, "planId": plan_id });
        scene.temporal.signal(&request.id, &values(short)).await;
        assert_eq!(scene.temporal.state(&request.id).await.unwrap(), before, "not with {plan_id}");
    }
    let short = json!({ "decision": "approve", "decidedBy": by, "planId": "us-east-1-1" });
    scene.temporal.signal(&request.id, &values(short)).await;
    let request = Request { card, ..request };
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    assert_eq!(planner.plans("provision", &request), [Some("us-east-1-1".to_owned())]);
}
