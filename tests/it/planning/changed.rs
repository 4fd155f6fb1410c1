//! A plan that does not hold any more when building begins.

use serde_json::json;
use slack_simulator::Message;

use super::planner::{Planner, card, shown, with_planner};
use crate::world::{Request, Scene, alone};

#[test]
fn a_plan_that_does_not_hold_is_made_anew() {
    alone(with_planner("timeout = \"10m\""), async |world| {
        let planner = Planner::start(world).await;
        same(&world.scene(), &planner).await;
        moved(&world.scene(), &planner).await;
        moved_and_rejected(&world.scene(), &planner).await;
        never(&world.scene(), &planner).await;
        cancelled_meanwhile(&world.scene(), &planner).await;
    });
}

/// What the thread says of a plan that does not hold.
async fn told(scene: &Scene, request: &Request, words: &str) -> Message {
    scene.alice.wait_for_in_thread(&request.root.channel, &request.root.ts, |m| m.says(words)).await.unwrap()
}

/// The new plan does the same: the yes holds.
async fn same(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "same").await;
    let before = scene.temporal.state(&request.id).await.unwrap();
    scene.clicks(&scene.bob, &request.card, "approve").await;
    told(scene, &request, "does not hold any more").await;
    scene.outcome(&request, "provisioned").await;
    let state = scene.ended(&request, "provisioned").await;
    assert_eq!(state["offer"]["digest"], before["offer"]["digest"]);
    assert_eq!(state["offer"]["plan"]["planId"], "us-east-1-2");
    assert_eq!(state["steps"][0]["signatures"].as_array().unwrap().len(), 1);
    assert_eq!(state["round"], before["round"]);
    let plans = |ids: &[&str]| ids.iter().map(|id| Some((*id).to_owned())).collect::<Vec<_>>();
    assert_eq!(planner.plans("provision", &request), plans(&["us-east-1-1", "us-east-1-2"]));
    assert_eq!(planner.plans("discard", &request), plans(&["us-east-1-1"]));
}

/// The new plan does something else: Bob is asked again, and told what.
async fn moved(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "moved").await;
    scene.clicks(&scene.bob, &request.card, "approve").await;
    let asked = asked_again(scene, &request).await;
    let state = scene.temporal.state(&request.id).await.unwrap();
    assert_eq!((&state["status"], &state["waitingFor"]), (&json!("awaiting_authorization"), &json!("authorizer")));
    assert_eq!((&state["authorization"], &state["offer"]["plan"]["counts"]["remove"]), (&json!(null), &json!(1)));
    assert!(state["steps"][0]["signatures"][0]["struck"].is_string() && state["deadline"].is_string(), "{state:#}");
    // The yes to the first plan is none to the second.
    let late = json!({ "act": "approve", "by": scene.bob.id(), "region": "us-east-1", "profile": "sandbox",
                       "planId": "us-east-1-1" });
    scene.temporal.act(&request.id, &late).await;
    assert_eq!(scene.temporal.state(&request.id).await.unwrap(), state);
    scene.clicks(&scene.bob, &asked.card, "approve").await;
    scene.outcome(&asked, "provisioned").await;
    let state = scene.ended(&asked, "provisioned").await;
    assert_eq!(state["steps"][0]["signatures"].as_array().unwrap().len(), 2);
    assert_eq!(planner.plans("provision", &request).last().unwrap().as_deref(), Some("us-east-1-2"));
    assert_eq!(planner.plans("discard", &request), [Some("us-east-1-1".to_owned())]);
}

async fn moved_and_rejected(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "moved-off").await;
    scene.clicks(&scene.bob, &request.card, "approve").await;
    let asked = asked_again(scene, &request).await;
    scene.reject(&asked, "Not our customers").await;
    scene.outcome(&asked, "rejected").await;
    scene.ended(&asked, "rejected").await;
    let discarded = ["us-east-1-1", "us-east-1-2"].map(|id| Some(id.to_owned()));
    assert_eq!(planner.plans("discard", &request), discarded, "each once");
}

pub async fn asked_again(scene: &Scene, request: &Request) -> Request {
    told(scene, request, "does not hold any more").await;
    let changed = told(scene, request, "is another one than was approved").await;
    assert!(changed.says("Now: remove Database customers"), "{}", changed.plain());
    let called = |m: &Message| m.says("waits for you to decide again") && m.says("Database customers");
    scene.bob.wait_for_dm(|m| m.payload("request_id") == Some(&*request.id) && called(m)).await.unwrap();
    let card = card(scene, request, "approve").await;
    for words in ["− removed: Database customers", "Not the plan that was approved before", "To remove: 1 instead of 0"]
    {
        assert!(card.says(words), "{words}: {}", card.plain());
    }
    Request { id: request.id.clone(), root: request.root.clone(), card }
}

/// It is withdrawn while the plan is made anew.
async fn cancelled_meanwhile(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "crawls").await;
    scene.clicks(&scene.bob, &request.card, "approve").await;
    told(scene, &request, "does not hold any more").await;
    planner.wait_for("plan", &request, &[None, None]).await;
    let state = scene.temporal.state(&request.id).await.unwrap();
    let stands = ["status", "waitingFor"].map(|key| &state[key]);
    assert_eq!((stands, &state["offer"]["plan"]), ([&json!("provisioning"), &json!(null)], &json!(null)));
    let root = scene.root_now(&request).await;
    scene.clicks(&scene.alice, &root, "cancel").await;
    scene.outcome(&request, "cancelled").await;
    scene.ended(&request, "cancelled").await;
    assert_eq!(planner.plans("discard", &request), [Some("us-east-1-1".to_owned()), None]);
    assert_eq!(planner.calls("provision", &request).len(), 1);
}

/// Three times anew, and then a person is asked; who tries again gets another plan.
async fn never(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "never").await;
    scene.clicks(&scene.bob, &request.card, "approve").await;
    let asks = |m: &Message| m.offers("retry") && m.payload("request_id") == Some(&*request.id);
    let question = scene.bob.wait_for_dm(asks).await.unwrap();
    assert!(question.says("Somebody else was here"), "{}", question.plain());
    let stale = scene.said(&request.id).iter().filter(|m| m.says("does not hold any more")).count();
    assert!(stale >= 3, "{}", scene.slack.dump());
    assert_eq!((planner.calls("provision", &request).len(), planner.calls("plan", &request).len()), (4, 4));
    let gone = (1..=4).map(|n| format!("us-east-1-{n}")).collect::<Vec<_>>();
    planner.wait_for("discard", &request, &gone.iter().map(|id| Some(&**id)).collect::<Vec<_>>()).await;
    assert_eq!(scene.temporal.state(&request.id).await.unwrap()["offer"]["plan"], json!(null));
    scene.clicks(&scene.bob, &question, "retry").await;
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    assert_eq!(planner.plans("provision", &request).last().unwrap().as_deref(), Some("us-east-1-5"));
    assert_eq!(planner.calls("discard", &request).len(), 4);
}
