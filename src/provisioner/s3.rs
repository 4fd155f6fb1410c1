//! S3: a client per region and profile, and one idempotent function per thing
//! that is set on a bucket.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, ObjectOwnership, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use aws_types::service_config::ServiceConfigKey;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::failure::Problem;
use super::walk::Walk;
use crate::domain::provisioning::ProvisionInput;

/// Nothing listens there, or it is overloaded: say so soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// One HTTP request. `CreateBucket` and a `DeleteObjects` of 1,000 keys take a few
/// seconds on a bad day.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// One call with its retries: also the longest that a cancellation waits.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(25);
/// Enough for a dropped connection; Temporal owns the long retries.
const ATTEMPTS: u32 = 3;

/// The region that knows no location constraint, for historical reasons.
const OLDEST_REGION: &str = "us-east-1";

/// The object that greets whoever opens the bucket.
pub const WELCOME_PAGE: &str = "index.html";
/// Its type: without the charset some browsers guess.
pub const HTML: &str = "text/html; charset=utf-8";

/// Where S3 and the profiles are. What is `None` comes from the AWS SDK's own
/// settings: `AWS_ENDPOINT_URL`, `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`, …
#[derive(Clone, Debug, Default)]
pub struct Aws {
    pub endpoint_url: Option<String>,
    pub config_file: Option<PathBuf>,
    pub credentials_file: Option<PathBuf>,
}

/// A client that speaks for one profile in one region.
#[derive(Clone, Debug)]
pub struct Connected {
    pub client: Client,
    /// The endpoint, where it is not Amazon's own.
    pub endpoint: Option<String>,
}

/// The clients, made when first needed.
#[derive(Debug)]
pub struct Clients {
    aws: Aws,
    made: Mutex<HashMap<(String, String), Connected>>,
}

impl Clients {
    pub fn new(aws: Aws) -> Self {
        Self { aws, made: Mutex::default() }
    }

    /// The client for `profile` in `region`.
    pub async fn get(&self, region: &str, profile: &str) -> Connected {
        let mut made = self.made.lock().await;
        let key = (region.to_owned(), profile.to_owned());
        if let Some(connected) = made.get(&key) {
            return connected.clone();
        }
        let connected = connect(&self.aws, region, profile).await;
        made.insert(key, connected.clone());
        connected
    }

    /// Forgets a client whose credentials were refused: the next one reads the
    /// profile anew, so renewing it needs no restart.
    pub async fn forget(&self, region: &str, profile: &str) {
        self.made.lock().await.remove(&(region.to_owned(), profile.to_owned()));
    }
}

async fn connect(aws: &Aws, region: &str, profile: &str) -> Connected {
    let region = Region::new(region.to_owned());
    // The profile and nothing else: the SDK's usual chain would prefer keys in
    // the environment, and fall back to the machine's role if there is no such
    // profile. A bucket in another account than the one chosen is the worst end.
    let provider = ProviderConfig::without_region().with_region(Some(region.clone()));
    let mut credentials = ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .profile_name(profile)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(OPERATION_TIMEOUT)
                .build(),
        );
    if let Some(files) = profile_files(aws) {
        credentials = credentials.profile_files(files.clone());
        loader = loader.profile_files(files);
    }
    if let Some(url) = &aws.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let sdk = loader.credentials_provider(credentials.build()).load().await;

    let endpoint = endpoint(aws, &sdk).filter(|url| !is_amazons(url));
    let config = aws_sdk_s3::config::Builder::from(&sdk).force_path_style(endpoint.is_some()).build();
    Connected { client: Client::from_conf(config), endpoint }
}

fn profile_files(aws: &Aws) -> Option<EnvConfigFiles> {
    if aws.config_file.is_none() && aws.credentials_file.is_none() {
        return None;
    }
    let mut files = EnvConfigFiles::builder();
    files = match &aws.config_file {
        Some(path) => files.with_file(EnvConfigFileKind::Config, path),
        None => files.include_default_config_file(true),
    };
    files = match &aws.credentials_file {
        Some(path) => files.with_file(EnvConfigFileKind::Credentials, path),
        None => files.include_default_credentials_file(true),
    };
    Some(files.build())
}

/// The endpoint that the S3 client is going to use, by the SDK's own precedence.
fn endpoint(aws: &Aws, sdk: &aws_config::SdkConfig) -> Option<String> {
    let for_s3 = || {
        let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        sdk.service_config()?.load_config(key.ok()?)
    };
    aws.endpoint_url.clone().or_else(for_s3).or_else(|| sdk.endpoint_url().map(str::to_owned))
}

/// Amazon's hosts (of interface endpoints too) take the bucket's name as a part
/// of the host; most others (an IP address, `localhost`, `minio`) have no such
/// names, so there the bucket goes into the path.
fn is_amazons(endpoint: &str) -> bool {
    url::Url::parse(endpoint)
        .ok()
        .and_then(|url| Some(url.host_str()?.to_owned()))
        .is_some_and(|host| host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
}

/// One request's bucket, and how to reach it: what every step works on.
pub struct Site {
    pub client: Client,
    pub endpoint: Option<String>,
    pub input: ProvisionInput,
    pub walk: Walk,
}

impl Site {
    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.input.bucket_name
    }

    /// The bucket's ARN.
    pub fn arn(&self) -> String {
        format!("arn:{}:s3:::{}", partition(&self.input.region).name, self.bucket())
    }

    /// The welcome page's address.
    pub fn url(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("{}/{}/{WELCOME_PAGE}", endpoint.trim_end_matches('/'), self.bucket()),
            None => {
                let (region, host) = (&self.input.region, partition(&self.input.region).host);
                format!("https://{}.s3.{region}.{host}/{WELCOME_PAGE}", self.bucket())
            }
        }
    }

    /// The bucket in the AWS console.
    pub fn console_url(&self) -> String {
        let (region, console) = (&self.input.region, partition(&self.input.region).console);
        format!("https://{console}/s3/buckets/{}?region={region}", self.bucket())
    }

    /// What `CreateBucket` has to be told about the region.
    pub fn location_constraint(&self) -> Option<&str> {
        (self.input.region != OLDEST_REGION).then_some(self.input.region.as_str())
    }
}

struct Partition {
    name: &'static str,
    host: &'static str,
    console: &'static str,
}

/// AWS proper, or one of its separate worlds.
fn partition(region: &str) -> Partition {
    if region.starts_with("cn-") {
        Partition { name: "aws-cn", host: "amazonaws.com.cn", console: "console.amazonaws.cn" }
    } else if region.starts_with("us-gov-") {
        Partition { name: "aws-us-gov", host: "amazonaws.com", console: "console.amazonaws-us-gov.com" }
    } else {
        Partition { name: "aws", host: "amazonaws.com", console: "s3.console.aws.amazon.com" }
    }
}

/// Whatever an ACL or a policy says, nothing in the bucket becomes public.
pub async fn block_public_access(site: &Site) -> Result<(), Problem> {
    let everything = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    let call = site.client.put_public_access_block().bucket(site.bucket());
    call.public_access_block_configuration(everything).send().await?;
    Ok(())
}

/// All objects belong to the bucket's owner; ACLs are off.
pub async fn enforce_ownership(site: &Site) -> Result<(), Problem> {
    let owner_only = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced).build()?;
    let controls = OwnershipControls::builder().rules(owner_only).build()?;
    site.client.put_bucket_ownership_controls().bucket(site.bucket()).ownership_controls(controls).send().await?;
    Ok(())
}

/// Objects are encrypted with keys that S3 manages, unless whoever writes them says more.
pub async fn encrypt(site: &Site) -> Result<(), Problem> {
    let aes = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256).build()?;
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(aes).build();
    let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build()?;
    let call = site.client.put_bucket_encryption().bucket(site.bucket());
    call.server_side_encryption_configuration(rules).send().await?;
    Ok(())
}

/// What is overwritten or deleted can be had back.
pub async fn keep_versions(site: &Site) -> Result<(), Problem> {
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    site.client.put_bucket_versioning().bucket(site.bucket()).versioning_configuration(on).send().await?;
    Ok(())
}

/// Requests over plain HTTP are refused.
///
/// A server that we reach by plain HTTP itself is for trying things out (moto in
/// the demo): enforced there, the policy would shut out everyone. moto goes
/// further: it knows no conditions, and refuses all that the action names. It
/// compares actions by case, though, which IAM does not (IAM reference, "Action"):
/// spelled `S3:*`, the policy is in place and the bucket can be used.
pub async fn refuse_plain_http(site: &Site) -> Result<(), Problem> {
    let plain = site.endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
    let policy = https_only(&site.arn(), if plain { "S3:*" } else { "s3:*" }).to_string();
    site.client.put_bucket_policy().bucket(site.bucket()).policy(policy).send().await?;
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
pub async fn write_welcome_page(site: &Site) -> Result<(), Problem> {
    let page = ByteStream::from(welcome_page(&site.input).into_bytes());
    let call = site.client.put_object().bucket(site.bucket()).key(WELCOME_PAGE);
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
    fn the_bucket_goes_into_the_path_except_at_amazons() {
        for own in ["http://127.0.0.1:5000", "http://localhost:4566", "https://minio.example.com", "not a url"] {
            assert!(!is_amazons(own), "{own}");
        }
        for amazons in ["https://s3.eu-west-1.amazonaws.com", "https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com"] {
            assert!(is_amazons(amazons), "{amazons}");
        }
        assert!(!is_amazons("https://amazonaws.com.evil.example"));
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
        };
        let page = welcome_page(&input);
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;&#123;&#123;region}}&#39;)"), "{page}");
        assert!(page.contains("&quot;a&quot; &amp; b"), "{page}");
        assert!(!page.contains("{{"), "{page}");
    }
}
