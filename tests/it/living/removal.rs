//! Somebody is done with what was built: it is closed, may be kept, and is removed.

use serde_json::{Value, json};
use slack_simulator::Message;

use crate::world::{Request, Scene, alone, ephemeral, eventually, options, policy};

/// A bucket that is built, and what the thread says of it.
pub async fn built(scene: &Scene, application: &str) -> (Request, Message) {
    let request = scene.ask(application).await;
    scene.approve(&request).await;
    let outcome = scene.outcome(&request, "provisioned").await;
    scene.ended(&request, "provisioned").await;
    (request, outcome)
}

/// How it stands.
pub async fn lease(scene: &Scene, request: &Request) -> Value {
    scene.temporal.state(&format!("{}.lease", request.id)).await.unwrap()
}

/// Waits until it stands so.
pub async fn stands(scene: &Scene, request: &Request, status: &str) -> Value {
    eventually(&format!("{} is {status}", request.id), async || {
        let state = lease(scene, request).await;
        (state["status"] == status).then_some(state)
    })
    .await
}

/// What the thread says of it, with these words.
pub async fn said(scene: &Scene, request: &Request, words: &[&str]) -> Message {
    let says = |m: &Message| words.iter().all(|words| m.says(words));
    scene.alice.wait_for_in_thread(&request.root.channel, &request.root.ts, says).await.unwrap()
}

#[test]
fn who_is_done_with_it_has_it_removed_and_may_think_better_of_it() {
    alone(options(&(policy("") + "\n[lease]\nundo = \"3s\"\n")), async |world| {
        let scene = world.scene();
        let (request, outcome) = built(&scene, "done").await;
        let state = lease(&scene, &request).await;
        assert_eq!((&state["status"], &state["round"], &state["endsAt"]), (&json!("active"), &json!(1), &json!(null)));
        assert_eq!((&state["owner"], &state["requestId"]), (&json!(scene.alice.id()), &json!(request.id)));
        let name = state["resources"]["bucketName"].as_str().unwrap().to_owned();
        assert_eq!(scene.buckets(&request.id).await, [name]);

        // Others may not, and hear who may.
        let clicked = scene.slack.person(crate::world::ADA).click(&outcome, "remove").await.unwrap();
        assert!(ephemeral(&clicked).contains(scene.alice.id()), "{}", ephemeral(&clicked));

        scene.clicks(&scene.alice, &outcome, "remove").await;
        stands(&scene, &request, "closed").await;
        let discarded = said(&scene, &request, &["is done with", "removed from"]).await;
        assert!(!scene.alice.refresh(&outcome).unwrap().offers("remove"), "nothing is left to press");
        let card = scene.alice.wait_for_dm(|m| m.offers("keep") && m.says("done")).await.unwrap();
        scene.clicks(&scene.alice, &card, "keep").await;
        stands(&scene, &request, "active").await;
        said(&scene, &request, &["keeps *done*"]).await;
        assert!(!scene.alice.refresh(&card).unwrap().offers("keep"));
        assert!(!scene.alice.refresh(&discarded).unwrap().offers("keep"));
        // The same once more is nothing new; of others an old message answers what is so now.
        let again = scene.alice.click_as_seen(&card, "keep").await.unwrap();
        assert!(ephemeral(&again).is_empty(), "{}", ephemeral(&again));
        let late = scene.bob.click_as_seen(&discarded, "keep").await.unwrap();
        assert!(ephemeral(&late).contains("has changed since"), "{}", ephemeral(&late));

        let outcome = scene.alice.refresh(&outcome).unwrap();
        scene.clicks(&scene.alice, &outcome, "remove").await;
        said(&scene, &request, &["is being removed", "no way back"]).await;
        said(&scene, &request, &["is removed", "Looked twice"]).await;
        stands(&scene, &request, "removed").await;
        assert!(scene.buckets(&request.id).await.is_empty());
        scene.temporal.ended(&format!("{}.lease", request.id)).await.expect("its life is over");
        scene.said(&request.id);
    });
}
