//! The end of a bucket, whatever is in it by then.

use std::pin::pin;
use std::time::Duration;

use ::provisioner::Level::Closed;
use ::provisioner::{ProvisionInput, Remaining};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures::future::{Either, select};
use harness::proxy::Fault;
use provisioner_s3::Aws;
use temporalio_common::error::ApplicationFailure;

use super::{REGION, THEIRS, Used, put_rules, rule, with_a_locked_object};
use crate::building::aws_gate::Gate;
use crate::building::aws_policy::policy;
use crate::building::provisioner::{Attempt, World, exists, failure, input};
use crate::building::s3_dialects::server::{Dialect, Speech};
use crate::world::eventually;

impl Used {
    async fn destroy(&self) -> Option<Remaining> {
        self.attempt().destroy(&self.input).await.0.unwrap()
    }

    async fn fails_to_go(&self) -> ApplicationFailure {
        failure(self.attempt().destroy(&self.input).await.0)
    }

    async fn is_there(&self) -> bool {
        exists(&self.s3, self.bucket()).await
    }

    async fn put(&self, key: &str) {
        self.s3.put_object().bucket(self.bucket()).key(key).body(ByteStream::from_static(b"x")).send().await.unwrap();
    }
}

/// So many delete markers of each of these: each deletion without a version leaves one.
async fn mark(s3: &Client, bucket: &str, keys: &[String], each: usize) {
    let objects = keys.iter().flat_map(|key| std::iter::repeat_n(key, each));
    let objects: Vec<_> = objects.map(|key| ObjectIdentifier::builder().key(key).build().unwrap()).collect();
    for objects in objects.chunks(1000) {
        let these = Delete::builder().set_objects(Some(objects.to_vec())).quiet(true).build().unwrap();
        s3.delete_objects().bucket(bucket).delete(these).send().await.unwrap();
    }
}

/// A delete marker without any version before it: its version ID.
async fn lone_marker(used: &Used) -> String {
    used.put("lone").await;
    let deleted = used.s3.delete_object().bucket(used.bucket()).key("lone").send().await.unwrap();
    let all = used.s3.list_object_versions().bucket(used.bucket()).prefix("lone").send().await.unwrap();
    let version = all.versions()[0].version_id().unwrap();
    used.s3.delete_object().bucket(used.bucket()).key("lone").version_id(version).send().await.unwrap();
    deleted.version_id.unwrap()
}

#[tokio::test]
async fn what_is_more_than_is_deleted_by_calls_is_left_to_lifecycle() {
    Box::pin(left_to_lifecycle(Used::new().await, 13, 3)).await;
}

#[tokio::test]
#[ignore = "moto copies all versions for each page of a list: a minute for 10,001"]
async fn one_more_than_ten_thousand_are_left_to_lifecycle() {
    Box::pin(left_to_lifecycle(Used::before(World::secluded().await).await, 101, 99)).await;
}

/// With the welcome page these are as many as are deleted by calls; and then one more.
async fn left_to_lifecycle(used: Used, keys: usize, each: usize) {
    let (s3, bucket, limit) = (&used.s3, used.bucket(), keys * each + 1);
    let attempt = || used.attempt().by_calls(limit);
    fill(&used, keys, each).await;
    let lone = lone_marker(&used).await;

    // Nobody is stopped: what arrives might be more than what goes.
    let policy_ = format!("PUT ?policy {bucket}");
    used.proxy.fail_each(&policy_, Fault::refuse(403, "AccessDenied"));
    let denied = failure(attempt().destroy(&used.input).await.0);
    assert!(denied.is_non_retryable() && denied.type_name() == Some("AccessDenied"), "{denied}");
    assert_eq!(used.rule_ids().await, ["+theirs"]);
    used.proxy.heal_each(&policy_);

    let later = Some(Remaining::new(12 * 60 * 60, format!("{} versions", limit + 1)));
    assert_eq!(attempt().destroy(&used.input).await.0.unwrap(), later);
    is_being_emptied(&used).await;

    // Called again: it looks, and changes nothing.
    let dialect = Dialect::before(&used.world, Speech::default()).await;
    let again = dialect.attempt(&used.world).by_calls(limit).destroy(&used.input).await.0.unwrap();
    assert_eq!((again, dialect.changes()), (later, vec![]));

    // As Lifecycle would.
    s3.delete_object().bucket(bucket).key("lone").version_id(lone).send().await.unwrap();
    for _ in 0..2 {
        assert_eq!(attempt().destroy(&used.input).await.0.unwrap(), None);
        assert!(!used.is_there().await);
    }
}

/// Versions, an upload that is running, a rule and a policy of others.
async fn fill(used: &Used, keys: usize, each: usize) {
    let keys: Vec<String> = (0..keys).map(|n| format!("many/{n:03}")).collect();
    for key in &keys {
        used.put(key).await;
    }
    mark(&used.s3, used.bucket(), &keys, each - 1).await;
    used.s3.create_multipart_upload().bucket(used.bucket()).key("unfinished").send().await.unwrap();
    put_rules(&used.s3, used.bucket(), vec![rule("theirs")]).await;
    used.add_to_policy(THEIRS).await;
}

async fn is_being_emptied(used: &Used) {
    assert!(used.is_there().await && !used.can_write().await && !used.can_read().await);
    let ids = ["theirs.provision-bot", "+ProvisionBotExpireAll", "+ProvisionBotRemoveMarkers"];
    assert_eq!(used.rule_ids().await, ids);
    assert!(used.policy().await.unwrap().contains(THEIRS));
    let uploads = used.s3.list_multipart_uploads().bucket(used.bucket()).send().await.unwrap();
    assert_eq!(uploads.uploads().len(), 0);
    assert_eq!(used.drift(Closed).await, [""; 0], "it is explained");
}

#[tokio::test]
async fn a_closed_bucket_goes_in_one_call() {
    let used = Used::new().await;
    used.put("a").await;
    used.s3.create_multipart_upload().bucket(used.bucket()).key("unfinished").send().await.unwrap();
    used.set(Closed).await;
    assert_eq!(used.destroy().await, None);
    assert!(!used.is_there().await);
}

#[tokio::test]
async fn pages_end_at_any_name() {
    for encodes in [true, false] {
        let used = Used::new().await;
        let dialect = Dialect::before(&used.world, Speech { encodes, ..Speech::default() }).await;
        let keys: Vec<String> = (0..37).map(|n| format!("a{n:02}")).collect();
        for key in &keys {
            used.put(key).await;
        }
        mark(&used.s3, used.bucket(), &keys, 26).await;
        // The thousandth version is of a name that XML cannot hold.
        for key in ["b\u{1}+ %41/<&>", "b\u{1}+ %41/<&>", "c\u{fffe}", "d"] {
            used.put(key).await;
        }
        let attempt = || dialect.attempt(&used.world);
        let counted = attempt().by_calls(1000).destroy(&used.input).await.0.unwrap();
        assert_eq!(counted.map(|remaining| remaining.left).as_deref(), Some("1004 versions"));
        assert_eq!(attempt().destroy(&used.input).await.0.unwrap(), None);
        assert!(!used.is_there().await);
    }
}

#[tokio::test]
async fn writers_are_stopped_before_anything_is_deleted() {
    let used = Used::new().await;
    used.put("a").await;
    let (deletion, removal) = (format!("POST {} ?delete", used.bucket()), format!("DELETE {}", used.bucket()));
    used.proxy.hold(&deletion);
    used.proxy.hold(&removal);
    let attempt = pin!(used.attempt().destroy(&used.input));
    let meanwhile = pin!(async {
        eventually("the deletion", async || (used.proxy.met(&deletion) > 0).then_some(())).await;
        assert!(!used.can_write().await && !used.can_read().await);
        used.proxy.heal_each(&deletion);
        eventually("the removal", async || (used.proxy.met(&removal) > 0).then_some(())).await;
        // Somebody comes through all the same.
        used.s3.delete_bucket_policy().bucket(used.bucket()).send().await.unwrap();
        used.put("late").await;
        used.proxy.heal_each(&removal);
    });
    let Either::Right(((), attempt)) = select(attempt, meanwhile).await else { panic!("it did not wait") };
    assert_eq!(attempt.await.0.unwrap(), None);
    assert!(!used.is_there().await);
}

#[tokio::test]
async fn what_keeps_a_bucket_is_named() {
    let used = Used::new().await;
    let removal = format!("DELETE {}", used.bucket());
    for (code, retried, words) in [
        ("BucketHasAccessPointsAttached", false, "Delete the access points that are attached to the bucket"),
        ("BucketNotEmpty", true, "the bucket was emptied and is not empty: S3 lists nothing"),
    ] {
        used.proxy.fail_each(&removal, Fault::refuse(409, code));
        let failure = used.fails_to_go().await;
        assert_eq!((failure.type_name(), !failure.is_non_retryable()), (Some(code), retried), "{failure}");
        assert!(
            failure.to_string().starts_with("Deleting the bucket: ") && failure.to_string().contains(words),
            "{failure}"
        );
        used.proxy.heal_each(&removal);
    }
    assert_eq!(used.destroy().await, None);
}

#[tokio::test]
async fn an_object_that_is_locked_is_waited_for_until_its_date() {
    let world = World::new().await;
    let (s3, locked) = (world.s3(REGION), input(REGION));
    with_a_locked_object(&s3, &locked).await;
    let (gate, url) = Gate::before(world.server.endpoint(), policy()).await;
    let attempt = || Attempt::with(Aws { endpoint_url: Some(url.clone()), ..world.aws() });
    let others: Vec<String> = ["a", "z\u{1}"].map(str::to_owned).to_vec();
    for key in &others {
        s3.put_object().bucket(&locked.bucket_name).key(key).body(ByteStream::from_static(b"x")).send().await.unwrap();
    }
    let left = attempt().destroy(&locked).await.0.unwrap().unwrap();
    assert_eq!(left.left, "1 version that Object Lock keeps until 1 Jan 2099 00:00 UTC");
    assert_eq!(left.again, 7 * 24 * 60 * 60, "a week at most");
    assert_eq!(keys(&s3, &locked).await, ["kept"], "all else is gone");

    gate.held.store(true, std::sync::atomic::Ordering::Relaxed);
    let failure = failure(attempt().destroy(&locked).await.0);
    assert!(failure.is_non_retryable() && failure.type_name() == Some("ObjectLock"), "{failure}");
    assert!(failure.to_string().contains(r#"a legal hold on "kept""#), "{failure}");
}

async fn keys(s3: &Client, input: &ProvisionInput) -> Vec<String> {
    let all = s3.list_object_versions().bucket(&input.bucket_name).send().await.unwrap();
    all.versions().iter().map(|version| version.key().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_few_objects_go_where_there_are_no_policies() {
    let used = Used::new().await;
    for (status, code) in [(501, "NotImplemented"), (403, "AccessDenied")] {
        used.proxy.fail_each("?policy", Fault::refuse(status, code));
        used.attempt().destroy(&used.input).await.0.unwrap();
        assert!(!used.is_there().await);
        used.proxy.heal();
        used.world.attempt().provision(&used.input).await.0.unwrap();
    }
    // What may pass is tried again first.
    used.proxy.fail_each("?policy", Fault::refuse(503, "SlowDown"));
    let failure = used.fails_to_go().await;
    assert!(!failure.is_non_retryable() && failure.to_string().starts_with("Stopping writers: "), "{failure}");
    assert!(used.is_there().await);
}

#[tokio::test]
async fn what_the_level_denied_is_tried_until_the_policy_is_in_force() {
    let used = Used::new().await;
    used.set(Closed).await;
    let listing = format!("GET {} ?versions", used.bucket());
    used.proxy.fail_times(&listing, Fault::refuse(403, "AccessDenied"), 1);
    let started = tokio::time::Instant::now();
    assert_eq!(used.destroy().await, None);
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(used.proxy.met(&listing), 1);
    assert!(!used.is_there().await);

    // Where no level was set, it is a permission that is missing.
    let used = Used::new().await;
    let listing = format!("GET {} ?versions", used.bucket());
    used.proxy.fail_each(&listing, Fault::refuse(403, "AccessDenied"));
    let failure = used.fails_to_go().await;
    assert!(failure.is_non_retryable() && failure.type_name() == Some("AccessDenied"), "{failure}");
}
