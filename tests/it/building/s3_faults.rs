//! S3 on a bad day: what passes is ridden out, what does not goes to a person,
//! who reads which step failed, why, and what to do about it.

use std::time::Duration;

use futures::future::join_all;
use harness::proxy::Fault::{self, LoseAnswer, Swallow};
use harness::stack::StackOptions;
use serde_json::Value;
use slack_simulator::{Message, Submitted};

use crate::building::attention::{question, stuck, with_a_lost_profile};
use crate::world::{Request, Scene, alone, options, shared};

/// Five attempts with their pauses, or ten seconds of silence, on a busy machine.
pub const LONG: Duration = Duration::from_secs(60);
/// A queue that nobody polls is given up after a minute.
const LONGER: Duration = Duration::from_secs(120);

/// The bucket of a request.
pub fn bucket(scene: &Scene, request: &Request) -> String {
    let (application, suffix) = request.id.rsplit_once('-').unwrap();
    format!("app-{application}-{}-{suffix}", scene.team)
}

/// Bob approves a request, for this region.
pub async fn approve_in(scene: &Scene, request: &Request, region: &str) {
    scene.bob.select(&request.card, "region", region).await.unwrap();
    scene.bob.select(&request.card, "profile", "sandbox").await.unwrap();
    scene.clicks(&scene.bob, &request.card, "approve").await;
}

/// Waits until a request is over, with as much patience as retries need.
pub async fn over(scene: &Scene, request: &Request, word: &str) -> Message {
    over_within(LONG, scene, request, word).await
}

/// The same, with this much patience.
pub async fn over_within(patience: Duration, scene: &Scene, request: &Request, word: &str) -> Message {
    let ends = |m: &Message| m.ts != request.root.ts && m.text.contains(word);
    let patient = scene.alice.with_patience(patience);
    let outcome = patient.wait_for_in_thread(&request.root.channel, &request.root.ts, ends).await.unwrap();
    scene.ended(request, word).await;
    outcome
}

/// The request was provisioned: one bucket, and nobody was bothered.
async fn went_through(scene: &Scene, request: &Request) {
    over(scene, request, "provisioned").await;
    assert_eq!(scene.buckets(&request.id).await, [bucket(scene, request)]);
    for message in scene.said(&request.id) {
        assert!(!message.says("needs a hand"), "{}", message.plain());
    }
}

/// The question about a request that is stuck: the authorizer's card, the thread
/// and the query say the step, the cause and what to do.
async fn told(scene: &Scene, request: &Request, step: &str, cause: &str, advice: &str) -> Message {
    let mut patient = scene.clone();
    patient.bob = scene.bob.with_patience(LONGER);
    let card = question(&patient, request, None).await;
    let stopped = |m: &Message| m.text.contains("Building stopped");
    let note = scene.alice.wait_for_in_thread(&scene.channel, &request.root.ts, stopped).await.unwrap();
    for words in [step, cause, advice] {
        assert!(card.plain().contains(words), "the card does not say {words}: {}", card.plain());
        assert!(note.plain().contains(words), "the thread does not say {words}: {}", note.plain());
    }
    let failure = scene.temporal.wait_for(&request.id, "needs_attention").await["failure"].take();
    assert_eq!(failure["step"].as_str().unwrap_or_default(), step, "{failure:#}");
    card
}

/// How often Temporal tried the provisioner before a person was asked.
async fn tries(scene: &Scene, request: &Request) -> i64 {
    let history = scene.temporal.history(&request.id).await;
    let events: Vec<&Value> = history["events"].as_array().unwrap().iter().collect();
    let attributes = |event: &Value, kind: &str| event["attributes"][format!("{kind}EventAttributes")].clone();
    let scheduled = events.iter().find(|e| attributes(e, "ActivityTaskScheduled")["activity_id"] == "provision-1");
    let id = &scheduled.expect("the provisioner was called")["event_id"];
    let started = events.iter().find(|e| attributes(e, "ActivityTaskStarted")["scheduled_event_id"] == *id);
    attributes(started.expect("it was started"), "ActivityTaskStarted")["attempt"].as_i64().unwrap()
}

#[test]
fn what_passes_is_ridden_out() {
    shared(async |scene| {
        let mut requests = Vec::new();
        for (name, words, fault, times) in [
            // The SDK tries three times: four need Temporal too.
            ("slowed-down", "", Fault::refuse(503, "SlowDown"), 4),
            ("broken-inside", "", Fault::refuse(500, "InternalError"), 4),
            ("unanswered", "PUT ?encryption", Swallow, 1),
            ("unheard", "PUT ?publicAccessBlock", LoseAnswer, 4),
            ("just-deleted", "PUT", Fault::refuse(409, "OperationAborted"), 2),
        ] {
            let what = format!("app-{name} {words}");
            scene.s3_proxy.fail_times(&what, fault, times);
            let request = scene.ask(name).await;
            scene.approve(&request).await;
            requests.push((request, what, times));
        }
        join_all(requests.iter().map(|(request, what, times)| {
            let scene = &scene;
            async move {
                went_through(scene, request).await;
                assert_eq!(scene.s3_proxy.met(what), *times, "{what}");
            }
        }))
        .await;
    });
}

#[test]
fn an_answer_lost_after_creating_makes_no_second_bucket() {
    shared(async |scene| {
        let mut requests = Vec::new();
        // One that the SDK repeats, and three that only Temporal does.
        for (name, region, times) in [
            ("lost-once-east", "us-east-1", 1),
            ("lost-once-west", "eu-west-1", 1),
            ("lost-thrice-east", "us-east-1", 3),
            ("lost-thrice-west", "eu-west-1", 3),
        ] {
            let what = format!("PUT app-{name}");
            scene.s3_proxy.fail_times(&what, LoseAnswer, times);
            let request = scene.ask(name).await;
            approve_in(&scene, &request, region).await;
            requests.push((request, what, times));
        }
        for (request, what, times) in requests {
            went_through(&scene, &request).await;
            assert_eq!(scene.s3_proxy.met(&what), times, "{what}");
        }
    });
}

#[test]
fn what_does_not_pass_goes_to_a_person() {
    const NOWHERE: &str = "\n[[blueprints]]\nid = \"bucket\"\nname = \"Bucket\"\n\
         \n[[blueprints]]\nid = \"nowhere\"\nname = \"Nowhere\"\ntask_queue = \"nobodys\"\n";
    let config = with_a_lost_profile() + NOWHERE;
    let quiet = StackOptions { log: "off".to_owned(), ..options(&config) };
    alone(quiet, async |world| {
        let scenes: [Scene; 3] = std::array::from_fn(|_| world.scene());
        let rest = async {
            for_a_person_at_once(&scenes[1]).await;
            for_a_person_after_some_tries(&scenes[2]).await;
        };
        futures::join!(nobody_polls(&scenes[0]), rest);
    });
}

async fn nobody_polls(scene: &Scene) {
    let form = scene.filled_form("queued").await;
    form.choose("blueprint", "nowhere").await.unwrap();
    assert_eq!(form.submit().await.unwrap(), Submitted::Closed);
    let request = scene.asked("queued").await;
    scene.approve(&request).await;
    told(scene, &request, "", "Nobody takes work from the task queue \"nobodys\"", "start its worker").await;
}

async fn for_a_person_at_once(scene: &Scene) {
    for (name, words, (status, code), step, advice) in [
        ("expired", "PUT ?versioning", (400, "ExpiredToken"), "Turning on encryption and versions", "Renew the cred"),
        ("denied", "PUT ?ownershipControls", (403, "AccessDenied"), "Enforcing owner-only access", "Give the AWS prof"),
        ("bad-keys", "PUT", (403, "InvalidAccessKeyId"), "Creating the bucket", "Check the access key"),
    ] {
        let what = format!("app-{name} {words}");
        scene.s3_proxy.fail_each(&what, Fault::refuse(status, code));
        let request = scene.ask(name).await;
        scene.approve(&request).await;
        let card = told(scene, &request, step, &format!("S3 answered {code}: {code}, says S3"), advice).await;
        assert!(card.says("\"sandbox\""), "whose credentials: {}", card.plain());
        assert_eq!((tries(scene, &request).await, scene.s3_proxy.met(&what)), (1, 1), "{code} is not tried again");
        // The cause is gone, and nothing has to be restarted.
        scene.s3_proxy.heal_each(&what);
        // It goes on with the step that failed: one that was done is not done again.
        let done = format!("app-{name} PUT ?tagging");
        let past_it = step != "Creating the bucket";
        if past_it {
            scene.s3_proxy.fail_each(&done, Fault::refuse(403, "AccessDenied"));
        }
        scene.clicks(&scene.bob, &card, "retry").await;
        over(scene, &request, "provisioned").await;
        assert!(!past_it || scene.s3_proxy.met(&done) == 0, "{name}: the tags were set again");
        scene.s3_proxy.heal_each(&done);
        assert_eq!(scene.buckets(&request.id).await.len(), 1);
    }
    let (request, _) = stuck(scene, "no-such-profile").await;
    let cause = "the AWS profile \"lost\" gives no credentials";
    told(scene, &request, "Creating the bucket", cause, "Check the profile \"lost\" in the AWS configuration").await;
    assert_eq!(tries(scene, &request).await, 1);
}

async fn for_a_person_after_some_tries(scene: &Scene) {
    let mut requests = Vec::new();
    for (name, words, fault, step, cause, advice) in [
        (
            "throttled",
            "PUT ?publicAccessBlock",
            Fault::refuse(503, "SlowDown"),
            "Blocking public access",
            "SlowDown",
            "usually passes",
        ),
        (
            "broken",
            "PUT ?encryption",
            Fault::refuse(500, "InternalError"),
            "Turning on encryption and versions",
            "InternalError",
            "usually passes",
        ),
        (
            "in-new-words",
            "PUT ?ownershipControls",
            Fault::refuse(418, "NobodyThoughtOfThis"),
            "Enforcing owner-only access",
            "S3 answered NobodyThoughtOfThis",
            "Check what S3 says against the setup of profile \"sandbox\"",
        ),
        (
            "cut-short",
            "PUT ?policy",
            LoseAnswer,
            "Refusing plain HTTP",
            "no usable answer",
            "Check that the provisioner reaches S3",
        ),
    ] {
        let what = format!("app-{name} {words}");
        scene.s3_proxy.fail_each(&what, fault);
        let request = scene.ask(name).await;
        scene.approve(&request).await;
        requests.push((request, what, step, cause, advice));
    }
    for (request, what, step, cause, advice) in requests {
        let card = told(scene, &request, step, cause, advice).await;
        assert_eq!(tries(scene, &request).await, 5, "{step}");
        let (s3, bucket) = (scene.s3("us-east-1"), bucket(scene, &request));
        s3.put_object().bucket(&bucket).key("meanwhile").send().await.unwrap();
        scene.s3_proxy.heal_each(&what);
        if cause == "SlowDown" {
            // It goes on with the bucket that is there.
            scene.clicks(&scene.bob, &card, "retry").await;
            over(scene, &request, "provisioned").await;
            let asked = scene.bob.refresh(&card).unwrap();
            assert!(asked.says("is provisioned: trying again helped"), "{}", asked.plain());
            s3.head_object().bucket(&bucket).key("meanwhile").send().await.expect("the same bucket");
            assert_eq!(scene.buckets(&request.id).await, [bucket]);
        } else {
            // Given up: what is there goes, with whatever is in it.
            scene.clicks(&scene.bob, &card, "give_up").await;
            let outcome = over(scene, &request, "failed").await;
            assert!(outcome.says("Everything that had been built is removed."), "{}", outcome.plain());
            assert!(s3.head_bucket().bucket(&bucket).send().await.is_err(), "{bucket} is still there");
        }
    }
}

#[test]
fn what_s3_says_is_harmless_and_says_that_it_was_cut() {
    shared(async |scene| {
        let hostile = format!("<!channel> <@U0ADMIN0001> *bold* <https://evil|click> `{}", "long & ".repeat(5000));
        let what = "app-hostile-words PUT ?policy";
        scene.s3_proxy.fail_each(what, Fault::Refuse { status: 403, code: "AccessDenied".into(), message: hostile });
        let request = scene.ask("hostile-words").await;
        scene.approve(&request).await;
        let card = told(&scene, &request, "Refusing plain HTTP", "<!channel> <@U0ADMIN0001> *bold*", "Give the").await;
        assert!(card.plain().contains("… (cut)"), "{}", card.plain());
        scene.clicks(&scene.bob, &card, "give_up").await;
        let outcome = over(&scene, &request, "failed").await;
        assert!(outcome.plain().contains("*bold*") && outcome.plain().contains("… (cut)"), "{}", outcome.plain());
        for message in scene.said(&request.id) {
            for markup in ["<!channel>", "<@U0ADMIN0001>", "<https://evil"] {
                assert!(!message.text.contains(markup), "{}", message.text);
            }
            for text in markup_in(&message.blocks) {
                let bad = ["channel>", "<@U0ADMIN0001>", "*bold*", "evil"].iter().find(|bad| text.contains(**bad));
                assert!(bad.is_none(), "{bad:?} is read as markup: {text}");
            }
        }
    });
}

/// Every text of blocks in which Slack reads markup.
fn markup_in(blocks: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo: Vec<&Value> = blocks.iter().collect();
    while let Some(value) = todo.pop() {
        if value["type"] == "mrkdwn" {
            found.push(value["text"].as_str().unwrap().to_owned());
        }
        match value {
            Value::Array(items) => todo.extend(items),
            Value::Object(members) => todo.extend(members.values()),
            _ => {}
        }
    }
    found
}
