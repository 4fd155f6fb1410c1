//! Long polls: a program hears at once of what it does not know, and waits for nothing
//! else.

use std::time::Duration;

use axum::http::StatusCode;
use futures::future::join_all;
use harness::proxy::Fault;
use tokio::time::Instant;

use super::client::{CHANNEL, CI, Program, body, taken};
use crate::world::{Request, Scene, alone, options, policy, shared};

async fn waiting(scene: &Scene, name: &str) -> (Program, Request) {
    let ci = Program::of(scene, CI);
    let id = taken(&ci.ask(name, &body(scene, name)).await);
    let card = scene.bob.wait_for_dm(|m| m.offers("approve") && m.payload("request_id") == Some(&id)).await.unwrap();
    (ci, Request { root: scene.root_in(CHANNEL, &id).await, id, card })
}

#[test]
fn what_is_not_known_is_answered_at_once_and_what_is_known_is_waited_on() {
    shared(async |scene| {
        let (ci, request) = waiting(&scene, "poll").await;
        let path = |named: &str| format!("/requests/{}?wait=30s&{named}", request.id);
        for news in ["status=pre_flight", "round=7", "step=3", "status=awaiting_authorization&round=2"] {
            let answer = ci.get(&path(news)).await;
            assert_eq!(answer.body["status"], "awaiting_authorization", "{news}");
        }
        let began = Instant::now();
        let short = ci.get(&format!("/requests/{}?wait=1s&status=awaiting_authorization", request.id)).await;
        assert!(began.elapsed() >= Duration::from_secs(1), "there was no news");
        assert_eq!(short.body["status"], "awaiting_authorization");

        // What changes while somebody waits is told, to each of many.
        let known = path("status=awaiting_authorization&round=1&step=0");
        let everybody = join_all((0..40).map(|_| ci.get(&known)));
        let decided = async {
            // Whoever asked before this has been waiting when it is answered.
            ci.get(&path("status=awaiting_authorization").replace("30s", "1s")).await;
            scene.reject(&request, "no").await;
        };
        let (answers, ()) = tokio::join!(everybody, decided);
        for answer in answers {
            assert_eq!((answer.status, &answer.body["status"]), (StatusCode::OK, &"rejected".into()));
        }
    });
}

#[test]
fn each_step_of_the_work_is_news() {
    shared(async |scene| {
        let (ci, request) = waiting(&scene, "steps").await;
        // S3 asks to slow down at the first step, then at a later one, until each was seen.
        let bucket = crate::building::s3_faults::bucket(&scene, &request);
        let later = format!("{bucket} ?versioning");
        let slow = || Fault::refuse(503, "SlowDown");
        scene.s3_proxy.fail_each(&later, slow());
        scene.s3_proxy.fail_each(&bucket, slow());
        scene.approve(&request).await;
        let news = async |status: &str, step: u64| {
            let answer = ci.get(&format!("/requests/{}?wait=20s&status={status}&step={step}", request.id)).await.body;
            let at = answer["progress"]["step"].as_u64().unwrap_or(0);
            let now = (answer["status"].as_str().unwrap().to_owned(), at);
            assert_ne!(now, (status.to_owned(), step), "no news: {answer}");
            now
        };
        let mut known = news("awaiting_authorization", 0).await;
        while known.1 == 0 {
            known = news(&known.0, known.1).await;
        }
        assert_eq!(known.0, "provisioning");
        scene.s3_proxy.heal_each(&bucket);
        // Nothing but the step has changed.
        let next = news(&known.0, known.1).await;
        assert!(next.0 == "provisioning" && next.1 > known.1, "{known:?} {next:?}");
        scene.s3_proxy.heal_each(&later);
        let mut known = next;
        while known.0 != "provisioned" {
            known = news(&known.0, known.1).await;
        }
    });
}

#[test]
fn a_worker_that_dies_meanwhile_is_waited_for_and_a_bot_that_stops_answers() {
    alone(options(&policy("")), async |world| {
        let scene = world.scene();
        let (ci, request) = waiting(&scene, "across").await;
        let known = format!("/requests/{}?wait=30s&status=awaiting_authorization", request.id);
        let other = world.stack.start_beside(&["run", "--only", "web"]).await.unwrap();
        let beside = Program::new(&other.url(), Some(&super::client::token(CI)));
        let poll = tokio::spawn(async move { beside.get(&known).await });
        let ours = tokio::spawn({
            let (ci, id) = (ci.clone(), request.id.clone());
            async move { ci.get(&format!("/requests/{id}?wait=30s&status=awaiting_authorization")).await }
        });
        // Whoever asked before this has been waiting when it is answered.
        ci.get(&format!("/requests/{}?wait=1s&status=awaiting_authorization", request.id)).await;
        // Who waits for us is answered when we are asked to stop.
        world.stack.stop_bot().await.unwrap();
        assert_eq!(ours.await.unwrap().body["status"], "awaiting_authorization");
        world.stack.start_bot().await.unwrap();
        scene.reject(&request, "no").await;
        assert_eq!(poll.await.unwrap().body["status"], "rejected");
    });
}
