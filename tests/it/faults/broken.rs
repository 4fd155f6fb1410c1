//! Requests whose workflows were ended from outside: by an operator, by a time limit.
//! Whoever presses something is told, and nothing that can be pressed stays.

use std::time::Duration;

use slack_simulator::Submitted;

use crate::building::attention::{stuck, with_a_lost_profile};
use crate::temporal::input;
use crate::world::{Request, Scene, alone, ephemeral, options, shared};

/// Presses something as it was, is told this, and leaves nothing to press.
async fn told(scene: &Scene, person: &slack_simulator::Person, request: &Request, action: &str, word: &str) {
    let message = if action == "cancel" { &request.root } else { &request.card };
    let clicked = person.click_as_seen(message, action).await.unwrap();
    assert_eq!((clicked.error.as_deref(), clicked.modal.is_some()), (None, false), "{action}");
    assert!(ephemeral(&clicked).contains(word), "{action}: {:?}", ephemeral(&clicked));
    scene.check(&request.id);
    let root = scene.alice.refresh(&request.root).unwrap();
    assert!(root.says(word) && !root.says("waits"), "{action}: {}", root.plain());
}

#[test]
fn what_an_operator_ended_while_it_waited_is_told_and_closed() {
    shared(async |scene| {
        for action in ["approve", "reject", "cancel"] {
            let request = scene.ask(&format!("ended-{action}")).await;
            scene.select_as_seen(&request).await;
            scene.temporal.terminate(&request.id).await;
            let person = if action == "cancel" { &scene.alice } else { &scene.bob };
            told(&scene, person, &request, action, "ended by an operator").await;
            let card = scene.bob.refresh(&request.card).unwrap();
            assert!(card.says("Nothing was built"), "{}", card.plain());
            // Once more, with a client that still shows the old message, and nothing chosen.
            told(&scene, person, &request, action, "ended by an operator").await;
            assert!(scene.buckets(&request.id).await.is_empty());
        }
    });
}

#[test]
fn a_reason_for_what_was_ended_meanwhile_is_answered_in_the_form() {
    shared(async |scene| {
        let request = scene.ask("ended-meanwhile").await;
        let form = scene.bob.click(&request.card, "reject").await.unwrap().modal.expect("a form for the reason");
        form.fill("reason", "Too late").await.unwrap();
        scene.temporal.terminate(&request.id).await;
        let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("it was taken") };
        assert!(errors["reason"].contains("ended by an operator"), "{errors:?}");
        scene.check(&request.id);
    });
}

#[test]
fn what_ran_out_of_its_time_is_told_and_closed() {
    shared(async |scene| {
        let id = "timed-out-0123456789";
        scene.temporal.start_for(id, &input(&scene, "timed-out"), Duration::from_secs(3)).await;
        let request = scene.asked("timed-out").await;
        scene.select_as_seen(&request).await;
        scene.temporal.closed(id).await;
        told(&scene, &scene.bob, &request, "approve", "ran out of the time").await;
    });
}

#[test]
fn what_was_ended_while_it_needed_a_hand_is_told_and_closed() {
    alone(options(&with_a_lost_profile()), async |world| {
        let scene = world.scene();
        for action in ["retry", "give_up"] {
            let (asked, card) = stuck(&scene, &format!("hand-{}", action.replace('_', "-"))).await;
            scene.temporal.wait_for(&asked.id, "needs_attention").await;
            let request = Request { card, ..asked };
            scene.temporal.terminate(&request.id).await;
            told(&scene, &scene.bob, &request, action, "ended by an operator").await;
            let card = scene.bob.refresh(&request.card).unwrap();
            assert!(card.says("was not removed"), "{}", card.plain());
            assert!(scene.said(&request.id).len() >= 3, "the channel, the card, and the question");
        }
    });
}

/// What a reset workflow says again is what stands already: nothing twice, no old
/// question alive. What has changed is said.
#[test]
fn a_request_that_was_reset_goes_on_with_its_messages() {
    shared(async |scene| {
        // While it waits.
        let request = scene.ask("reset").await;
        scene.temporal.told(&request.id).await;
        scene.temporal.reset(&request.id).await;
        scene.temporal.told(&request.id).await;
        assert_eq!(scene.said(&request.id).len(), 2, "{}", scene.slack.dump());
        let card = scene.bob.refresh(&request.card).unwrap();
        assert!(card.offers("approve"), "{}", card.plain());

        // Once it was rejected: without the rejection it asks again, on the same card.
        scene.reject(&request, "Use the shared bucket").await;
        scene.ended(&request, "rejected").await;
        scene.temporal.reset(&request.id).await;
        scene.temporal.told(&request.id).await;
        let asked = scene.bob.refresh(&request.card).unwrap();
        assert!(asked.offers("approve"), "{}", asked.plain());
        assert!(scene.alice.refresh(&request.root).unwrap().says("waits for"));
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
        let parts = |request: &Request| {
            let said = scene.said(&request.id);
            let part = |m: &slack_simulator::Message| m.metadata.as_ref().unwrap()["event_payload"]["part"].clone();
            let mut parts: Vec<_> = said.iter().map(|m| part(m).as_str().unwrap().to_owned()).collect();
            parts.sort();
            parts
        };
        let once = ["card", "outcome", "outcome", "progress-1", "root"];
        assert_eq!(parts(&request), once, "the two outcomes differ: {}", scene.slack.dump());

        // Once it was provisioned, and everything happens once more.
        scene.temporal.reset_with_signals(&request.id).await;
        scene.ended(&request, "provisioned").await;
        assert_eq!(parts(&request), once, "{}", scene.slack.dump());
        assert_eq!(scene.buckets(&request.id).await.len(), 1);
    });
}

#[test]
fn a_reset_closes_the_questions_of_the_run_before() {
    alone(options(&with_a_lost_profile()), async |world| {
        let scene = world.scene();
        let (request, old) = stuck(&scene, "reset-hand").await;
        scene.temporal.wait_for(&request.id, "needs_attention").await;
        scene.temporal.reset(&request.id).await;
        scene.temporal.told(&request.id).await;
        assert!(scene.bob.refresh(&old).unwrap().buttons().is_empty(), "{}", scene.slack.dump());
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
        assert_eq!(scene.roots(&scene.channel).len(), 1, "{}", scene.slack.dump());
    });
}
