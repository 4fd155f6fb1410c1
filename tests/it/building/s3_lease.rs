//! The life of a bucket after it was made: how much of it can be used, whether it is as it was
//! made, and its end, whatever is in it by then.
//!
//! What moto cannot show: it holds no conditions and runs no lifecycle, so that of rules only
//! what they say is seen; it denies objects what a policy denies everybody, and never lists.

mod between;
mod drift;
mod levels;
mod removal;

use ::provisioner::{Level, ProvisionInput};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleAndOperator, LifecycleRuleFilter, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockMode, Tag,
    Transition, TransitionStorageClass, VersioningConfiguration,
};
use harness::proxy::Proxy;
use provisioner_s3::{Aws, REQUEST_TAG};

use crate::building::provisioner::{Attempt, World, create, input, tag};

const REGION: &str = "us-east-1";

/// Whoever else writes policies writes as they like.
const THEIRS: &str = r#"{ "Sid":"theirs", "Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},
    "Action":[ "s3:GetObject" ], "Resource":"arn:aws:s3:::x\u002f*" }"#;

/// A bucket that was provisioned, in use.
struct Used {
    world: World,
    /// Before the server, for faults.
    proxy: Proxy,
    s3: Client,
    input: ProvisionInput,
}

impl Used {
    async fn new() -> Self {
        Self::before(World::new().await).await
    }

    async fn before(world: World) -> Self {
        let (input, s3) = (input(REGION), world.s3(REGION));
        world.attempt().provision(&input).await.0.unwrap();
        let proxy = Proxy::start(&world.server.endpoint()).await.unwrap();
        Self { world, proxy, s3, input }
    }

    fn bucket(&self) -> &str {
        &self.input.bucket_name
    }

    fn attempt(&self) -> Attempt {
        Attempt::with(Aws { endpoint_url: Some(self.proxy.url()), ..self.world.aws() })
    }

    async fn set(&self, level: Level) {
        self.attempt().access(&self.input, level).await.0.unwrap();
    }

    /// What `inspect` finds, whether or not it is told the level.
    async fn drift(&self, level: Level) -> Vec<String> {
        let told = self.attempt().inspect(&self.input, Some(level)).await.unwrap();
        assert!(told.exists && told.ours, "{told:?}");
        let untold = self.attempt().inspect(&self.input, None).await.unwrap();
        assert!(untold.drift.len() <= told.drift.len(), "{untold:?} {told:?}");
        told.drift
    }

    async fn policy(&self) -> Option<String> {
        self.s3.get_bucket_policy().bucket(self.bucket()).send().await.ok()?.policy
    }

    async fn put_policy(&self, text: &str) {
        self.s3.put_bucket_policy().bucket(self.bucket()).policy(text).send().await.unwrap();
    }

    /// Another statement, behind those that are there.
    async fn add_to_policy(&self, statement: &str) {
        let policy = self.policy().await.unwrap();
        let end = policy.rfind(']').unwrap();
        let end = policy[..end].rfind('}').unwrap() + 1;
        self.put_policy(&format!("{} , {statement}{}", &policy[..end], &policy[end..])).await;
    }

    async fn rules(&self) -> Vec<LifecycleRule> {
        let answer = self.s3.get_bucket_lifecycle_configuration().bucket(self.bucket()).send().await;
        answer.ok().and_then(|answer| answer.rules).unwrap_or_default()
    }

    /// The IDs of the rules, those that are on with a plus.
    async fn rule_ids(&self) -> Vec<String> {
        let name = |rule: &LifecycleRule| {
            let on = if *rule.status() == ExpirationStatus::Enabled { "+" } else { "" };
            format!("{on}{}", rule.id().unwrap_or_default())
        };
        self.rules().await.iter().map(name).collect()
    }

    async fn can_write(&self) -> bool {
        let body = ByteStream::from_static(b"x");
        self.s3.put_object().bucket(self.bucket()).key("index.html").body(body).send().await.is_ok()
    }

    async fn can_delete(&self) -> bool {
        self.s3.delete_object().bucket(self.bucket()).key("nothing").send().await.is_ok()
    }

    async fn can_read(&self) -> bool {
        self.s3.get_object().bucket(self.bucket()).key("index.html").send().await.is_ok()
    }
}

pub async fn put_rules(s3: &Client, bucket: &str, rules: Vec<LifecycleRule>) {
    let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().unwrap();
    s3.put_bucket_lifecycle_configuration().bucket(bucket).lifecycle_configuration(rules).send().await.unwrap();
}

/// A rule that is on, and expires everything in a day.
pub fn rule(id: &str) -> LifecycleRule {
    let day = LifecycleExpiration::builder().days(1).build();
    let all = LifecycleRuleFilter::builder().prefix("").build();
    LifecycleRule::builder().id(id).status(ExpirationStatus::Enabled).filter(all).expiration(day).build().unwrap()
}

/// Rules with all that a rule can have.
fn all_kinds_of_rules() -> Vec<LifecycleRule> {
    let tags = LifecycleRuleAndOperator::builder()
        .prefix("logs/")
        .tags(Tag::builder().key("a").value("b & c").build().unwrap())
        .tags(Tag::builder().key("d").value("").build().unwrap());
    let mut dated = rule("dated");
    dated.filter = Some(LifecycleRuleFilter::builder().and(tags.build()).build());
    dated.expiration = Some(LifecycleExpiration::builder().date(DateTime::from_secs(1_893_456_000)).build());
    let mut moved = rule("moved ü");
    moved.expiration = None;
    moved.transitions =
        Some(vec![Transition::builder().days(30).storage_class(TransitionStorageClass::Glacier).build()]);
    let mut off = rule("off");
    off.status = ExpirationStatus::Disabled;
    vec![rule("daily"), dated, off, moved]
}

/// A bucket of this request's whose only object nobody may delete until tomorrow.
#[expect(clippy::disallowed_methods, reason = "the server compares the date with its own clock")]
pub async fn with_a_locked_object(s3: &Client, input: &ProvisionInput) {
    let bucket = input.bucket_name.as_str();
    create(s3, bucket).await;
    tag(s3, bucket, REQUEST_TAG, &input.application_id).await;
    keep_versions(s3, bucket).await;
    let on = ObjectLockConfiguration::builder().object_lock_enabled(ObjectLockEnabled::Enabled).build();
    s3.put_object_lock_configuration().bucket(bucket).object_lock_configuration(on).send().await.unwrap();
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    let put = s3.put_object().bucket(bucket).key("kept").object_lock_mode(ObjectLockMode::Compliance);
    let put = put.object_lock_retain_until_date(DateTime::from_secs(tomorrow.as_second()));
    put.body(ByteStream::from_static(b"x")).send().await.unwrap();
}

async fn keep_versions(s3: &Client, bucket: &str) {
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket(bucket).versioning_configuration(on).send().await.unwrap();
}
