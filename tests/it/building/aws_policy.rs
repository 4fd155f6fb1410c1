//! The permissions of `deploy/aws/policy.json`: the built-in provisioner works with
//! them, and not with one of them less.
//!
//! Two judges stand before the buckets. moto knows users, keys, signatures and
//! policies as IAM does, but takes some calls for others ([`MOTO_DOES_NOT_ASK_FOR`]).
//! So a [`Gate`] before it judges too, by what Amazon's documentation says.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::provisioner::{Level, ProvisionInput};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, header};
use harness::aws_files::AwsFiles;
use provisioner_s3::Aws;
use serde_json::{Value, json};
use temporalio_sdk::activities::ActivityError;

use crate::building::aws_gate::{Gate, LARGEST, strings};
use crate::building::provisioner::{Attempt, World, create, input};
use crate::building::s3_lease::{put_rules, rule, with_a_locked_object};

const REGION: &str = "us-east-1";

/// moto compares these calls with another action's name, or asks for nothing.
const MOTO_DOES_NOT_ASK_FOR: [&str; 9] = [
    "s3:GetBucketPublicAccessBlock",
    "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketOwnershipControls",
    "s3:PutBucketOwnershipControls",
    "s3:GetEncryptionConfiguration",
    "s3:PutEncryptionConfiguration",
    "s3:DeleteObjectVersion",
    "s3:GetObjectLegalHold",
    "s3:GetObjectRetention",
];

/// What an admin gives the user or the role of a profile.
pub fn policy() -> Value {
    serde_json::from_str(include_str!("../../../deploy/aws/policy.json")).unwrap()
}

fn actions(policy: &Value) -> Vec<String> {
    let statements = policy["Statement"].as_array().unwrap();
    statements.iter().flat_map(|statement| strings(&statement["Action"])).map(str::to_owned).collect()
}

fn without(policy: &Value, action: &str) -> Value {
    let mut policy = policy.clone();
    policy["Statement"].as_array_mut().unwrap().retain_mut(|statement| {
        let rest: Vec<&str> = strings(&statement["Action"]).into_iter().filter(|it| *it != action).collect();
        statement["Action"] = json!(rest);
        statement["Action"] != json!([])
    });
    policy
}

/// moto holds deleting many objects against the bucket, Amazon against each object.
fn as_moto_reads_it(mut policy: Value) -> Value {
    if actions(&policy).iter().any(|action| action == "s3:DeleteObject") {
        let at_bucket = json!({ "Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::app-*" });
        policy["Statement"].as_array_mut().unwrap().push(at_bucket);
    }
    policy
}

fn said(error: &ActivityError) -> String {
    match error {
        ActivityError::Application(failure) => failure.to_string(),
        other => format!("{other:?}"),
    }
}

fn failed(what: &str, error: ActivityError) -> String {
    format!("{what}: {}", said(&error))
}

/// An account with one user, who has a policy, and the gate before its buckets.
struct Account {
    world: World,
    gate: Arc<Gate>,
    /// What the user's profile leads to.
    aws: Aws,
}

impl Account {
    async fn new() -> Self {
        let world = World::secluded().await;
        let (gate, url) = Gate::before(world.server.endpoint(), policy()).await;
        let account = Self { aws: Aws { endpoint_url: Some(url), ..world.aws() }, world, gate };
        account.iam("CreateUser", &[]).await;
        let key = account.iam("CreateAccessKey", &[]).await;
        let value = |name: &str| {
            let (_, rest) = key.split_once(&format!("<{name}>")).unwrap();
            rest.split('<').next().unwrap().to_owned()
        };
        let (id, secret) = (value("AccessKeyId"), value("SecretAccessKey"));
        let profile = format!("[sandbox]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
        let AwsFiles { credentials, .. } = &account.world.files;
        std::fs::write(credentials, profile).unwrap();
        account
    }

    /// A call of moto's, which nobody judges.
    async fn post(&self, path: &str, content_type: &str, body: String) -> String {
        let scope = "AWS4-HMAC-SHA256 Credential=admin/20260101/us-east-1/iam/aws4_request";
        let request = Request::post(format!("{}{path}", self.gate.s3))
            .header(header::CONTENT_TYPE, content_type)
            .header(header::AUTHORIZATION, scope);
        let answer = self.gate.client.request(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = answer.status();
        let body: Bytes = to_bytes(Body::new(answer.into_body()), LARGEST).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    async fn iam(&self, action: &str, more: &[(&str, &str)]) -> String {
        let fields = [("Action", action), ("Version", "2010-05-08"), ("UserName", "provision-bot")];
        let fields = fields.iter().chain(more);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.post("/", "application/x-www-form-urlencoded", body).await
    }

    /// From now on moto asks who calls, or no longer does.
    async fn judge(&self, on: bool) {
        let unjudged_calls = if on { "0" } else { "inf" };
        self.post("/moto-api/reset-auth", "text/plain", unjudged_calls.into()).await;
    }

    /// The gate and moto judge by these from now on.
    async fn set(&self, gate: Value, moto: Value) {
        *self.gate.policy.lock().unwrap() = gate;
        self.gate.refused.lock().unwrap().clear();
        self.judge(false).await;
        let document = as_moto_reads_it(moto).to_string();
        self.iam("PutUserPolicy", &[("PolicyName", "provision-bot"), ("PolicyDocument", &document)]).await;
    }

    /// What the provisioner does in its life: the first thing that does not work.
    async fn life(&self) -> Result<(), String> {
        let s3 = self.world.s3(REGION);
        let attempt = || Attempt::with(self.aws.clone());
        let claimed = json!({ "step": 1, "of": 8, "label": "Creating the bucket", "claiming": true });

        // Prepared by others: a bucket left untagged by a crash, and a stranger's.
        self.judge(false).await;
        let (half, strangers) = (input(REGION), input(REGION));
        create(&s3, &half.bucket_name).await;
        let call = s3.create_bucket().bucket(&strangers.bucket_name).customize();
        let place = call.mutate_request(|r| drop(r.headers_mut().insert("x-moto-account-id", "111122223333")));
        place.send().await.unwrap();
        self.judge(true).await;

        let bucket = input(REGION);
        attempt().provision(&bucket).await.0.map_err(|e| failed("provisioning", e))?;
        attempt().after(claimed).provision(&half).await.0.map_err(|e| failed("after a crash", e))?;
        let beat = json!({ "step": 3, "of": 8, "label": "…" });
        attempt().after(beat).provision(&bucket).await.0.map_err(|e| failed("trying again", e))?;

        self.judge(false).await;
        s3.create_multipart_upload().bucket(&half.bucket_name).key("unfinished").send().await.unwrap();
        s3.delete_object().bucket(&bucket.bucket_name).key("index.html").send().await.unwrap();
        self.judge(true).await;
        attempt().destroy(&half).await.0.map_err(|e| failed("undoing", e))?;
        attempt().destroy(&strangers).await.0.map_err(|e| failed("a stranger's bucket", e))?;
        Box::pin(self.says_what_is_missing(&bucket)).await?;
        Box::pin(self.is_frozen_and_thawed(&bucket)).await?;
        attempt().destroy(&bucket).await.0.map_err(|e| failed("undoing the rest", e))?;
        Box::pin(self.says_what_is_kept()).await
    }

    /// With a policy that is its own alone, and a lifecycle rule.
    async fn is_frozen_and_thawed(&self, bucket: &ProvisionInput) -> Result<(), String> {
        let s3 = self.world.s3(REGION);
        self.judge(false).await;
        s3.delete_bucket_policy().bucket(&bucket.bucket_name).send().await.unwrap();
        put_rules(&s3, &bucket.bucket_name, vec![rule("theirs")]).await;
        self.judge(true).await;
        for level in [Level::Closed, Level::Open] {
            let set = Attempt::with(self.aws.clone()).access(bucket, level).await.0;
            set.map_err(|e| failed("setting a level", e))?;
            let seen = Attempt::with(self.aws.clone()).inspect(bucket, Some(level)).await;
            seen.map_err(|e| failed("inspecting", e))?;
        }
        Ok(())
    }

    /// By a date, or by a legal hold.
    async fn says_what_is_kept(&self) -> Result<(), String> {
        let (s3, locked) = (self.world.s3(REGION), input(REGION));
        self.judge(false).await;
        with_a_locked_object(&s3, &locked).await;
        self.judge(true).await;
        for (held, words) in [(false, "that Object Lock keeps until"), (true, "there is a legal hold on")] {
            self.gate.held.store(held, Ordering::Relaxed);
            let told = format!("{:?}", Attempt::with(self.aws.clone()).destroy(&locked).await.0);
            if !told.contains(words) {
                return Err(told);
            }
        }
        Ok(())
    }

    /// A page that is gone is told from a permission that is.
    async fn says_what_is_missing(&self, bucket: &ProvisionInput) -> Result<(), String> {
        let beat = json!({ "step": 8, "of": 8, "label": "Verifying everything" });
        match Attempt::with(self.aws.clone()).after(beat).provision(bucket).await.0 {
            Err(error) if said(&error).contains("the welcome page is missing") => Ok(()),
            other => Err(format!("without the page: {other:?}")),
        }
    }
}

#[tokio::test]
async fn the_policy_is_enough_and_nothing_in_it_is_unused() {
    let account = Account::new().await;
    let whole = policy();
    account.set(whole.clone(), whole.clone()).await;
    assert_eq!(Box::pin(account.life()).await, Ok(()), "{:?}", account.gate.refused.lock().unwrap());

    for action in actions(&whole) {
        let less = without(&whole, &action);
        account.set(less.clone(), whole.clone()).await;
        let by_amazons_table = Box::pin(account.life()).await;
        assert!(by_amazons_table.is_err(), "nothing needs {action}");
        let refused = account.gate.refused.lock().unwrap().clone();
        assert!(refused.iter().all(|what| what.starts_with(&*action)) && !refused.is_empty(), "{refused:?}");

        if !MOTO_DOES_NOT_ASK_FOR.contains(&&*action) {
            account.set(whole.clone(), less).await;
            let by_moto = Box::pin(account.life()).await;
            assert!(by_moto.is_err(), "to moto, nothing needs {action}");
            assert_eq!(*account.gate.refused.lock().unwrap(), [""; 0]);
        }
    }
}
