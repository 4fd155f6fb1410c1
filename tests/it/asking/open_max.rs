//! How many requests one person may have open: in the form, in the workflow for whoever
//! starts it otherwise, and when many are sent at once.

use std::collections::BTreeSet;

use futures::future::join_all;
use harness::stack::StackOptions;
use serde_json::Value;
use slack_simulator::deliveries::INTERACTIONS;
use slack_simulator::{Delivery, Submitted};

use crate::temporal::input;
use crate::world::{Scene, alone, eventually, options, policy};

fn at_most(count: usize) -> StackOptions {
    options(&policy(&format!("open_max = {count}")))
}

/// What is said under the name of the application to one more form.
async fn refused(scene: &Scene, application: &str) -> String {
    let form = scene.filled_form(application).await;
    let Submitted::Errors(errors) = form.submit().await.unwrap() else { panic!("{application} was taken") };
    form.close().await.unwrap();
    errors["application_name"].clone()
}

#[test]
fn one_person_has_only_so_many_open_and_reads_what_to_do() {
    alone(at_most(2), async |world| {
        let scene = world.scene();
        let first = scene.ask("first").await;
        let second = scene.ask("second").await;
        let said = refused(&scene, "third").await;
        assert!(said.contains("2 open requests") && said.contains("cancel"), "{said}");
        assert_eq!(scene.temporal.count("third").await, 0);

        // It is no limit on others.
        let other = world.scene();
        other.reject(&other.ask("elsewhere").await, "no").await;

        // Nor after a restart, nor once one is over: at once, though the index is behind.
        world.stack.stop_bot().await.unwrap();
        world.stack.start_bot().await.unwrap();
        assert!(refused(&scene, "third").await.contains("2 open requests"));
        scene.reject(&first, "no").await;
        scene.ended(&first, "rejected").await;
        // What was found to be full is not looked at again for a moment.
        let third = eventually("room for one more", async || {
            let form = scene.filled_form("third").await;
            let sent = form.submit().await.unwrap();
            if sent != Submitted::Closed {
                form.close().await.unwrap();
                return None;
            }
            Some(scene.asked("third").await)
        })
        .await;
        // A form that arrives twice is one request still.
        let sent =
            |d: &&Delivery| d.payload()["type"] == "view_submission" && d.payload()["user"]["id"] == scene.alice.id();
        let sent = scene.slack.deliveries().iter().rev().find(sent).unwrap().clone();
        let again = scene.slack.redeliver(&sent).await;
        assert_eq!((again.status, again.answer.as_str()), (Some(200), ""));
        // What an operator ended is over as well.
        scene.temporal.terminate(&second.id).await;
        eventually("room for one more", async || {
            let form = scene.filled_form("fourth").await;
            let closed = form.submit().await.unwrap() == Submitted::Closed;
            if !closed {
                form.close().await.unwrap();
            }
            closed.then_some(())
        })
        .await;
        scene.asked("fourth").await;
        scene.reject(&third, "no").await;
    });
}

/// The forms that one person sends at the same moment: as many copies of a form that
/// was sent, each as if it were another one.
async fn send(scene: &Scene, count: usize) -> Vec<Delivery> {
    let form = scene.filled_form("Not A Name").await;
    let Submitted::Errors(_) = form.submit().await.unwrap() else { panic!("it was taken") };
    form.close().await.unwrap();
    let mine =
        |d: &&Delivery| d.payload()["type"] == "view_submission" && d.payload()["user"]["id"] == scene.alice.id();
    let sent = scene.slack.deliveries().iter().rev().find(mine).unwrap().payload();
    let copies = (0..count).map(|n| {
        let mut copy: Value = sent.clone();
        copy["view"]["id"] = format!("V0FLOOD{n:05}").into();
        copy["view"]["state"]["values"]["application_name"]["application_name"]["value"] = "flood".into();
        async move { scene.slack.deliver_payload(INTERACTIONS, &copy).await }
    });
    join_all(copies).await
}

#[test]
fn of_many_forms_sent_at_once_only_so_many_become_requests() {
    const SENT: usize = 40;
    alone(at_most(3), async |world| {
        let scene = world.scene();
        let answers = send(&scene, SENT).await;
        let taken = answers.iter().filter(|answer| answer.answer.is_empty() && answer.status == Some(200)).count();
        assert_eq!(taken, 3, "{answers:?}");
        for answer in answers.iter().filter(|answer| !answer.answer.is_empty()) {
            assert!(answer.answer.contains("3 open requests") || answer.answer.contains("try again"), "{answer:?}");
        }
        let waiting = eventually("three requests", async || {
            let cards = scene.bob.dm_with_bot().into_iter().filter(|m| m.offers("approve"));
            let ids: BTreeSet<String> =
                cards.filter_map(|card| card.payload("request_id").map(str::to_owned)).collect();
            (ids.len() >= 3).then_some(ids)
        })
        .await;
        assert_eq!(waiting.len(), 3);
        assert_eq!(scene.temporal.count_listed("flood-").await, 3, "no more than these were begun");
    });
}

/// Whoever starts workflows past the form is held to it by the workflow.
#[test]
fn what_was_started_past_the_form_is_counted_and_refused() {
    const STARTED: usize = 8;
    alone(at_most(3), async |world| {
        let scene = world.scene();
        let ids: Vec<String> = (0..STARTED).map(|n| format!("past-the-form-{n:010}")).collect();
        let input = input(&scene, "past-the-form");
        join_all(ids.iter().map(|id| scene.temporal.start(id, &input))).await;
        let judged = async || {
            let states = join_all(ids.iter().map(|id| scene.temporal.state(id))).await;
            let states: Vec<Value> = states.into_iter().collect::<Result<_, _>>().ok()?;
            states.iter().all(|state| state["status"] != "pre_flight").then_some(states)
        };
        let states = eventually("all to be judged", judged).await;
        let count = |status: &str| states.iter().filter(|state| state["status"] == status).count();
        assert_eq!((count("awaiting_authorization"), count("failed")), (3, STARTED - 3), "{states:#?}");
        for (id, state) in ids.iter().zip(&states) {
            let root = scene.root_in(&scene.channel, id).await;
            if state["status"] == "failed" {
                let cause = state["failure"]["cause"].as_str().unwrap();
                assert!(cause.contains("3 open requests"), "{cause}");
                assert!(root.says("3 open requests"), "{}", root.plain());
            }
        }
        assert!(refused(&scene, "one-more").await.contains("3 open requests"));
    });
}
