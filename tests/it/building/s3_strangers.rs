//! Buckets of somebody else: nothing that does not carry this request's tag is
//! adopted or deleted, whatever becomes of the request.

use aws_sdk_s3::Client;
use aws_sdk_s3::client::customize::CustomizableOperation;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Tag, Tagging};
use harness::proxy::Fault;
use provisioner_s3::REQUEST_TAG;

use crate::building::attention::question;
use crate::building::s3_faults::{bucket, over};
use crate::world::{Scene, shared};

const KEY: &str = "precious.txt";
const CONTENT: &[u8] = b"years of work";

/// Whose a bucket is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whose {
    AnotherAccounts,
    AnotherRequests,
    Unknown,
}

impl Whose {
    /// A call of the bucket's owner.
    fn says<T, E, B>(self, call: CustomizableOperation<T, E, B>) -> CustomizableOperation<T, E, B> {
        match self {
            Self::AnotherAccounts => {
                call.mutate_request(|r| drop(r.headers_mut().insert("x-moto-account-id", "111122223333")))
            }
            _ => call,
        }
    }

    /// The bucket, with something in it.
    async fn make(self, s3: &Client, bucket: &str) {
        self.says(s3.create_bucket().bucket(bucket).customize()).send().await.unwrap();
        let object = s3.put_object().bucket(bucket).key(KEY).body(ByteStream::from_static(CONTENT));
        self.says(object.customize()).send().await.unwrap();
        if self == Self::AnotherRequests {
            let tag = Tag::builder().key(REQUEST_TAG).value("somebody-0123456789").build().unwrap();
            let tags = Tagging::builder().tag_set(tag).build().unwrap();
            s3.put_bucket_tagging().bucket(bucket).tagging(tags).send().await.unwrap();
        }
    }

    /// It is as it was made.
    async fn untouched(self, s3: &Client, bucket: &str) {
        let object = self.says(s3.get_object().bucket(bucket).key(KEY).customize()).send().await.expect("the object");
        assert_eq!(object.body.collect().await.unwrap().into_bytes(), CONTENT);
        let listed = self.says(s3.list_object_versions().bucket(bucket).customize()).send().await.unwrap();
        assert_eq!((listed.versions().len(), listed.delete_markers().len()), (1, 0), "{listed:?}");
        let tags = self.says(s3.get_bucket_tagging().bucket(bucket).customize()).send().await;
        let tags: Vec<String> =
            tags.map(|t| t.tag_set().iter().map(|t| t.value().into()).collect()).unwrap_or_default();
        let before: &[&str] = if self == Self::AnotherRequests { &["somebody-0123456789"] } else { &[] };
        assert_eq!(tags, before, "{self:?}");
        let policy = self.says(s3.get_bucket_policy().bucket(bucket).customize()).send().await;
        assert!(policy.is_err(), "{policy:?}");
    }
}

/// A bucket of the request's name is there before the request is approved; how
/// the person decides then changes nothing.
async fn meets(scene: &Scene, name: &str, whose: Whose, cause: &str, gives_up: bool) {
    let request = scene.ask(name).await;
    let (s3, bucket) = (scene.s3("us-east-1"), bucket(scene, &request));
    whose.make(&s3, &bucket).await;
    scene.approve(&request).await;
    let card = question(scene, &request, None).await;
    for words in ["Creating the bucket", cause, "Nothing was changed"] {
        assert!(card.plain().contains(words), "{whose:?}, {words}: {}", card.plain());
    }
    whose.untouched(&s3, &bucket).await;
    // Trying again does not take it either.
    scene.clicks(&scene.bob, &card, "retry").await;
    let again = question(scene, &request, Some(&card)).await;
    if gives_up {
        scene.clicks(&scene.bob, &again, "give_up").await;
        over(scene, &request, "failed").await;
    } else {
        let root = scene.root_now(&request).await;
        scene.clicks(&scene.alice, &root, "cancel").await;
        over(scene, &request, "cancelled").await;
    }
    whose.untouched(&s3, &bucket).await;
}

#[test]
fn a_bucket_of_somebody_else_is_left_alone_to_the_end() {
    shared(async |scene| {
        // As Amazon answers; moto says only that access is denied.
        scene.s3_proxy.fail_each("PUT app-their-account", Fault::refuse(409, "BucketAlreadyExists"));
        meets(&scene, "their-account", Whose::AnotherAccounts, "belongs to another AWS account", true).await;
        meets(&scene, "their-request", Whose::AnotherRequests, "belongs to something else", true).await;
        meets(&scene, "their-secret", Whose::Unknown, "carries no tag that makes it this request's", true).await;
        meets(&scene, "their-peace", Whose::Unknown, "carries no tag that makes it this request's", false).await;
    });
}

#[test]
fn a_bucket_that_was_just_deleted_is_no_obstacle() {
    shared(async |scene| {
        let request = scene.ask("reborn").await;
        let (s3, bucket) = (scene.s3("us-east-1"), bucket(&scene, &request));
        s3.create_bucket().bucket(&bucket).send().await.unwrap();
        s3.delete_bucket().bucket(&bucket).send().await.unwrap();
        scene.approve(&request).await;
        over(&scene, &request, "provisioned").await;
        assert_eq!(scene.buckets(&request.id).await, [bucket]);
    });
}
