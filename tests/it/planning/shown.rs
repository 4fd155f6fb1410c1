//! The plan on the card, and what is approved and built of it.

use serde_json::json;

use super::planner::{Planner, ask, card, show, shown, with_planner};
use crate::world::{Request, Scene, alone, ephemeral};

#[test]
fn what_is_shown_is_approved_and_built() {
    alone(with_planner("timeout = \"10m\""), async |world| {
        let planner = Planner::start(world).await;
        built(&world.scene(), &planner).await;
        other_values(&world.scene(), &planner).await;
        forbidden(&world.scene(), &planner).await;
        for name in ["breaks", "odd", "huge"] {
            without(&world.scene(), &planner, name).await;
        }
        slow(&world.scene(), &planner).await;
    });
}

async fn built(scene: &Scene, planner: &Planner) {
    let asked = ask(scene, "plain").await;
    let before = scene.temporal.state(&asked.id).await.unwrap();
    assert_eq!((&before["round"], &before["offer"]["plan"]), (&json!(1), &json!(null)));
    show(scene, &asked).await;
    // Once more, before it is there: nothing happens twice.
    let again = scene.bob.click_as_seen(&asked.card, "plan").await.unwrap();
    let card = card(scene, &asked, "approve").await;
    assert!(again.ephemerals().len() <= 1, "{}", ephemeral(&again));
    assert!(!card.offers("plan"), "{}", card.plain());
    for words in [
        "+12 added, ~0 changed, ±0 replaced, −0 removed",
        "added: Wall wall-0",
        "added: Wall wall-9",
        "… and 2 more changes",
        "It is <!channel> public",
        "us-east-1",
        "sandbox",
        "12 EUR",
        "Look at it",
    ] {
        assert!(card.says(words), "{words}: {}", card.plain());
    }
    assert!(!card.says("wall-10"), "{}", card.plain());
    let state = scene.temporal.state(&asked.id).await.unwrap();
    assert_eq!((&state["round"], &state["waitingFor"]), (&json!(2), &json!("authorizer")));
    let plan = &state["offer"]["plan"];
    assert_eq!((&plan["planId"], &plan["counts"]["add"]), (&json!("us-east-1-1"), &json!(12)));
    assert_eq!((plan["changes"].as_array().unwrap().len(), &plan["link"]), (12, &json!("https://plans.example.com/1")));
    assert!(plan["at"].is_string() && plan.get("new").is_none(), "{plan}");
    assert_ne!(before["offer"]["digest"], state["offer"]["digest"]);

    let request = Request { card, ..asked };
    scene.clicks(&scene.bob, &request.card, "approve").await;
    scene.outcome(&request, "provisioned").await;
    let state = scene.ended(&request, "provisioned").await;
    assert_eq!(state["resources"], json!({ "planId": "us-east-1-1" }));
    assert_eq!(state["offer"]["plan"]["planId"], "us-east-1-1");
    assert_eq!(planner.plans("plan", &request), [None]);
    assert_eq!(planner.plans("provision", &request), [Some("us-east-1-1".to_owned())]);
    assert_eq!(planner.calls("discard", &request).len(), 0, "it was built");
}

/// Bob chooses another region after he saw the plan.
async fn other_values(scene: &Scene, planner: &Planner) {
    let request = shown(scene, "other").await;
    scene.bob.select(&request.card, "region", "eu-west-1").await.unwrap();
    let state = scene.temporal.state(&request.id).await.unwrap();
    let clicked = scene.bob.click(&request.card, "approve").await.unwrap();
    assert!(ephemeral(&clicked).contains("made for other values"), "{}", ephemeral(&clicked));
    assert_eq!(scene.temporal.state(&request.id).await.unwrap(), state, "nothing changed");
    let offering = card(scene, &request, "plan").await;
    assert!(!offering.offers("approve") && !offering.says("The plan:"), "{}", offering.plain());
    // What was chosen is chosen still.
    scene.clicks(&scene.bob, &offering, "plan").await;
    let card = card(scene, &request, "approve").await;
    let request = Request { card, ..request };
    scene.clicks(&scene.bob, &request.card, "approve").await;
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    assert_eq!(planner.plans("provision", &request), [Some("eu-west-1-2".to_owned())]);
    assert_eq!(planner.plans("discard", &request), [Some("us-east-1-1".to_owned())], "before the next");
}

/// A finding forbids it, until it is mended.
async fn forbidden(scene: &Scene, planner: &Planner) {
    let request = ask(scene, "blocked").await;
    show(scene, &request).await;
    let forbidden =
        scene.bob.wait_for_dm(|m| m.ts == request.card.ts && m.says("The budget is used up")).await.unwrap();
    assert!(forbidden.says("Blocking") && forbidden.offers("plan") && !forbidden.offers("approve"));
    let state = scene.temporal.state(&request.id).await.unwrap();
    let approve = json!({ "act": "approve", "by": scene.bob.id(), "region": "us-east-1", "profile": "sandbox",
                          "planId": "us-east-1-1" });
    scene.temporal.act(&request.id, &approve).await;
    assert_eq!(scene.temporal.state(&request.id).await.unwrap(), state, "nor does a signal");
    let forbidden = card(scene, &request, "plan").await;
    scene.clicks(&scene.bob, &forbidden, "plan").await;
    let card = card(scene, &request, "approve").await;
    let request = Request { card, ..request };
    scene.clicks(&scene.bob, &request.card, "approve").await;
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    assert_eq!(planner.plans("provision", &request), [Some("us-east-1-2".to_owned())]);
}

/// There is no plan: it fails, or is none, or too large.
async fn without(scene: &Scene, planner: &Planner, name: &str) {
    let request = ask(scene, name).await;
    show(scene, &request).await;
    let card = scene.bob.wait_for_dm(|m| m.ts == request.card.ts && m.says("There is no plan")).await.unwrap();
    assert!(card.offers("plan") && !card.offers("approve"), "{}", card.plain());
    let why = match name {
        "breaks" => "The template has no resources",
        "odd" => "cannot be read",
        _ => "too large",
    };
    assert!(card.says(why), "{}", card.plain());
    let state = scene.temporal.state(&request.id).await.unwrap();
    assert!(state["offer"]["plan"]["failure"].as_str().unwrap().contains(why), "{state:#}");
    assert_eq!(state["round"], 2);
    scene.reject(&Request { card, ..request_of(&request) }, "No plan").await;
    scene.outcome(&request, "rejected").await;
    scene.ended(&request, "rejected").await;
    assert_eq!(planner.plans("discard", &request), [None], "once, and without a name");
}

fn request_of(request: &Request) -> Request {
    Request { id: request.id.clone(), root: request.root.clone(), card: request.card.clone() }
}

/// While it is made the clock stands, and the card shows how far it is.
async fn slow(scene: &Scene, planner: &Planner) {
    let request = ask(scene, "slow").await;
    show(scene, &request).await;
    let underway = scene.bob.wait_for_dm(|m| m.ts == request.card.ts && m.says("2/3")).await.unwrap();
    assert!(underway.says("Asking the cloud") && underway.says("being made"), "{}", underway.plain());
    assert!(!underway.offers("plan") && !underway.offers("approve") && underway.offers("reject"));
    let state = scene.temporal.state(&request.id).await.unwrap();
    assert_eq!((&state["waitingFor"], &state["deadline"], &state["round"]), (&json!("plan"), &json!(null), &json!(1)));
    assert_eq!((&state["status"], &state["offer"]["plan"]), (&json!("awaiting_authorization"), &json!(null)));
    planner.tell("go", &request);
    let card = card(scene, &request, "approve").await;
    let state = scene.temporal.state(&request.id).await.unwrap();
    assert!(state["deadline"].is_string(), "{state:#}");
    let request = Request { card, ..request };
    scene.clicks(&scene.bob, &request.card, "approve").await;
    scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
}
