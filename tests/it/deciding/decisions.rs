//! Who decides, when it counts, and what the others are told.

use serde_json::{Value, json};
use slack_simulator::{Delivery, Fault, Submitted};
use temporalio_common::protos::temporal::api::common::v1::Payload;

use crate::temporal::{approval, input, json_payload};
use crate::world::{ADA, Request, Scene, alone, ephemeral, options, policy, shared};

/// The last delivery of this kind that a person of the scene caused.
fn delivered(scene: &Scene, who: &str, kind: &str) -> Delivery {
    let is_it = |delivery: &&Delivery| {
        let payload = delivery.payload();
        payload["type"] == kind && payload["user"]["id"] == who
    };
    scene.slack.deliveries().iter().rev().find(is_it).expect("the delivery").clone()
}

async fn status(scene: &Scene, request: &Request) -> Value {
    scene.temporal.state(&request.id).await.unwrap()["status"].clone()
}

#[test]
fn only_the_named_authorizer_decides() {
    shared(async |scene| {
        let request = scene.ask("wrong-person").await;
        let dm = scene.bob.dm_channel();
        // The requester herself, and somebody who might have been named but was not.
        for who in [scene.alice.id(), ADA] {
            let person = scene.slack.person(who);
            person.select(&request.card, "region", "us-east-1").await.unwrap();
            person.select(&request.card, "profile", "sandbox").await.unwrap();
            for action in ["approve", "reject"] {
                let before = scene.said_in_private(who, &dm).len();
                let clicked = person.click(&request.card, action).await.unwrap();
                assert_eq!(clicked.error, None);
                assert!(clicked.modal.is_none(), "{action}");
                let said = scene.said_in_private(who, &dm).split_off(before);
                assert!(said.len() == 1 && said[0].says(scene.bob.id()), "{who} {action}: {said:?}");
            }
        }
        assert_eq!(status(&scene, &request).await, "awaiting_authorization");
        assert_eq!(scene.bob.refresh(&request.card).unwrap(), request.card, "nothing changed");
        assert_eq!(scene.alice.refresh(&request.root).unwrap(), request.root);
        scene.approve(&request).await;
        scene.ended(&request, "provisioned").await;
    });
}

#[test]
fn an_approval_needs_a_region_and_a_profile() {
    shared(async |scene| {
        let request = scene.ask("choose-first").await;
        let refused = async |words: &[&str]| {
            let clicked = scene.bob.click(&request.card, "approve").await.unwrap();
            assert_eq!(clicked.error, None);
            let said = ephemeral(&clicked);
            assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
            assert_eq!(status(&scene, &request).await, "awaiting_authorization");
            said
        };
        refused(&["region", "profile"]).await;
        scene.bob.select(&request.card, "region", "us-east-1").await.unwrap();
        let said = refused(&["profile"]).await;
        assert!(!said.contains("region"), "{said}");
        scene.bob.select(&request.card, "profile", "sandbox").await.unwrap();
        scene.clicks(&scene.bob, &request.card, "approve").await;
        scene.ended(&request, "provisioned").await;

        let request = scene.ask("choose-both").await;
        scene.bob.select(&request.card, "profile", "sandbox").await.unwrap();
        let clicked = scene.bob.click(&request.card, "approve").await.unwrap();
        assert!(
            ephemeral(&clicked).contains("region") && !ephemeral(&clicked).contains("profile"),
            "{}",
            ephemeral(&clicked)
        );
        scene.reject(&request, "enough").await;
        scene.ended(&request, "rejected").await;
    });
}

#[test]
fn a_late_click_is_answered_and_changes_nothing() {
    shared(async |scene| {
        for (ending, words) in [("rejected", "rejected"), ("cancelled", "cancelled"), ("provisioned", "provisioned")] {
            let request = scene.ask("late").await;
            match ending {
                "rejected" => scene.reject(&request, "no").await,
                "cancelled" => scene.clicks(&scene.alice, &request.root, "cancel").await,
                _ => scene.approve(&request).await,
            }
            let state = scene.ended(&request, ending).await;
            let said = scene.said(&request.id);

            // Clients that have not caught up yet still show the old buttons; what is not
            // chosen does not matter any more.
            let bare = ephemeral(&scene.bob.click_as_seen(&request.card, "approve").await.unwrap());
            assert!(!bare.is_empty() && !bare.contains("Choose"), "{ending}: {bare}");
            scene.select_as_seen(&request).await;
            let approve = scene.bob.click_as_seen(&request.card, "approve").await.unwrap();
            assert_eq!(approve.error, None);
            assert!(ephemeral(&approve).contains(words), "{ending}: {}", ephemeral(&approve));
            let cancel = scene.alice.click_as_seen(&request.root, "cancel").await.unwrap();
            assert_eq!(cancel.error, None);
            let heard = ephemeral(&cancel);
            assert!(ending == "cancelled" || heard.contains(words), "{ending}: {heard}");
            // A form for the reason may open, but is not taken.
            let reject = scene.bob.click_as_seen(&request.card, "reject").await.unwrap();
            match reject.modal {
                None => assert!(ephemeral(&reject).contains(words), "{ending}: {}", ephemeral(&reject)),
                Some(form) => {
                    form.fill("reason", "too late").await.unwrap();
                    let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("{ending}: taken") };
                    assert!(errors["reason"].contains(words), "{ending}: {errors:?}");
                    form.close().await.unwrap();
                }
            }
            assert_eq!(scene.temporal.state(&request.id).await.unwrap(), state);
            assert_eq!(scene.said(&request.id), said, "nothing was said to everybody, nothing edited");
        }
    });
}

#[test]
fn a_double_click_counts_once() {
    shared(async |scene| {
        let request = scene.ask("double").await;
        scene.select(&request).await;
        let click = async || scene.bob.click_as_seen(&request.card, "approve").await.unwrap();
        let (one, two, three) = tokio::join!(click(), click(), click());
        for clicked in [one, two, three] {
            assert_eq!(clicked.error, None);
        }
        scene.ended(&request, "provisioned").await;
        assert_eq!(scene.buckets(&request.id).await.len(), 1);
        let again = scene.slack.redeliver(&delivered(&scene, scene.bob.id(), "block_actions")).await;
        assert_eq!(again.status, Some(200));
        scene.check(&request.id);
    });
}

#[test]
fn of_approve_and_reject_at_once_exactly_one_counts() {
    shared(async |scene| {
        for n in 0..6 {
            let request = scene.ask(&format!("race-{n}")).await;
            scene.select(&request).await;
            let form = scene.bob.click(&request.card, "reject").await.unwrap().modal.expect("a form for the reason");
            form.fill("reason", "second thoughts").await.unwrap();
            let approve = scene.bob.click(&request.card, "approve");
            let reject = form.submit();
            let (approved, rejected) = if n % 2 == 0 {
                tokio::join!(approve, reject)
            } else {
                let (rejected, approved) = tokio::join!(reject, approve);
                (approved, rejected)
            };
            let (approved, rejected) = (approved.unwrap(), rejected.unwrap());
            assert_eq!(approved.error, None);

            let state = scene.temporal.ended(&request.id).await.unwrap();
            match state["status"].as_str().unwrap() {
                "provisioned" => {
                    assert_eq!(ephemeral(&approved), "", "the winner hears nothing");
                    let Submitted::Errors(errors) = rejected else { panic!("the loser is not told: {rejected:?}") };
                    assert!(errors["reason"].contains("approved"), "{errors:?}");
                    form.close().await.unwrap();
                }
                "rejected" => {
                    assert_eq!(rejected, Submitted::Closed);
                    assert!(ephemeral(&approved).contains("rejected"), "{}", ephemeral(&approved));
                    assert!(scene.buckets(&request.id).await.is_empty());
                }
                other => panic!("{other}"),
            }
            scene.check(&request.id);
        }
    });
}

#[test]
fn who_decides_second_is_told_while_the_question_is_still_on_its_way() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        // Bob sees the card before the bot knows that it is posted.
        world.stack.slack.fail_times("chat.postMessage", Fault::DropAfterApply, 2);
        let request = scene.ask("early-race").await;
        scene.approve(&request).await;
        let second = scene.bob.click_as_seen(&request.card, "reject").await.unwrap();
        assert!(second.modal.is_none(), "no reason is asked for what cannot be rejected any more");
        assert!(ephemeral(&second).contains("approved"), "{}", ephemeral(&second));
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
    });
}

#[test]
fn a_submission_delivered_again_starts_nothing() {
    shared(async |scene| {
        let form = scene.filled_form("once-only").await;
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let delivery = delivered(&scene, scene.alice.id(), "view_submission");
        let again = || scene.slack.redeliver(&delivery);
        let (one, two) = tokio::join!(again(), again());
        for answer in [one, two] {
            assert_eq!((answer.status, answer.answer.as_str()), (Some(200), ""));
        }
        let request = scene.asked("once-only").await;
        scene.reject(&request, "no").await;
        scene.ended(&request, "rejected").await;
        assert_eq!(again().await.status, Some(200));
        // The first one is listed once a query can see it; a second one would be too.
        crate::world::eventually("the workflow to be listed", async || {
            (scene.temporal.count("once-only-").await > 0).then_some(())
        })
        .await;
        assert_eq!(scene.temporal.count("once-only-").await, 1);
        assert_eq!(scene.roots(&scene.channel).len(), 1);
    });
}

#[test]
fn what_is_no_good_decision_is_refused_and_the_next_good_one_counts() {
    shared(async |scene| {
        let request = scene.ask("raw-signals").await;
        let good = approval(&scene);
        let but = |name: &str, value: Value| {
            let mut signal = good.clone();
            signal[name] = value;
            vec![json_payload(&signal)]
        };
        let binary = |encoding: &str| Payload {
            metadata: [("encoding".to_owned(), encoding.as_bytes().to_vec())].into(),
            data: vec![0, 159, 146, 150],
            ..Default::default()
        };
        let bad = [
            ("not the authorizer", but("decidedBy", json!(scene.alice.id()))),
            ("nobody", but("decidedBy", Value::Null)),
            ("an unknown region", but("region", json!("mars-1"))),
            ("no region", but("region", Value::Null)),
            ("an unknown profile", but("profile", json!("root"))),
            ("an empty profile", but("profile", json!(""))),
            ("an unknown decision", but("decision", json!("maybe"))),
            ("a number", vec![json_payload(&json!(42))]),
            ("null", vec![json_payload(&Value::Null)]),
            ("a list", vec![json_payload(&json!([good]))]),
            ("no arguments", vec![]),
            ("two arguments", vec![json_payload(&good), json_payload(&good)]),
            ("bytes", vec![binary("binary/plain")]),
            ("broken JSON", vec![binary("json/plain")]),
            ("something unheard of", vec![binary("x/y")]),
            ("no metadata", vec![Payload::default()]),
        ];
        for (what, payloads) in bad {
            scene.temporal.signal_raw(&request.id, "authorize", payloads).await.unwrap();
            assert_eq!(status(&scene, &request).await, "awaiting_authorization", "{what}");
        }
        // A signal nobody serves is no problem either.
        scene.temporal.signal_raw(&request.id, "no-such-signal", vec![]).await.unwrap();
        assert_eq!(scene.bob.refresh(&request.card).unwrap(), request.card, "nothing changed");
        scene.approve(&request).await;
        scene.ended(&request, "provisioned").await;
    });
}

#[test]
fn a_good_signal_counts_like_a_click() {
    shared(async |scene| {
        let request = scene.ask("by-signal").await;
        scene.temporal.signal(&request.id, &approval(&scene)).await;
        let state = scene.ended(&request, "provisioned").await;
        assert_eq!(state["authorization"]["decidedBy"], scene.bob.id());
    });
}

#[test]
fn a_signal_before_anybody_waits_for_it_counts() {
    shared(async |scene| {
        let id = "early-0000000001";
        scene.temporal.start(id, &input(&scene, "early")).await;
        let mut bad = approval(&scene);
        bad["region"] = json!("mars-1");
        scene.temporal.signal(id, &bad).await;
        scene.temporal.signal(id, &approval(&scene)).await;
        let root = scene.root_in(&scene.channel, id).await;
        let card = scene.bob.wait_for_dm(|m| m.payload("request_id") == Some(id)).await.unwrap();
        let request = Request { id: id.to_owned(), root, card };
        scene.outcome(&request, "provisioned").await;
        scene.ended(&request, "provisioned").await;
    });
}

#[test]
fn a_workflow_started_by_anybody_is_decided_in_slack() {
    shared(async |scene| {
        let id = "machine-0000000001";
        scene.temporal.start(id, &input(&scene, "machine")).await;
        let request = scene.asked("machine").await;
        assert_eq!(request.id, id);
        scene.approve(&request).await;
        scene.ended(&request, "provisioned").await;
    });
}
