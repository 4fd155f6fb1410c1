//! Servers that speak S3 each in their own way, as moto does not: what they tell of
//! regions, accounts and names, and what the provisioner makes of it.

pub mod server;

use ::provisioner::Unheard;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Tag, Tagging};
use provisioner_s3::REQUEST_TAG;
use temporalio_common::error::ApplicationFailure;

use self::server::{Dialect, Speech};
use crate::building::provisioner::{World, create, exists, failure, input, tag};

/// moto's account.
const OURS: &str = "123456789012";
const THEIRS: &str = "111122223333";

#[tokio::test]
async fn a_region_told_by_another_name_is_the_same_region() {
    let world = World::new().await;
    let said = |told: &str| format!("<LocationConstraint>{told}</LocationConstraint>");
    let told = |text: &str| Some(&*said(text).leak());
    for (region, location, header, right) in [
        ("us-east-1", Some("<LocationConstraint/>"), None, true),
        ("us-east-1", told("us-east-1"), None, true),
        ("us-east-1", told("US"), None, true),
        ("eu-west-1", told("EU"), None, true),
        ("eu-west-1", told("eu-west-1"), None, true),
        ("eu-west-1", told("EU-WEST-1"), None, true),
        // A name of the server's own, and the region in the header.
        ("eu-west-1", told("default"), Some("eu-west-1"), true),
        ("eu-west-1", Some("<LocationConstraint/>"), Some("eu-west-1"), true),
        ("eu-west-1", told("default"), None, false),
        ("eu-west-1", told("eu-central-1"), Some("eu-central-1"), false),
        ("us-east-1", told("EU"), None, false),
    ] {
        let dialect = Dialect::before(&world, Speech { location, region: header, ..Speech::default() }).await;
        let (result, _) = dialect.attempt(&world).provision(&input(region)).await;
        match right {
            true => drop(result.unwrap_or_else(|error| panic!("{region} told as {location:?}, {header:?}: {error:?}"))),
            false => {
                let failure = failure(result).to_string();
                assert!(failure.contains("it is in another region"), "{failure}");
            }
        }
    }
}

/// A bucket with this request's tag, made by somebody in another account.
async fn tagged_elsewhere(world: &World, bucket: &str, request: &str) {
    let s3 = world.s3("us-east-1");
    let call = s3.create_bucket().bucket(bucket).customize();
    call.mutate_request(|r| drop(r.headers_mut().insert("x-moto-account-id", THEIRS))).send().await.unwrap();
    let tag = Tag::builder().key(REQUEST_TAG).value(request).build().unwrap();
    let tags = Tagging::builder().tag_set(tag).build().unwrap();
    let call = s3.put_bucket_tagging().bucket(bucket).tagging(tags).customize();
    call.mutate_request(|r| drop(r.headers_mut().insert("x-moto-account-id", THEIRS))).send().await.unwrap();
}

fn taken(failure: &ApplicationFailure) {
    assert_eq!(failure.type_name(), Some("BucketTaken"), "{failure}");
    assert!(failure.is_non_retryable());
    assert!(failure.to_string().contains("belongs to another AWS account"), "{failure}");
}

#[tokio::test]
async fn a_tag_in_the_account_of_another_makes_no_bucket_ours() {
    let world = World::new().await;
    // With an STS or without one.
    for no_sts in [false, true] {
        let dialect = Dialect::before(&world, Speech { no_sts, theirs: Some(THEIRS), ..Speech::default() }).await;
        let input = input("us-east-1");
        tagged_elsewhere(&world, &input.bucket_name, &input.application_id).await;
        let claimed = serde_json::json!({ "step": 1, "of": 8, "label": "Creating the bucket", "claiming": true });
        for beat in [None, Some(claimed), Some(serde_json::json!({ "step": 7, "of": 8, "label": "…" }))] {
            let attempt = dialect.attempt(&world);
            let attempt = match beat {
                Some(beat) => attempt.after(beat),
                None => attempt,
            };
            taken(&failure(attempt.provision(&input).await.0));
        }
        dialect.attempt(&world).destroy(&input).await.0.unwrap();
        assert_eq!(dialect.changes(), [], "nothing was changed");
    }
}

#[tokio::test]
async fn where_nobody_tells_whose_account_it_is_in_a_bucket_is_left_alone() {
    let world = World::new().await;
    let dialect = Dialect::before(&world, Speech { no_sts: true, no_list: true, ..Speech::default() }).await;
    let input = input("us-east-1");
    let s3 = world.s3("us-east-1");
    create(&s3, &input.bucket_name).await;
    tag(&s3, &input.bucket_name, REQUEST_TAG, &input.application_id).await;
    for result in [
        dialect.attempt(&world).provision(&input).await.0.map(drop),
        dialect.attempt(&world).destroy(&input).await.0.map(drop),
    ] {
        let failure = failure(result);
        assert_eq!(failure.type_name(), Some("OwnerUnknown"), "{failure}");
        assert!(failure.is_non_retryable());
        for words in ["nobody tells whose account", "s3:ListAllMyBuckets", "\"sandbox\""] {
            assert!(failure.to_string().contains(words), "{words}: {failure}");
        }
    }
    assert_eq!(dialect.changes(), [], "nothing was changed");
    // What it makes itself is its own.
    dialect.attempt(&world).provision(&crate::building::provisioner::input("us-east-1")).await.0.unwrap();
}

#[tokio::test]
async fn what_keeps_an_account_from_being_told_for_a_while_is_tried_again() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    let passing =
        [(503, "ServiceUnavailable"), (429, "TooManyRequests"), (400, "RequestTimeout"), (400, "SomethingNew")];
    let speeches = passing.iter().flat_map(|&odd| {
        let sts = Speech { sts: Some(odd), no_list: true, ..Speech::default() };
        [
            sts,
            Speech { list: Some(odd), ..Speech::default() },
            Speech { list: Some(odd), no_sts: true, ..Speech::default() },
        ]
    });
    for speech in speeches {
        let said = format!("{:?} {:?} {}", speech.sts, speech.list, speech.no_sts);
        let dialect = Dialect::before(&world, speech).await;
        let input = input("us-east-1");
        create(&s3, &input.bucket_name).await;
        tag(&s3, &input.bucket_name, REQUEST_TAG, &input.application_id).await;
        let provisioned = dialect.attempt(&world).provision(&input).await.0.map(drop);
        for result in [provisioned, dialect.attempt(&world).destroy(&input).await.0.map(drop)] {
            let failure = failure(result);
            assert!(!failure.is_non_retryable(), "{said}: {failure}");
            assert!(!failure.to_string().contains("Nothing was changed"), "{said}: {failure}");
        }
        assert_eq!(dialect.changes(), [], "nothing was changed");
        dialect.speak(Speech::default());
        dialect.attempt(&world).destroy(&input).await.0.unwrap();
        assert!(!exists(&s3, &input.bucket_name).await, "{said}");
    }
    // A call that is refused has its price: there is one in an attempt.
    let speech = Speech { sts: Some((503, "ServiceUnavailable")), no_list: true, ..Speech::default() };
    let dialect = Dialect::before(&world, speech).await;
    let input = input("us-east-1");
    create(&s3, &input.bucket_name).await;
    tag(&s3, &input.bucket_name, REQUEST_TAG, &input.application_id).await;
    let asked = || dialect.heard.lock().unwrap().iter().filter(|(line, _)| line == "POST /").count();
    failure(dialect.attempt(&world).destroy(&input).await.0);
    assert_eq!(asked(), 1, "once in an attempt");
}

#[tokio::test]
async fn what_was_made_and_does_not_say_so_any_more_is_not_said_to_be_removed() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    let beats = [
        serde_json::json!({ "step": 5, "of": 8, "label": "…" }),
        serde_json::json!({ "step": 1, "of": 8, "label": "…", "claiming": true }),
        serde_json::json!({ "step": 1, "of": 8, "label": "…", "made": true }),
    ];
    for beat in beats.map(Some).into_iter().chain([None]) {
        let mut input = input("us-east-1");
        input.unheard = Some(Unheard { last_heartbeat: beat.clone(), silent: false });
        let bucket = input.bucket_name.as_str();
        // Gone is gone.
        world.attempt().destroy(&input).await.0.unwrap();
        create(&s3, bucket).await;
        tag(&s3, bucket, "owner", "automation").await;
        let replaced = world.attempt().destroy(&input).await.0;
        tag(&s3, bucket, REQUEST_TAG, &input.application_id).await;
        let empty = Dialect::before(&world, Speech { list: Some((200, "")), ..Speech::default() }).await;
        let unlisted = empty.attempt(&world).destroy(&input).await.0;
        for result in [replaced, unlisted] {
            let failure = failure(result);
            assert!(failure.is_non_retryable(), "{failure}");
            assert!(failure.to_string().contains("does not (any more) say that it is this request's"), "{failure}");
        }
        assert_eq!(empty.changes(), [], "nothing was changed");
        assert!(exists(&s3, bucket).await);
        world.attempt().destroy(&input).await.0.unwrap();
        assert!(!exists(&s3, bucket).await, "{beat:?}");
    }
}

#[tokio::test]
async fn every_change_is_for_a_bucket_of_the_profiles_own_account() {
    let world = World::new().await;
    let dialect = Dialect::before(&world, Speech::default()).await;
    let input = input("us-east-1");
    dialect.attempt(&world).provision(&input).await.0.unwrap();
    dialect.attempt(&world).destroy(&input).await.0.unwrap();
    let changes = dialect.changes();
    for (line, expects) in &changes {
        let creates = line.trim_end_matches('/') == format!("PUT /{}", input.bucket_name);
        assert_eq!(expects.as_deref(), (!creates).then_some(OURS), "{line}");
    }
    assert!(changes.len() >= 10, "{changes:?}");

    // It changes hands between two steps: deleted by hand, and taken by somebody else.
    let second = crate::building::provisioner::input("us-east-1");
    dialect.attempt(&world).provision(&second).await.0.unwrap();
    let before = dialect.changes().len();
    let (environment, _) = dialect.attempt(&world).environment({
        let dialect = dialect.clone();
        move |beat| {
            if beat["step"] == 3 {
                dialect.speak(Speech { owner: Some(THEIRS), ..Speech::default() });
            }
        }
    });
    let result = environment.run(provisioner_s3::Provisioner::provision, second).await;
    assert!(result.is_err());
    let tried = dialect.changes().split_off(before);
    assert!(tried.iter().all(|(_, expects)| expects.as_deref() == Some(OURS)), "{tried:?}");
}

/// Names that are hard to write down, as a person may have given them.
const NAMES: [&str; 17] = [
    "a\u{1}b",
    "c\u{b}d",
    "\u{1f}",
    "e\u{fffe}f",
    "x\u{ffff}",
    "r\rz",
    "n\t",
    " led and trailed ",
    "one + two",
    "100%25",
    "..",
    "a//b",
    "/led",
    "ü & <b>",
    "u\u{308}",
    "\u{7f}",
    "~!*'();:@&=+$,?#[]",
];

#[tokio::test]
async fn names_that_xml_cannot_hold_keep_no_bucket_from_being_emptied() {
    let world = World::new().await;
    let s3 = world.s3("us-east-1");
    // Amazon encodes names when asked to; moto writes XML that is none.
    for encodes in [true, false] {
        let dialect = Dialect::before(&world, Speech { encodes, ..Speech::default() }).await;
        let input = input("us-east-1");
        let bucket = input.bucket_name.as_str();
        world.attempt().provision(&input).await.0.unwrap();
        for name in NAMES {
            let object = s3.put_object().bucket(bucket).key(name).body(ByteStream::from_static(b"x"));
            object.send().await.unwrap_or_else(|error| panic!("{name:?}: {error:?}"));
        }
        s3.delete_object().bucket(bucket).key(NAMES[0]).send().await.unwrap();
        for name in ["q\u{1}", "plain + x"] {
            // moto's answer is no XML either; the upload is there.
            let _ = s3.create_multipart_upload().bucket(bucket).key(name).send().await;
        }
        let (result, _) = dialect.attempt(&world).destroy(&input).await;
        result.unwrap_or_else(|error| panic!("encoded: {encodes}: {error:?}"));
        assert!(!exists(&s3, bucket).await, "encoded: {encodes}");
    }
}
