//! `kill -9` in the middle of everything: of each step of building and undoing,
//! and of each message between its post and its completion. Afterwards nothing
//! is missing, nothing is there twice, and the thread reads as if nobody had died.

use futures::future::join_all;
use harness::proxy::Fault as S3Fault;
use slack_simulator::{Fault, Message, PATIENCE, Submitted, Workspace};

use crate::building::attention::question;
use crate::building::s3_faults::{LONG, bucket, over};
use crate::world::{Request, Scene, World, alone, eventually, options, policy};

/// A request that nobody disturbs, and what its thread looks like.
async fn undisturbed(world: &World) -> String {
    let scene = world.scene();
    let request = scene.ask("calm").await;
    scene.approve(&request).await;
    over(&scene, &request, "provisioned").await;
    told(&scene, &request)
}

/// The thread, without what differs from request to request.
fn told(scene: &Scene, request: &Request) -> String {
    let application = request.id.rsplit_once('-').unwrap().0;
    scene.thread(request).replace(application, "APPLICATION")
}

/// Waits for the end, and compares what is left of the request with `calm`.
async fn as_if_nobody_died(scene: &Scene, request: &Request, calm: &str) {
    over(scene, request, "provisioned").await;
    assert_eq!(told(scene, request), calm, "{}", scene.slack.dump());
    assert_eq!(scene.roots(&scene.channel).len(), 1, "{}", scene.slack.dump());
    let cards = scene.said(&request.id).iter().filter(|m| m.channel == scene.bob.dm_channel()).count();
    assert_eq!(cards, 1, "{}", scene.slack.dump());
    assert_eq!(scene.buckets(&request.id).await, [bucket(scene, request)]);
    assert_eq!(scene.temporal.count_listed(&request.id).await, 1);
}

/// What the bot asks of S3 in the step that dies, by the request's name.
pub const STEPS: [(&str, &str); 9] = [
    ("creates", "PUT"),
    // Where S3 ignores tags at creation, this is a moment of its own.
    ("claims", "PUT ?tagging"),
    ("tags", "PUT ?tagging"),
    ("blocks", "PUT ?publicAccessBlock"),
    ("owns", "PUT ?ownershipControls"),
    ("encrypts", "PUT ?versioning"),
    ("refuses", "PUT ?policy"),
    ("welcomes", "PUT /index.html"),
    ("verifies", "GET /index.html"),
];

#[test]
fn in_the_middle_of_each_step_of_building() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let calm = undisturbed(world).await;
        let proxy = world.stack.s3_proxy.clone();
        let mut held = Vec::new();
        for (application, step) in STEPS {
            let scene = world.scene();
            let request = scene.ask(application).await;
            let bucket = bucket(&scene, &request);
            if application == "tags" {
                already_claimed(&scene, &request, &bucket).await;
            }
            let before = proxy.held_so_far();
            proxy.hold(&format!("{bucket} {step}"));
            scene.approve(&request).await;
            proxy.wait_for_one(before).await.unwrap();
            held.push((scene, request));
        }
        world.stack.kill_bot().await;
        proxy.open();
        world.stack.start_bot().await.unwrap();
        join_all(held.iter().map(|(scene, request)| as_if_nobody_died(scene, request, &calm))).await;
    });
}

/// The request's bucket as it is behind the first step.
async fn already_claimed(scene: &Scene, request: &Request, bucket: &str) {
    use aws_sdk_s3::types::{Tag, Tagging};
    let s3 = scene.s3("us-east-1");
    s3.create_bucket().bucket(bucket).send().await.unwrap();
    let tag = Tag::builder().key("provision-bot:request").value(&request.id).build().unwrap();
    let tags = Tagging::builder().tag_set(tag).build().unwrap();
    s3.put_bucket_tagging().bucket(bucket).tagging(tags).send().await.unwrap();
}

#[test]
fn in_the_middle_of_each_step_of_undoing() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let proxy = world.stack.s3_proxy.clone();
        let mut held = Vec::new();
        for (application, step, word) in [
            ("dies-in-uploads", "GET ?uploads", "cancelled"),
            ("dies-in-objects", "POST ?delete", "cancelled"),
            ("dies-in-removal", "DELETE", "cancelled"),
            ("dies-given-up", "DELETE", "failed"),
        ] {
            let scene = world.scene();
            let request = scene.ask(application).await;
            let bucket = bucket(&scene, &request);
            let (last, undoing) = (format!("{bucket} GET /index.html"), format!("{bucket} {step}"));
            // Before anybody asks for it: undoing may begin before the click is answered.
            proxy.hold(&undoing);
            match word {
                "cancelled" => {
                    let before = proxy.held_so_far();
                    proxy.hold(&last);
                    scene.approve(&request).await;
                    proxy.wait_for_one(before).await.unwrap();
                    scene.temporal.wait_for(&request.id, "provisioning").await;
                    let root = scene.alice.refresh(&request.root).unwrap();
                    scene.clicks(&scene.alice, &root, "cancel").await;
                }
                _ => {
                    proxy.fail_each(&last, S3Fault::refuse(403, "AccessDenied"));
                    scene.approve(&request).await;
                    let card = question(&scene, &request, None).await;
                    scene.clicks(&scene.bob, &card, "give_up").await;
                }
            }
            proxy.heal_each(&last);
            eventually("the undoing to begin", async || (proxy.met(&undoing) > 0).then_some(())).await;
            assert_eq!(scene.buckets(&request.id).await.len(), 1, "nothing is removed yet");
            held.push((scene, request, word));
        }
        world.stack.kill_bot().await;
        proxy.open();
        world.stack.start_bot().await.unwrap();
        join_all(held.iter().map(async |(scene, request, word)| {
            let outcome = over(scene, request, word).await;
            assert!(outcome.says("Everything that had been built is removed."), "{}", outcome.text);
            let thread = scene.alice.thread(&scene.channel, &request.root.ts).split_off(1);
            assert_eq!(thread.iter().filter(|m| m.says("is removed")).count(), 1, "{}", scene.slack.dump());
            let (application, _) = request.id.rsplit_once('-').unwrap();
            assert_eq!(scene.buckets_for(application).await, Vec::<String>::new());
        }))
        .await;
    });
}

/// Which post is taken by Slack and never answered: how many come before it, once
/// the request is submitted, or approved.
const POSTS: [(&str, bool, usize); 4] =
    [("root", false, 0), ("card", false, 1), ("progress", true, 0), ("outcome", true, 1)];

#[test]
fn between_each_post_and_its_completion() {
    alone(options(&policy("timeout = \"10m\"")), async |world| {
        let calm = undisturbed(world).await;
        let slack = world.stack.slack.clone();
        let die_at = |before: usize| {
            slack.fail_times("chat.postMessage", Fault::None, before);
            slack.fail_next("chat.postMessage", Fault::HangAfterApply);
        };
        let mut held = Vec::new();
        for (part, decided, before) in POSTS {
            let scene = world.scene();
            let request = if decided {
                let request = scene.ask(part).await;
                die_at(before);
                scene.approve(&request).await;
                Some(request)
            } else {
                let form = scene.filled_form(part).await;
                die_at(before);
                assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
                None
            };
            slack.wait_until(&format!("the {part}"), PATIENCE, |acme| posted(acme, part)).await.unwrap();
            held.push((scene, part, request));
        }
        // An edit too: it is simply made again.
        let scene = world.scene();
        let request = scene.ask("edited").await;
        slack.fail_next("chat.update", Fault::HangAfterApply);
        scene.approve(&request).await;
        scene.bob.wait_for_dm(|m| m.ts == request.card.ts && !m.offers("approve")).await.unwrap();
        held.push((scene, "edited", Some(request)));

        world.stack.kill_bot().await;
        slack.heal();
        world.stack.start_bot().await.unwrap();
        join_all(held.into_iter().map(async |(mut scene, part, request)| {
            scene.bob = scene.bob.with_patience(LONG);
            let request = match request {
                Some(request) => request,
                None => {
                    let request = scene.asked(part).await;
                    scene.approve(&request).await;
                    request
                }
            };
            as_if_nobody_died(&scene, &request, &calm).await;
        }))
        .await;
    });
}

/// Whether this part of the request named after it is there.
fn posted(acme: &Workspace, part: &str) -> Option<()> {
    let is_it = |message: &Message| {
        let said = message.metadata.as_ref().and_then(|metadata| metadata["event_payload"]["part"].as_str());
        said.is_some_and(|said| said.trim_end_matches("-1") == part)
            && message.payload("request_id").is_some_and(|id| id.starts_with(part))
    };
    acme.messages.values().flatten().any(is_it).then_some(())
}
