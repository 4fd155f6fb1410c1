//! What has an end: it is said before, and comes step by step.

use axum::http::StatusCode;
use serde_json::json;
use slack_simulator::Submitted;

use super::removal::{built, lease, said, stands};
use crate::doors::client::{ALL, Program, body};
use crate::world::{alone, options, policy};

#[test]
fn a_whole_life_in_seconds() {
    let terms =
        "\n[lease]\nlifetime = \"8s\"\nwarn = [\"3s\"]\nread_only = \"2s\"\nclosed = \"2s\"\nfree_extensions = 1\n";
    alone(options(&(policy("") + terms)), async |world| {
        let scene = world.scene();
        let (request, _) = built(&scene, "short").await;
        let state = lease(&scene, &request).await;
        assert!(state["endsAt"].is_string() && state["nextStepAt"] == state["endsAt"], "{state:#}");
        said(&scene, &request, &["*short* ends", "read-only"]).await;
        said(&scene, &request, &["*short* is read-only", "Reading works"]).await;
        said(&scene, &request, &["*short* is closed"]).await;
        said(&scene, &request, &["*short* is removed", "Looked twice"]).await;
        let state = stands(&scene, &request, "removed").await;
        assert_eq!(state["extensions"], json!(0));
        assert!(scene.buckets(&request.id).await.is_empty());
        scene.temporal.ended(&format!("{}.lease", request.id)).await.expect("its life is over");
        scene.said(&request.id);
    });
}

/// For how long is asked in the form, shown on the card, signed, and counted from the approval.
#[test]
fn for_how_long_is_asked_shown_and_signed() {
    let terms = "\n[lease]\nlifetime = \"30days\"\nlongest = \"90days\"\n";
    alone(options(&(policy("") + terms)), async |world| {
        let scene = world.scene();
        let form = scene.form("wanted").await;
        scene.fill(&form).await;
        assert_eq!(form.value("lifetime").unwrap()["selected_option"]["value"], "2592000", "as it is proposed");
        form.choose("lifetime", "604800").await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("wanted").await;
        assert!(request.card.says("7 days"), "{}", request.card.plain());
        let state = scene.temporal.state(&request.id).await.unwrap();
        assert_eq!(state["offer"]["lifetimeSeconds"], 604_800);
        scene.approve(&request).await;
        scene.outcome(&request, "provisioned").await;
        let ended = scene.ended(&request, "provisioned").await;
        let state = lease(&scene, &request).await;
        let at = |value: &serde_json::Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
        assert_eq!(at(&state["endsAt"]) - at(&ended["authorization"]["at"]), 604_800);

        // A program asks by the same rules.
        let program = Program::of(&scene, ALL);
        let mut asked = body(&scene, "too-long");
        for (lifetime, words) in [(json!(7_776_001), "90 days"), (json!("never"), "90 days"), (json!("soon"), "")] {
            asked["lifetimeSeconds"] = lifetime;
            let answer = program.ask("k", &asked).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
            assert!(answer.body["fields"]["lifetimeSeconds"].as_str().unwrap().contains(words), "{answer:?}");
        }
    });
}
