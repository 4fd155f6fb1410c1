//! Messages that people, or the workspace's retention, delete under the bot: who asked
//! learns what came of it, once, and what is said later is said where it can be found.

use std::time::Duration;

use futures::future::join_all;
use harness::stack::StackOptions;
use slack_simulator::{Fault, Message, Workspace};

use crate::faults::told_once::being_built;
use crate::world::{Request, Scene, World, alone, options, policy};

const LONG: Duration = Duration::from_secs(90);

fn stack() -> StackOptions {
    options(&policy("timeout = \"10m\""))
}

fn scene(world: &World) -> Scene {
    world.scene().patient(LONG)
}

fn delete(scene: &Scene, message: &Message) {
    scene.slack.change(|acme| acme.delete(&message.channel, &message.ts));
}

/// The parts of what the bot said about a request, and is still there, in order.
fn parts(scene: &Scene, id: &str) -> Vec<String> {
    let said = scene.said(id).into_iter();
    said.map(|m| m.metadata.unwrap()["event_payload"]["part"].as_str().unwrap().to_owned()).collect()
}

/// A part of a request, once it is said.
async fn part(scene: &Scene, request: &Request, part: &str) -> Message {
    let is_it = |m: &&Message| {
        m.payload("request_id") == Some(&request.id)
            && m.metadata.as_ref().is_some_and(|metadata| metadata["event_payload"]["part"] == part)
    };
    let look = |acme: &Workspace| acme.messages.values().flatten().rfind(is_it).cloned();
    scene.slack.wait_until(part, LONG, look).await.unwrap()
}

async fn over(scene: &Scene, request: &Request, status: &str) -> Message {
    let outcome = part(scene, request, "outcome").await;
    assert!(outcome.says(status), "{}", outcome.text);
    scene.ended(request, status).await;
    outcome
}

/// Before anybody decided. Slack refuses a reply to what is gone, or shows it at the top.
#[test]
fn the_channels_message_deleted_while_the_request_waits() {
    for at_the_top in [false, true] {
        alone(stack(), async |world| {
            world.stack.slack.set_rules(|rules| rules.orphans_at_the_top = at_the_top);
            let approved = async {
                let scene = scene(world);
                let request = scene.ask("approved").await;
                delete(&scene, &request.root);
                scene.approve(&request).await;
                let outcome = over(&scene, &request, "provisioned").await;
                // Written anew, with what came later below it.
                let root = part(&scene, &request, "root").await;
                assert_eq!(outcome.thread_ts, Some(root.ts.clone()), "{}", scene.slack.dump());
                assert!(root.says("provisioned"), "{}", root.text);
                let mut said = parts(&scene, &request.id);
                said.sort_unstable();
                assert_eq!(said, ["card", "outcome", "progress-1", "root"], "{}", scene.slack.dump());
            };
            let rejected = async {
                let scene = scene(world);
                let request = scene.ask("rejected").await;
                delete(&scene, &request.root);
                scene.reject(&request, "Too dear").await;
                let outcome = over(&scene, &request, "rejected").await;
                // There is nothing more to say: it stands for itself.
                assert_eq!((outcome.channel.as_str(), outcome.thread_ts), (scene.channel.as_str(), None));
                assert_eq!(parts(&scene, &request.id), ["card", "outcome"], "{}", scene.slack.dump());
            };
            let cancelled = async {
                let scene = scene(world);
                let request = scene.ask("cancelled").await;
                delete(&scene, &request.root);
                // The answer is lost, too.
                scene.slack.fail_times_in(&scene.channel, "chat.postMessage", Fault::DropAfterApply, 1);
                scene.temporal.cancel(&request.id).await;
                over(&scene, &request, "cancelled").await;
                assert_eq!(parts(&scene, &request.id), ["card", "outcome"], "{}", scene.slack.dump());
            };
            let private = async {
                let scene = scene(world);
                let request = scene.ask("private").await;
                delete(&scene, &request.root);
                scene.slack.change(|acme| acme.channels.get_mut(&scene.channel).unwrap().is_restricted = true);
                scene.approve(&request).await;
                let outcome = over(&scene, &request, "provisioned").await;
                assert_eq!(outcome.channel, scene.alice.dm_channel());
                let count = parts(&scene, &request.id).iter().filter(|part| *part == "outcome").count();
                assert_eq!(count, 1, "{}", scene.slack.dump());
            };
            tokio::join!(approved, rejected, cancelled, private);
        });
    }
}

/// While it is built: what replies hang on stays as a gap, and they are seen there; once
/// there are none, nothing stays.
#[test]
fn messages_deleted_while_the_request_is_built() {
    alone(stack(), async |world| {
        let whats = [["root"].as_slice(), &["progress-1"], &["card"], &["root", "progress-1"], &["progress-1", "root"]];
        let building = join_all(whats.map(async |what| {
            let scene = scene(world);
            let request = being_built(&scene, &what.join("-")).await;
            for gone in what {
                delete(&scene, &part(&scene, &request, gone).await);
            }
            (scene, request)
        }))
        .await;
        world.stack.s3_proxy.open();
        join_all(building.iter().map(async |(scene, request)| {
            let outcome = over(scene, request, "provisioned").await;
            assert_eq!(outcome.channel, scene.channel);
            let count = parts(scene, &request.id).iter().filter(|part| *part == "outcome").count();
            assert_eq!(count, 1, "{}", scene.slack.dump());
        }))
        .await;
    });
}

/// Nobody can answer on a card that is not there.
#[test]
fn the_card_deleted_is_there_again_with_the_reminder() {
    alone(options(&policy("timeout = \"10m\"\nreminder = \"4s\"")), async |world| {
        let [deleted, kept] = [scene(world), scene(world)];
        let one = async {
            let mut request = deleted.ask("deleted").await;
            delete(&deleted, &request.card);
            request.card = part(&deleted, &request, "card").await;
            part(&deleted, &request, "reminded").await;
            deleted.approve(&request).await;
            over(&deleted, &request, "provisioned").await;
        };
        let other = async {
            let request = kept.ask("kept").await;
            part(&kept, &request, "reminded").await;
            kept.approve(&request).await;
            over(&kept, &request, "provisioned").await;
        };
        tokio::join!(one, other);
        for scene in [deleted, kept] {
            // The card and the reminder.
            assert_eq!(scene.bob.dm_with_bot().len(), 2, "{}", scene.slack.dump());
        }
    });
}

/// A channel that is archived, or that the bot is thrown out of.
#[test]
fn a_channel_that_is_closed_leaves_the_requesters_direct_messages() {
    alone(stack(), async |world| {
        let codes = ["is_archived", "channel_not_found", "not_in_channel", "restricted_action_thread_locked"];
        join_all(codes.map(async |code| {
            let scene = scene(world);
            let request = scene.ask(&code.replace('_', "-")).await;
            let edits = if code == "is_archived" { "is_inactive" } else { code };
            scene.slack.fail_in(&scene.channel, "chat.postMessage", Fault::Error(code.into()));
            scene.slack.fail_in(&scene.channel, "chat.update", Fault::Error(edits.into()));
            scene.slack.fail_times_in(scene.alice.id(), "chat.postMessage", Fault::DropAfterApply, 1);
            scene.reject(&request, "Too dear").await;
            let outcome = part(&scene, &request, "outcome").await;
            assert_eq!(outcome.channel, scene.alice.dm_channel());
            assert_eq!(scene.temporal.ended(&request.id).await.unwrap()["status"], "rejected");
            assert_eq!(parts(&scene, &request.id), ["root", "card", "outcome"], "{}", scene.slack.dump());
        }))
        .await;
    });
}
