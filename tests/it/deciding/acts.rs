//! What people do with a request, by every door: the same act has the same effect, in the
//! round it is meant for.

use serde_json::{Value, json};
use slack_simulator::{Message, Profile};

use crate::building::s3_faults::{bucket, over};
use crate::world::{Request, Scene, alone, ephemeral, options, policy, shared};

async fn state(scene: &Scene, request: &Request) -> Value {
    scene.temporal.state(&request.id).await.unwrap()
}

/// The `block_id` of a message's buttons.
fn round_of(message: &Message) -> String {
    let buttons = message.blocks.iter().find(|block| block["type"] == "actions");
    buttons.map(|buttons| buttons["block_id"].as_str().unwrap().to_owned()).unwrap_or_default()
}

#[test]
fn an_act_by_signal_counts_in_its_round_and_from_who_may() {
    shared(async |scene| {
        let request = scene.ask("acted-on").await;
        for message in [&request.card, &request.root] {
            assert_eq!(round_of(message), format!("{}:1", request.id));
        }
        let (alice, bob) = (scene.alice.id(), scene.bob.id());
        let approve = json!({
            "act": "approve", "round": 1, "by": bob, "region": "us-east-1", "profile": "sandbox", "planId": null,
            "lifetimeSeconds": null, "parameters": {}, "text": null, "to": null,
        });
        let but = |name: &str, value: Value| {
            let mut act = approve.clone();
            act[name] = value;
            act
        };
        let before = state(&scene, &request).await;
        for act in [
            but("round", json!(2)),
            but("round", json!(0)),
            but("by", json!(alice)),
            but("region", json!("mars-1")),
            but("profile", Value::Null),
            but("planId", json!("a-plan")),
            but("lifetimeSeconds", json!(3600)),
            but("parameters", json!({ "domain": "example.com" })),
            json!({ "act": "reject", "by": bob, "text": "x".repeat(3_001) }),
            json!({ "act": "cancel", "by": bob }),
            json!({ "act": "cancel", "by": alice, "round": 7 }),
            json!({ "act": "retry", "by": bob }),
            json!({ "act": "undo", "by": bob }),
            json!({ "act": "hand_over", "by": bob, "to": alice }),
            json!({ "act": "unheard_of", "by": bob }),
        ] {
            scene.temporal.act(&request.id, &act).await;
            assert_eq!(state(&scene, &request).await, before, "{act}");
        }
        scene.temporal.act(&request.id, &approve).await;
        let ended = scene.ended(&request, "provisioned").await;
        let signature = &ended["steps"][0]["signatures"][0];
        assert_eq!((&signature["by"], &signature["door"]), (&json!(bob), &json!("signal")));
        assert_eq!((&ended["offer"]["region"], &ended["offer"]["profile"]), (&json!("us-east-1"), &json!("sandbox")));
    });
}

#[test]
fn who_asked_withdraws_by_signal_as_by_the_button() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        // While it waits.
        let scene = world.scene();
        let request = scene.ask("withdrawn").await;
        scene.temporal.act(&request.id, &json!({ "act": "cancel", "by": scene.alice.id() })).await;
        scene.outcome(&request, "cancelled").await;
        scene.ended(&request, "cancelled").await;
        assert!(scene.bob.refresh(&request.card).unwrap().buttons().is_empty());
        // While it is built.
        let scene = world.scene();
        let request = scene.ask("undone").await;
        let last = format!("{} GET /index.html", bucket(&scene, &request));
        let before = world.stack.s3_proxy.held_so_far();
        world.stack.s3_proxy.hold(&last);
        scene.approve(&request).await;
        world.stack.s3_proxy.wait_for_one(before).await.unwrap();
        scene.temporal.act(&request.id, &json!({ "act": "cancel", "by": scene.alice.id(), "round": 1 })).await;
        world.stack.s3_proxy.heal_each(&last);
        let outcome = over(&scene, &request, "cancelled").await;
        assert!(outcome.says("Everything that had been built is removed."), "{}", outcome.text);
        assert!(scene.buckets(&request.id).await.is_empty());
    });
}

/// An approval that does not hold is struck: the step opens again, in another round, and the
/// card asks in that one.
#[test]
fn a_click_from_an_old_round_changes_nothing_and_is_told_what_is_true_now() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let scene = world.scene();
        let request = scene.ask("struck").await;
        let alice = Profile::member(scene.alice.id(), "alice", "Alice");
        scene.slack.change(|acme| acme.add_person(Profile { deleted: true, ..alice.clone() }));
        scene.select(&request).await;
        let refused = scene.bob.click_as_seen(&request.card, "approve").await.unwrap();
        let now = state(&scene, &request).await;
        assert!(ephemeral(&refused).contains("Only members"), "{:?} {now:#}", ephemeral(&refused));
        let asks_again = |m: &Message| m.ts == request.card.ts && round_of(m).ends_with(":2");
        let card = scene.bob.wait_for_dm(asks_again).await.unwrap();
        let again = |m: &Message| m.ts == request.root.ts && round_of(m).ends_with(":2");
        scene.alice.wait_for(&scene.channel, again).await.unwrap();
        scene.not_counted(&request, "Only members").await;
        let struck = state(&scene, &request).await;
        assert_eq!((&struck["status"], &struck["round"]), (&json!("awaiting_authorization"), &json!(2)));
        assert!(struck["steps"][0]["signatures"][0]["struck"].is_string(), "{struck:#}");

        scene.slack.change(|acme| acme.add_person(alice));
        for (person, message, action) in
            [(&scene.bob, &request.card, "approve"), (&scene.alice, &request.root, "cancel")]
        {
            let old = person.click_as_seen(message, action).await.unwrap();
            assert!(ephemeral(&old).contains("has changed since"), "{action}: {}", ephemeral(&old));
        }
        assert_eq!(state(&scene, &request).await, struck);
        let request = Request { card, ..request };
        scene.approve(&request).await;
        scene.ended(&request, "provisioned").await;
    });
}
