//! Calls whose answer nobody hears: the process dies, or is paused and goes on, at any
//! moment between the call and the answer. Made again, they have happened once.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::client::{CI, Program, SCANNER, body, token};
use crate::world::{World, alone, knows, options, policy};

const WEB: [&str; 3] = ["run", "--only", "web"];
/// From the call to the cut: an answer takes some tens of them.
const CUTS: [u64; 7] = [0, 3, 6, 12, 25, 50, 100];

fn yes() -> Value {
    json!({ "act": "approve", "round": 1, "region": "us-east-1", "profile": "sandbox" })
}

/// How often building was begun.
async fn builds(world: &World, id: &str) -> usize {
    let history = world.temporal.history(id).await;
    let text = history.to_string();
    text.matches("\"activity_id\":\"provision-").count()
}

#[test]
fn a_call_to_a_process_that_dies_is_made_again_and_has_happened_once() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let (ci, scanner) = (Program::of(&scene, CI), Program::of(&scene, SCANNER));
        for after in CUTS {
            let name = format!("dies-{after}");
            let wanted = json!({ "applicationName": name, "teamId": "scanned", "authorizerId": "client:scanner" });
            let dying = world.stack.start_beside(&WEB).await.unwrap();
            let asking = Program::new(&dying.url(), Some(&token(CI)));
            let call = asking.ask_in_vain(&name, &wanted);
            let death = async {
                tokio::time::sleep(Duration::from_millis(after)).await;
                dying.kill().await;
            };
            tokio::join!(call, death);
            let again = ci.ask(&name, &wanted).await;
            assert!(again.status.is_success(), "{again:?}");
            let id = again.body["requestId"].as_str().unwrap().to_owned();
            knows(&id);
            assert_eq!(world.temporal.count_listed(&name).await, 1, "{name}");

            // The same of the yes.
            scanner.wait_for(&id, "awaiting_authorization").await;
            let dying = world.stack.start_beside(&WEB).await.unwrap();
            let acting = Program::new(&dying.url(), Some(&token(SCANNER)));
            let death = async {
                tokio::time::sleep(Duration::from_millis(after)).await;
                dying.kill().await;
            };
            let yes = yes();
            tokio::join!(acting.act_in_vain(&id, &yes), death);
            let again = scanner.act(&id, &yes).await;
            assert_eq!(again.status, StatusCode::OK, "{again:?}");
            let ended = scanner.wait_for(&id, "provisioned").await;
            assert_eq!(ended["steps"][0]["signatures"].as_array().unwrap().len(), 1, "{ended}");
            assert_eq!(builds(world, &id).await, 1, "{name}");
            assert_eq!(scene.buckets(&id).await.len(), 1, "{name}");
        }
    });
}

#[test]
fn a_call_to_a_process_that_is_paused_and_goes_on_has_happened_once() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let ci = Program::of(&scene, CI);
        let mut beside = world.stack.start_beside(&WEB).await.unwrap();
        let paused = Program::new(&beside.url(), Some(&token(CI)));
        for after in CUTS {
            let name = format!("paused-{after}");
            let wanted = body(&scene, &name);
            let call = paused.ask_in_vain(&name, &wanted);
            let meanwhile = async {
                tokio::time::sleep(Duration::from_millis(after)).await;
                beside.freeze().await.unwrap();
                let answer = ci.ask(&name, &wanted).await;
                beside.thaw().await.unwrap();
                answer
            };
            let ((), answer) = tokio::join!(call, meanwhile);
            assert!(answer.status.is_success(), "{answer:?}");
            let id = answer.body["requestId"].as_str().unwrap();
            knows(id);
            let late = paused.ask(&name, &wanted).await;
            assert_eq!((late.status, &late.body["requestId"]), (StatusCode::OK, &json!(id)));
            assert_eq!(world.temporal.count_listed(&name).await, 1, "{name}");
        }
    });
}
