//! What changes between the question and the answer: the policy, the people, the
//! time that is left.

use std::time::Duration;

use serde_json::{Value, json};
use slack_simulator::{Fault, Message};
use slack_simulator::{PARTNER_TEAM, Profile};

use crate::temporal::{approval, input};
use crate::world::{ADA, Request, Scene, alone, ephemeral, eventually, options, policy, shared};

/// Bob approves and is told why not: privately, or, if finding out takes longer than
/// a click may, in the thread. Nothing happens.
async fn no_longer(scene: &Scene, request: &Request, word: &str) {
    let request = &scene.now(request).await;
    scene.select_as_seen(request).await;
    let clicked = scene.bob.click(&request.card, "approve").await.unwrap();
    assert_eq!(clicked.error, None);
    // It is told in private, too, if it is known in time.
    let told = ephemeral(&clicked);
    assert!(told.is_empty() || told.contains(word), "{word}: {told}");
    scene.not_counted(request, word).await;
    assert_eq!(scene.temporal.state(&request.id).await.unwrap()["status"], "awaiting_authorization", "{word}");
    assert!(scene.now(request).await.card.offers("approve"), "it can still be decided");
}

#[test]
fn an_authorizer_who_is_none_any_more_is_refused_and_told() {
    shared(async |scene| {
        let request = scene.ask("people-change").await;
        let bob = Profile::member(scene.bob.id(), "bob", "Bob");
        for (change, word) in [
            (Profile { deleted: true, ..bob.clone() }, "deactivated"),
            (Profile { is_restricted: true, ..bob.clone() }, "guest"),
            (Profile { team_id: PARTNER_TEAM.into(), ..bob.clone() }, "other organisations"),
            (Profile { is_bot: true, ..bob.clone() }, "bot"),
        ] {
            scene.slack.change(|acme| acme.add_person(change));
            no_longer(&scene, &request, word).await;
        }
        scene.slack.change(|acme| acme.add_person(bob));
        scene.approve(&scene.now(&request).await).await;
        scene.ended(&request, "provisioned").await;
    });
}

/// Slack does not say for long who Bob is, and then that he is none who may decide.
#[test]
fn who_has_approved_is_not_reminded_and_hears_if_it_does_not_count() {
    alone(options(&policy("timeout = \"10m\"\nreminder = \"15s\"")), async |world| {
        let scene = world.scene();
        let request = scene.ask("judged-late").await;
        world.stack.slack.fail_times("users.info", Fault::ServerError(503), 1_000);
        scene.temporal.signal(&request.id, &approval(&scene)).await;
        let is_time = async || {
            let history = scene.temporal.history(&request.id).await;
            let mut events = history["events"].as_array()?.iter();
            events.any(|e| e["attributes"].get("TimerFiredEventAttributes").is_some()).then_some(())
        };
        eventually("the time for the reminder to come", is_time).await;
        let bob = Profile::member(scene.bob.id(), "bob", "Bob");
        scene.slack.change(|acme| acme.add_person(Profile { is_restricted: true, ..bob }));
        world.stack.slack.heal();
        let refused = |m: &Message| m.says("did not count") && m.says("guest");
        scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, refused).await.unwrap();
        scene.bob.wait_for_dm(|m| m.says("Your approval") && refused(m)).await.unwrap();
        let said = scene.said(&request.id);
        assert!(said.iter().all(|m| !m.text.starts_with('⏰')), "{}", scene.slack.dump());
        scene.temporal.cancel(&request.id).await;
        scene.ended(&request, "cancelled").await;
    });
}

/// Whoever may write to the namespace can send the signal, in anybody's name.
#[test]
fn a_signal_in_the_name_of_somebody_who_left_does_not_count() {
    shared(async |scene| {
        let request = scene.ask("left").await;
        let bob = Profile::member(scene.bob.id(), "bob", "Bob");
        scene.slack.change(|acme| acme.add_person(Profile { deleted: true, ..bob.clone() }));
        scene.temporal.signal(&request.id, &approval(&scene)).await;
        let refused = |m: &Message| m.says("did not count") && m.says("deactivated");
        scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, refused).await.unwrap();
        let state = scene.temporal.state(&request.id).await.unwrap();
        assert_eq!((&state["status"], &state["authorization"]), (&json!("awaiting_authorization"), &Value::Null));
        assert!(scene.now(&request).await.card.offers("approve"), "it can still be decided");

        scene.slack.change(|acme| acme.add_person(bob));
        scene.temporal.signal(&request.id, &approval(&scene)).await;
        scene.ended(&request, "provisioned").await;
    });
}

#[test]
fn a_policy_that_changed_counts_at_the_click() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let request = scene.ask("policy-changes").await;
        let before = policy("");
        let team = format!("\"{}\"", scene.team);
        for (change, word) in [
            (
                before.replacen(&format!("\"{}\", \"{ADA}\"", scene.bob.id()), &format!("\"{ADA}\""), 1),
                "may not decide for",
            ),
            (before.replacen(&format!("[\"{}\"]", scene.alice.id()), "[\"U0STRANGER1\"]", 1), "not a member"),
            (before.replace(&team, "\"another\""), "in the configuration any more"),
            (before.replacen("\"us-east-1\", ", "", 1), "us-east-1"),
            (before.replacen("\"sandbox\", ", "", 1), "sandbox"),
        ] {
            assert_ne!(change, before);
            world.stack.stop_bot().await.unwrap();
            world.stack.configure(&change);
            world.stack.start_bot().await.unwrap();
            no_longer(&scene, &request, word).await;
        }
        // Saying no is always possible.
        scene.reject(&scene.now(&request).await, "not any more").await;
        scene.ended(&request, "rejected").await;
    });
}

/// When the message says that time is up: the first moment in it, Unix seconds.
fn expires_at(request: &Request) -> i64 {
    let text = request.card.text.split("<!date^").nth(1).expect("a moment");
    text.split('^').next().unwrap().parse().unwrap()
}

/// What everybody reads agrees with how the workflow ended.
async fn agree(scene: &Scene, request: &Request) -> String {
    let state: Value = scene.temporal.ended(&request.id).await.unwrap();
    let status = state["status"].as_str().unwrap().to_owned();
    let (word, other) = match &*status {
        "provisioned" => ("approved", "expired"),
        "expired" => ("expired", "approved"),
        _ => panic!("{state:#}"),
    };
    assert_eq!(state["authorization"].is_null(), status == "expired", "{state:#}");
    scene.check(&request.id);
    let card = scene.bob.refresh(&request.card).unwrap();
    let root = scene.alice.refresh(&request.root).unwrap();
    assert!(card.text.to_lowercase().contains(word), "{status}: {}", card.text);
    assert!(root.text.contains(&*status), "{status}: {}", root.text);
    for message in scene.said(&request.id) {
        assert!(!message.text.to_lowercase().contains(other), "{status}: {}", message.text);
    }
    assert_eq!(scene.buckets(&request.id).await.len(), usize::from(status == "provisioned"));
    status
}

#[test]
fn in_the_last_moment_everybody_agrees_who_was_first() {
    const REQUESTS: usize = 20;
    shared(async |scene| {
        let race = async |n: usize| {
            let id = format!("last-moment-{n:010}");
            let mut sent = input(&scene, "last-moment");
            sent["authorizationTimeoutSeconds"] = json!(3);
            scene.temporal.start(&id, &sent).await;
            let root = scene.root_in(&scene.channel, &id).await;
            let card = scene.bob.wait_for_dm(|m| m.payload("request_id") == Some(&*id)).await.unwrap();
            let request = Request { id, root, card };
            scene.select_as_seen(&request).await;
            // Around the end: some before it, some after it, some at once with it.
            let end = Duration::from_secs(expires_at(&request).unsigned_abs());
            let at = end + Duration::from_millis(50 * n as u64);
            tokio::time::sleep(at.saturating_sub(std::time::UNIX_EPOCH.elapsed().unwrap())).await;
            let by_click = n % 2 == 1;
            if by_click {
                let clicked = scene.bob.click_as_seen(&request.card, "approve").await.unwrap();
                assert_eq!(clicked.error, None);
            } else {
                // Refused by Temporal when it is over already.
                let payload = crate::temporal::json_payload(&approval(&scene));
                let _ = scene.temporal.signal_raw(&request.id, "authorize", vec![payload]).await;
            }
            (request, by_click)
        };
        let raced = futures::future::join_all((0..REQUESTS).map(race)).await;
        let mut ended = Vec::new();
        let mut too_late = 0;
        for (request, by_click) in &raced {
            let status = agree(&scene, request).await;
            too_late += usize::from(*by_click && status == "expired");
            ended.push(status);
        }
        // Who approved in time hears nothing, and the others at most once: where the end
        // is not known within Slack's three seconds, the click is only acknowledged.
        let told = scene.said_in_private(scene.bob.id(), &scene.bob.dm_channel());
        let told: Vec<_> = told.into_iter().map(|message| message.text).collect();
        assert!(told.len() <= too_late && told.iter().all(|text| text.contains("has expired")), "{ended:?}\n{told:#?}");
        // Who presses once more hears it.
        for (request, _) in raced.iter().zip(&ended).filter(|(_, status)| *status == "expired").map(|(raced, _)| raced)
        {
            let again = scene.bob.click_as_seen(&request.card, "approve").await.unwrap();
            assert!(ephemeral(&again).contains("has expired"), "{:?}", ephemeral(&again));
        }
    });
}
