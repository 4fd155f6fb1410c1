//! What is left when a request has ended without success: nothing of its own, all
//! that is others', and what could not be removed is named.

use harness::proxy::Fault;

use crate::building::attention::question;
use crate::building::s3_faults::{bucket, over};
use crate::world::{eventually, shared};

#[test]
fn what_could_not_be_removed_is_named() {
    shared(async |scene| {
        let s3 = scene.s3("us-east-1");
        // Given up, and it may not be deleted.
        scene.s3_proxy.fail_each("app-left-over PUT ?versioning", Fault::refuse(403, "AccessDenied"));
        scene.s3_proxy.fail_each("app-left-over DELETE", Fault::refuse(403, "AccessDenied"));
        let request = scene.ask("left-over").await;
        scene.approve(&request).await;
        let card = question(&scene, &request, None).await;
        scene.clicks(&scene.bob, &card, "give_up").await;
        let outcome = over(&scene, &request, "failed").await;
        let bucket_ = bucket(&scene, &request);
        for words in [&format!("Still there: {bucket_}"), "AccessDenied, says S3", "Not everything"] {
            assert!(outcome.plain().contains(words), "{words}: {}", outcome.plain());
        }
        s3.head_bucket().bucket(&bucket_).send().await.expect("it is as the thread says");

        // Withdrawn while it was being built: the same; and what passes, passes.
        for (name, fault, times, remains) in [
            ("left-behind", Fault::refuse(403, "AccessDenied"), 1, true),
            ("slow-to-go", Fault::refuse(503, "SlowDown"), 4, false),
        ] {
            let (held, kept) = (format!("app-{name} PUT ?versioning"), format!("app-{name} DELETE"));
            scene.s3_proxy.hold(&held);
            scene.s3_proxy.fail_times(&kept, fault, times);
            let request = scene.ask(name).await;
            scene.approve(&request).await;
            eventually("a half-made bucket", async || (scene.s3_proxy.met(&held) > 0).then_some(())).await;
            let root = scene.alice.refresh(&request.root).unwrap();
            scene.clicks(&scene.alice, &root, "cancel").await;
            scene.s3_proxy.heal_each(&held);
            let outcome = over(&scene, &request, "cancelled").await;
            let bucket = bucket(&scene, &request);
            assert_eq!(outcome.plain().contains(&format!("Still there: {bucket}")), remains, "{}", outcome.plain());
            assert_eq!(outcome.plain().contains("had been built is removed"), !remains, "{}", outcome.plain());
            assert_eq!(s3.head_bucket().bucket(&bucket).send().await.is_ok(), remains, "{bucket}");
        }
    });
}

#[test]
fn the_end_of_one_twin_leaves_the_other() {
    shared(async |scene| {
        let first = scene.ask("twins").await;
        let second = scene.ask_again("twins", &first).await;
        // Both are being built at once, under names of their own.
        let held = "app-twins PUT ?versioning";
        scene.s3_proxy.hold(held);
        scene.approve(&first).await;
        scene.approve(&second).await;
        eventually("two half-made buckets", async || (scene.s3_proxy.met(held) >= 2).then_some(())).await;
        let [one, two] = [&first, &second].map(|request| bucket(&scene, request));
        assert_ne!(one, two);
        for (request, bucket) in [(&first, &one), (&second, &two)] {
            assert_eq!(scene.buckets(&request.id).await, std::slice::from_ref(bucket));
        }
        let root = scene.alice.refresh(&first.root).unwrap();
        scene.clicks(&scene.alice, &root, "cancel").await;
        scene.s3_proxy.heal_each(held);
        over(&scene, &first, "cancelled").await;
        over(&scene, &second, "provisioned").await;
        assert!(scene.buckets(&first.id).await.is_empty());
        let s3 = scene.s3("us-east-1");
        assert!(s3.head_bucket().bucket(&one).send().await.is_err(), "{one} is still there");
        s3.get_object().bucket(&two).key("index.html").send().await.expect("the other one is whole");
    });
}
