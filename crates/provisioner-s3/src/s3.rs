//! S3: one request's bucket, and one idempotent function per thing that is set on it.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, ObjectOwnership, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use provisioner::ProvisionInput;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::account::Account;
use crate::attempt::Attempt;
use crate::clients::{Connected, Ready};
use crate::failure::Problem;
use crate::guard::Guard;
use crate::ownership::Owner;
use crate::partition;

/// The region that knows no location constraint, for historical reasons.
const OLDEST_REGION: &str = "us-east-1";

/// The object that greets whoever opens the bucket.
pub const WELCOME_PAGE: &str = "index.html";
/// Its type: without the charset some browsers guess.
pub const HTML: &str = "text/html; charset=utf-8";

/// One request's bucket, and how to reach it: what every step works on.
pub struct BucketContext {
    pub client: Client,
    pub endpoint: Option<String>,
    pub credentials: Ready,
    pub input: ProvisionInput,
    pub attempt: Attempt,
    account: Arc<Account>,
    /// The profile's own account, as far as it was asked for and is known: what each
    /// request to a bucket then says.
    own: Arc<OnceLock<String>>,
    /// What came of asking for it: once in an attempt.
    asked: OnceCell<Result<(), Problem>>,
    /// Whether this attempt made the bucket, or S3 said that its account owns it.
    pub made: AtomicBool,
    /// Set once it is certain that the bucket is in the profile's own account.
    pub proven: OnceLock<()>,
    /// What the first look of this attempt showed: see `ownership::first_look`.
    pub first_look: OnceCell<Owner>,
    /// The bucket's tags when this attempt first saw that it is the request's.
    pub first_tags: OnceCell<BTreeMap<String, String>>,
}

impl BucketContext {
    pub fn new(connected: &Connected, input: ProvisionInput, attempt: Attempt) -> Self {
        let own = Arc::new(OnceLock::new());
        let guard = Guard { lease: attempt.lease.clone(), account: own.clone() };
        let config = connected.client.config().to_builder().interceptor(guard).build();
        Self {
            client: Client::from_conf(config),
            endpoint: connected.endpoint.clone(),
            credentials: connected.credentials.clone(),
            input,
            attempt,
            account: connected.account.clone(),
            own,
            asked: OnceCell::new(),
            made: AtomicBool::new(false),
            proven: OnceLock::new(),
            first_look: OnceCell::new(),
            first_tags: OnceCell::new(),
        }
    }

    /// From now on S3 refuses whatever is not in the profile's own account. `false`:
    /// nobody tells which that is. An error: not this time.
    pub async fn in_our_account_only(&self) -> Result<bool, Problem> {
        let asked = self.asked.get_or_init(async || {
            let number = self.account.number().await?;
            number.map(|number| self.own.set(number));
            Ok(())
        });
        asked.await.clone().map(|()| self.own.get().is_some())
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.input.bucket_name
    }

    /// The bucket's ARN. Servers that are not Amazon's say it as most of the world does.
    pub fn arn(&self) -> String {
        let partition = partition::of(&self.input.region).unwrap_or_else(|| partition::COMMERCIAL.to_owned());
        format!("arn:{partition}:s3:::{}", self.bucket())
    }

    /// The welcome page's address.
    pub fn url(&self) -> String {
        let bucket = match &self.endpoint {
            Some(endpoint) => format!("{}/{}", endpoint.trim_end_matches('/'), self.bucket()),
            None => partition::address(&self.input.region, self.bucket()).unwrap_or_default(),
        };
        format!("{bucket}/{WELCOME_PAGE}")
    }

    /// What `CreateBucket` has to be told about the region.
    pub fn location_constraint(&self) -> Option<&str> {
        (self.input.region != OLDEST_REGION).then_some(self.input.region.as_str())
    }
}

/// The region that S3 means by a location constraint. Two regions have names of their own
/// there (S3 API reference, "GetBucketLocation": none is `us-east-1`, `EU` is
/// `eu-west-1`), and servers that speak S3 tell more of them. What is not known is taken
/// for what it says.
pub fn region_told(location: Option<&str>) -> &str {
    let location = location.unwrap_or_default().trim();
    match location.to_ascii_lowercase().as_str() {
        "" | "null" | "none" | "us" | "us-standard" | OLDEST_REGION => OLDEST_REGION,
        "eu" => "eu-west-1",
        _ => location,
    }
}

/// Whatever an ACL or a policy says, nothing in the bucket becomes public.
pub async fn block_public_access(context: &BucketContext) -> Result<(), Problem> {
    let everything = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    let call = context.client.put_public_access_block().bucket(context.bucket());
    call.public_access_block_configuration(everything).send().await?;
    Ok(())
}

/// All objects belong to the bucket's owner; ACLs are off.
pub async fn enforce_ownership(context: &BucketContext) -> Result<(), Problem> {
    let owner_only = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced).build()?;
    let controls = OwnershipControls::builder().rules(owner_only).build()?;
    context.client.put_bucket_ownership_controls().bucket(context.bucket()).ownership_controls(controls).send().await?;
    Ok(())
}

/// Objects are encrypted with keys that S3 manages, unless whoever writes them says more.
pub async fn encrypt(context: &BucketContext) -> Result<(), Problem> {
    let aes = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256).build()?;
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(aes).build();
    let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build()?;
    let call = context.client.put_bucket_encryption().bucket(context.bucket());
    call.server_side_encryption_configuration(rules).send().await?;
    Ok(())
}

/// What is overwritten or deleted can be had back.
pub async fn keep_versions(context: &BucketContext) -> Result<(), Problem> {
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    context.client.put_bucket_versioning().bucket(context.bucket()).versioning_configuration(on).send().await?;
    Ok(())
}

/// Requests over plain HTTP are refused.
///
/// A server that we reach by plain HTTP itself is for trying things out (moto in
/// the demo): enforced there, the policy would shut out everyone. moto goes
/// further: it knows no conditions, and refuses all that the action names. It
/// compares actions by case, though, which IAM does not (IAM reference, "Action"):
/// spelled `S3:*`, the policy is in place and the bucket can be used.
pub async fn refuse_plain_http(context: &BucketContext) -> Result<(), Problem> {
    let plain = context.endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
    let policy = https_only(&context.arn(), if plain { "S3:*" } else { "s3:*" }).to_string();
    context.client.put_bucket_policy().bucket(context.bucket()).policy(policy).send().await?;
    Ok(())
}

fn https_only(arn: &str, every_action: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "RefusePlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": every_action,
            "Resource": [arn, format!("{arn}/*")],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } }
        }]
    })
}

/// The page that greets whoever opens the bucket.
pub async fn write_welcome_page(context: &BucketContext) -> Result<(), Problem> {
    let page = ByteStream::from(welcome_page(&context.input).into_bytes());
    let call = context.client.put_object().bucket(context.bucket()).key(WELCOME_PAGE);
    call.content_type(HTML).body(page).send().await?;
    Ok(())
}

/// The page's text.
pub fn welcome_page(input: &ProvisionInput) -> String {
    include_str!("welcome.html")
        .replace("{{bucket}}", &html(&input.bucket_name))
        .replace("{{region}}", &html(&input.region))
        .replace("{{team}}", &html(&input.team_id))
        .replace("{{application}}", &html(&input.application_name))
}

/// Text that stands for itself in HTML, inside an attribute too.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '{' => out.push_str("&#123;"), // so that no value is taken for a placeholder
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_several_names() {
        for (told, region) in [
            (None, "us-east-1"),
            (Some(""), "us-east-1"),
            (Some("us-east-1"), "us-east-1"),
            (Some("US"), "us-east-1"),
            (Some("us-standard"), "us-east-1"),
            (Some("null"), "us-east-1"),
            (Some("EU"), "eu-west-1"),
            (Some("eu-west-1"), "eu-west-1"),
            (Some(" eu-west-1\n"), "eu-west-1"),
            (Some("eu-central-1"), "eu-central-1"),
            (Some("default"), "default"),
        ] {
            assert_eq!(region_told(told), region, "{told:?}");
        }
    }

    #[test]
    fn the_welcome_page_shows_names_and_runs_nothing() {
        let input = ProvisionInput {
            application_id: "x-1".into(),
            application_name: "<script>alert('{{region}}')</script>".into(),
            team_id: "\"a\" & b".into(),
            blueprint: "bucket".into(),
            region: "eu-west-1".into(),
            profile: "sandbox".into(),
            bucket_name: "app-x-1".into(),
            requester_id: String::new(),
            authorizer_id: String::new(),
            resume_from: None,
            unheard: None,
        };
        let page = welcome_page(&input);
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;&#123;&#123;region}}&#39;)"), "{page}");
        assert!(page.contains("&quot;a&quot; &amp; b"), "{page}");
        assert!(!page.contains("{{"), "{page}");
    }
}
