//! Texts that want to be more than texts, from whoever can write one: typed, sent
//! by another client, configured, a display name, an error of AWS.

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use harness::stack::StackOptions;
use serde_json::{Value, json};
use slack_simulator::{Profile, Submitted};

use crate::building::attention::question;
use crate::properties::{assert_harmless, assert_markup, assert_seen};
use crate::temporal::input;
use crate::world::{Request, Scene, alone_with, options, policy};

const NASTY: &str = "<!channel> <@UEVIL> *bold* <https://evil.example|click> ```fence``` & &amp; \
                     \u{202e}gnp.exe\u{202c} \u{200b}\u{2066}\0\u{7}\u{1b}[31m 😀👩‍👩‍👧‍👦 {{request_id}} :tada:";
/// What is still there of it, read by a person.
const KEPT: &str = "<!channel> <@UEVIL> *bold*";
/// The same, as a name in the configuration may be.
const NAMED: &str = "<!channel> *A* <https://evil.example|b> & ```c```";

/// An S3 that refuses everything, in words of its own.
async fn refusing_s3() -> String {
    let refuse = |headers: HeaderMap| async move {
        // As AWS does, it says which key was used.
        let signed = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let key = signed.split("Credential=").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let said: String = NASTY.chars().filter(|c| !c.is_control()).collect::<String>() + &"&".repeat(3_000);
        let said = said.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let body = format!(
            "<Error><Code>AccessDenied</Code><Message>{said}</Message><AWSAccessKeyId>{key}</AWSAccessKeyId></Error>"
        );
        (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "application/xml")], body)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(refuse)).await });
    url
}

async fn hostile_stack() -> (StackOptions, ()) {
    let config = policy("").replace("\"Team 0\"", &json!(NAMED).to_string())
        + &format!("\n[[blueprints]]\nid = \"bucket\"\nname = {}\ndescription = {}\n", json!(NAMED), json!(NAMED));
    let env = vec![("AWS_ENDPOINT_URL".to_owned(), refusing_s3().await)];
    (StackOptions { env, ..options(&config) }, ())
}

/// What the bot sent of text and blocks in all its calls, each of which Slack took.
fn assert_calls_are_harmless(scene: &Scene) {
    let read = |value: &Value| match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.clone(),
    };
    for call in scene.slack.calls() {
        if call.method.starts_with("chat.") || call.method.starts_with("views.") {
            assert!(call.ok(), "{} {}\n{}", call.method, call.answer, call.args);
        }
        if let Some(text) = call.args["text"].as_str() {
            assert_seen(text);
            assert_markup(text);
            assert!(text.chars().count() <= 4_000, "{}", call.method);
        }
        assert_harmless(&read(&call.args["blocks"]));
        assert_harmless(&read(&call.args["view"]));
    }
}

fn all_that_is_said(scene: &Scene, request: &Request) -> String {
    scene.said(&request.id).iter().map(|message| message.plain() + "\n" + &message.text + "\n").collect()
}

#[test]
fn hostile_texts_reach_slack_as_texts_from_everywhere() {
    alone_with(hostile_stack, async |world, ()| {
        let scene = world.scene();
        scene.slack.change(|acme| {
            acme.add_person(Profile::member(scene.bob.id(), "bob0", NASTY));
            acme.add_person(Profile::member(scene.alice.id(), "alice0", NASTY));
        });

        // A bad name is refused in words, and everything typed stays.
        let form = scene.form("").await;
        scene.fill(&form).await;
        form.fill("justification", NASTY).await.unwrap();
        for name in [NASTY, "<!here>", "a\u{202e}b", "\0\0\0\0", "*bold*", "😀😀😀"] {
            form.fill("application_name", name).await.unwrap();
            let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("{name:?} was taken") };
            assert!(errors["application_name"].contains("lower-case"), "{name:?}: {errors:?}");
            assert_seen(&errors["application_name"]);
            assert_eq!(form.value("application_name").unwrap()["value"], name);
            assert_eq!(form.value("justification").unwrap()["value"], NASTY);
        }
        form.fill("application_name", "typed").await.unwrap();
        assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
        let request = scene.asked("typed").await;
        assert!(request.card.plain().contains(KEPT), "it can still be read: {}", request.card.plain());
        scene.reject(&request, NASTY).await;
        assert!(scene.outcome(&request, "rejected").await.plain().contains(KEPT));
        scene.ended(&request, "rejected").await;

        // Another client knows no limits.
        let long = [NASTY.to_owned(), "x".repeat(3_000), "&".repeat(30_000), "😀".repeat(30_000), NASTY.repeat(200)];
        for (n, text) in long.iter().enumerate() {
            let id = format!("sent-{n:010}");
            let mut sent = input(&scene, "sent");
            sent["justification"] = json!(text);
            scene.temporal.start(&id, &sent).await;
            let root = scene.root_in(&scene.channel, &id).await;
            let card = scene.bob.wait_for_dm(|m| m.payload("request_id") == Some(&*id)).await.unwrap();
            let request = Request { id: id.clone(), root, card };
            let because = |reason: &str| json!({ "decision": "reject", "decidedBy": scene.bob.id(), "reason": reason });
            let kept: String = text.chars().take(3_000).collect();
            if kept != *text {
                scene.temporal.signal(&id, &because(text)).await;
                assert_eq!(scene.temporal.state(&id).await.unwrap()["status"], "awaiting_authorization", "too long");
            }
            scene.temporal.signal(&id, &because(&kept)).await;
            let outcome = scene.outcome(&request, "rejected").await;
            scene.ended(&request, "rejected").await;
            if n > 0 {
                assert!(outcome.plain().contains("… (cut)"), "{}", outcome.plain());
                assert!(request.card.plain().contains("… (cut)"), "{}", request.card.plain());
            }
        }

        // The error of AWS, at every place where it is told.
        let request = scene.ask("refused").await;
        scene.approve(&request).await;
        let card = question(&scene, &request, None).await;
        assert!(card.plain().contains("AccessDenied"), "{}", card.plain());
        scene.clicks(&scene.bob, &card, "give_up").await;
        scene.outcome(&request, "failed").await;
        scene.ended(&request, "failed").await;
        let said = all_that_is_said(&scene, &request);
        assert!(said.contains(KEPT) && said.contains("… (cut)"), "{said}");
        assert!(!said.contains("demo-sandbox"), "the access key is told: {said}");

        assert_calls_are_harmless(&scene);
    });
}
