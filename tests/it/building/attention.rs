//! A request that needs a hand: what failed is told, and a person chooses.

use serde_json::{Value, json};
use slack_simulator::Message;

use crate::temporal::input;
use crate::world::{Request, Scene, alone, ephemeral, eventually, options, policy};

/// A profile that the configuration offers and AWS does not know.
pub fn with_a_lost_profile() -> String {
    policy("").replace("\"production\"", "\"lost\"")
}

/// Asks, and approves with the profile that AWS does not know.
pub async fn stuck(scene: &Scene, application: &str) -> (Request, Message) {
    let request = scene.ask(application).await;
    scene.bob.select(&request.card, "region", "us-east-1").await.unwrap();
    scene.bob.select(&request.card, "profile", "lost").await.unwrap();
    scene.clicks(&scene.bob, &request.card, "approve").await;
    let card = question(scene, &request, None).await;
    (request, card)
}

/// The card that asks, other than `before`.
pub async fn question(scene: &Scene, request: &Request, before: Option<&Message>) -> Message {
    let asks = |m: &Message| {
        m.offers("retry")
            && m.payload("request_id") == Some(&*request.id)
            && before.is_none_or(|before| before.ts != m.ts)
    };
    scene.bob.wait_for_dm(asks).await.unwrap()
}

#[test]
fn what_failed_is_told_and_trying_again_asks_again() {
    alone(options(&with_a_lost_profile()), async |world| {
        let scene = world.scene();
        let (request, card) = stuck(&scene, "stuck").await;
        assert!(card.says("lost") && card.says("Creating the bucket"), "{}", card.plain());
        assert_eq!(card.value_of("retry").as_deref(), Some(&*request.id));
        assert_eq!(card.value_of("give_up").as_deref(), Some(&*request.id));
        let state = scene.temporal.wait_for(&request.id, "needs_attention").await;
        assert!(state["failure"]["cause"].as_str().unwrap().contains("lost"), "{state:#}");
        eventually("a day to choose", async || {
            let history = scene.temporal.history(&request.id).await;
            let timer = |event: &Value| event["attributes"].get("TimerStartedEventAttributes").cloned();
            let last = history["events"].as_array()?.iter().rev().find_map(timer)?;
            (last["start_to_fire_timeout"] == "86400.000000000s").then_some(())
        })
        .await;
        for ending in ["provisioned", "rejected", "expired", "cancelled"] {
            assert!(!card.text.contains(ending), "{}", card.text);
        }

        // Trying again fails again, and asks a new question; the old card is closed.
        scene.clicks(&scene.bob, &card, "retry").await;
        let again = question(&scene, &request, Some(&card)).await;
        assert!(scene.bob.refresh(&card).unwrap().buttons().is_empty());
        let old = scene.bob.click_as_seen(&card, "give_up").await.unwrap();
        assert!(ephemeral(&old).contains("has changed since"), "{}", ephemeral(&old));
        // Nor does the workflow take an old choice, however it comes.
        scene.temporal.act(&request.id, &json!({ "act": "retry", "round": 2, "by": scene.bob.id() })).await;
        let state = scene.temporal.state(&request.id).await.unwrap();
        assert_eq!((&state["status"], &state["round"]), (&json!("needs_attention"), &json!(3)));

        scene.clicks(&scene.bob, &again, "give_up").await;
        let outcome = scene.outcome(&request, "failed").await;
        assert!(outcome.says("lost"), "{}", outcome.text);
        assert_eq!(scene.ended(&request, "failed").await["round"], 3);
    });
}

#[test]
fn giving_up_removes_what_was_built_and_cancelling_too() {
    alone(options(&with_a_lost_profile()), async |world| {
        let scene = world.scene();
        let (request, card) = stuck(&scene, "withdrawn").await;
        let root = scene.root_now(&request).await;
        scene.clicks(&scene.alice, &root, "cancel").await;
        scene.outcome(&request, "cancelled").await;
        scene.ended(&request, "cancelled").await;
        let late = scene.bob.click_as_seen(&card, "retry").await.unwrap();
        assert!(ephemeral(&late).contains("cancelled"), "{}", ephemeral(&late));
    });
}

#[test]
fn an_authorizer_who_cannot_be_written_to_ends_it_with_one_message() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let slack = &world.stack.slack;
        // The root is posted, the card is refused.
        slack.fail_next("chat.postMessage", slack_simulator::Fault::ServerError(500));
        let id = "unreachable-0123456789";
        let mut request: Value = input(&scene, "unreachable");
        request["channelId"] = scene.channel.clone().into();
        slack.set_rules(|rules| rules.messages_tab_enabled = false);
        scene.temporal.start(id, &request).await;
        let ended = scene.temporal.ended(id).await.unwrap();
        assert_eq!(ended["status"], "failed", "{ended:#}");
        assert_eq!(scene.roots(&scene.channel).len(), 1, "{}", slack.dump());
        scene.check(id);
    });
}

#[test]
fn an_activity_that_nobody_serves_is_told_at_once() {
    const UNSERVED: &str =
        "\n[[blueprints]]\nid = \"castle\"\nname = \"Castle\"\nprovision_activity = \"build_castle\"\n";
    alone(options(&format!("{}{UNSERVED}", policy(""))), async |world| {
        let scene = world.scene();
        let request = scene.ask("castle").await;
        scene.approve(&request).await;
        let card = question(&scene, &request, None).await;
        assert!(card.says("build_castle") && card.says("provision-aws-s3"), "{}", card.plain());
        scene.clicks(&scene.bob, &card, "give_up").await;
        scene.outcome(&request, "failed").await;
        scene.ended(&request, "failed").await;
    });
}
