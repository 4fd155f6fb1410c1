//! The other ways to what was built: the command, and programs.

use axum::http::StatusCode;
use serde_json::json;
use slack_simulator::{Message, Person};

use super::removal::{built, lease, said, stands};
use crate::doors::client::{ALL, Program, SEARCH, body, taken};
use crate::world::{Scene, alone, eventually, options, policy};

/// What the command answers somebody privately.
async fn told(scene: &Scene, who: &Person, text: &str) -> Message {
    let answered = who.command(&scene.channel, "/provision", text).await;
    assert!(answered.error.is_none() && answered.modal.is_none(), "{:?}", answered.error);
    answered.ephemeral().expect("an answer").clone()
}

/// What there is, to whom, and what can be pressed there; nothing happens by typing.
#[test]
fn the_command_shows_what_there_is_to_who_may_see_it() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let (request, _) = built(&scene, "shown").await;
        // Temporal's index is behind.
        let listed = eventually("it is listed", async || {
            Some(told(&scene, &scene.alice, "list").await).filter(|m| m.says("*shown* is in use"))
        })
        .await;
        assert!(listed.says(&request.id), "{}", listed.plain());
        for typed in ["status shown", &format!("status {}", request.id)] {
            let one = told(&scene, &scene.alice, typed).await;
            assert!(one.says("has no end") && one.offers("remove") && one.offers("give"), "{typed}: {}", one.plain());
            assert!(!one.offers("keep") && !one.offers("extend"), "{}", one.plain());
        }
        // The last signer may end it, and not give it away.
        let signer = told(&scene, &scene.bob, "status shown").await;
        assert!(signer.offers("remove") && !signer.offers("give"), "{}", signer.plain());
        // Who has nothing to do with it hears what is said of an unknown one.
        let unknown = told(&scene, &scene.alice, "status no-such-1").await.plain();
        let other = world.scene();
        assert_eq!(told(&other, &other.alice, &format!("status {}", request.id)).await.plain(), unknown);
        assert!(!told(&other, &other.alice, "list").await.says("shown"));

        let asked = told(&scene, &scene.alice, "remove shown").await;
        assert!(asked.offers("remove") && !asked.offers("give"), "{}", asked.plain());
        assert_eq!(lease(&scene, &request).await["status"], "active", "nothing happens by typing");
        scene.clicks(&scene.alice, &asked, "remove").await;
        stands(&scene, &request, "closed").await;
        said(&scene, &request, &["is done with"]).await;
        let closed = told(&scene, &scene.alice, "status shown").await;
        assert!(closed.says("is closed") && closed.offers("keep") && !closed.offers("remove"), "{}", closed.plain());
        assert!(told(&scene, &scene.alice, "status").await.says("Say which one"));
        // A name that is a word of the command is asked for all the same.
        let form = scene.form("new list").await;
        assert_eq!(form.value("application_name").unwrap()["value"], "list");
        form.close().await.unwrap();
        scene.said(&request.id);
    });
}

/// A program reads and ends what it asked for, in rounds, and what is not its own is not there.
#[test]
fn a_program_ends_what_it_asked_for() {
    alone(options(&(policy("") + "\n[lease]\nundo = \"30s\"\n")), async |world| {
        let scene = world.scene();
        let program = Program::of(&scene, ALL);
        let id = taken(&program.ask("k", &body(&scene, "by-program")).await);
        let card = scene.bob.wait_for_dm(|m| m.offers("approve") && m.says("by-program")).await.unwrap();
        scene.bob.select(&card, "region", "us-east-1").await.unwrap();
        scene.bob.select(&card, "profile", "sandbox").await.unwrap();
        scene.clicks(&scene.bob, &card, "approve").await;
        program.wait_for(&id, "provisioned").await;
        let path = format!("/leases/{id}");
        let read = eventually("it is there", async || {
            Some(program.get(&path).await).filter(|answer| answer.status == StatusCode::OK)
        })
        .await;
        assert_eq!((&read.body["status"], &read.body["owner"]), (&json!("active"), &json!("client:all")));
        let keys: Vec<&String> = read.body.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 13, "{keys:?}");
        assert_eq!(program.get(&format!("{path}.lease")).await.body, read.body);
        assert_eq!(Program::of(&scene, SEARCH).get(&path).await.status, StatusCode::NOT_FOUND);
        eventually("it is listed", async || {
            let listed = program.get("/leases").await.body;
            listed["items"].as_array()?.iter().any(|it| it["requestId"] == id.as_str()).then_some(())
        })
        .await;

        let acts = format!("{path}/acts");
        let remove = json!({ "act": "remove", "round": 1 });
        for (wrong, field) in [
            (json!({ "act": "remove" }), "round"),
            (json!({ "act": "cancel", "round": 1 }), "act"),
            (json!({ "act": "remove", "round": 1, "seconds": 5 }), "seconds"),
        ] {
            let answer = program.post(&acts, &wrong).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
            assert!(answer.body["fields"][field].is_string(), "{answer:?}");
        }
        let removed = program.post(&acts, &remove).await;
        assert_eq!((removed.status, &removed.body["status"]), (StatusCode::OK, &json!("closed")), "{removed:?}");
        assert_eq!(program.post(&acts, &remove).await.status, StatusCode::OK, "the same once more");
        let late = program.post(&acts, &json!({ "act": "extend", "round": 1 })).await;
        assert_eq!((late.status, &late.body["state"]["status"]), (StatusCode::CONFLICT, &json!("closed")));
        let round = removed.body["round"].clone();
        let kept = program.post(&acts, &json!({ "act": "keep", "round": round })).await;
        assert_eq!((kept.status, &kept.body["status"]), (StatusCode::OK, &json!("active")), "{kept:?}");
        eventually("it is told", async || scene.said(&id).iter().any(|m| m.says("keeps *by-program*")).then_some(()))
            .await;
    });
}
