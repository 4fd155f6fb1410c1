//! What the SDK is told so that a client, of any service, speaks for one profile and for
//! nobody else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::identity::IdentityCache;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::{Profile, ProfileFileCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::ServiceConfigKey;
use outbound::proxy::Proxy;
use outbound::trust;

use crate::called;
use crate::credentials::{self, Kept, Provider};
use crate::http;
use crate::no_credentials::Why;

/// Nothing listens there, or it is overloaded: say so soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// One HTTP request. `CreateBucket` and a `DeleteObjects` of 1,000 keys take a few
/// seconds on a bad day.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// One call with its retries: also the longest that a cancellation waits.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(25);
/// Enough for a dropped connection; Temporal owns the long retries.
const ATTEMPTS: u32 = 3;

/// Where S3 and the profiles are. What is `None` comes from the AWS SDK's own
/// settings: `AWS_ENDPOINT_URL`, `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`, …
#[derive(Clone, Debug, Default)]
pub struct Aws {
    /// Where S3 is.
    pub endpoint_url: Option<String>,
    /// The file that names the profiles.
    pub config_file: Option<PathBuf>,
    /// The file with their keys.
    pub credentials_file: Option<PathBuf>,
    /// The way to AWS; the SDK itself is not let look for one, since it would take
    /// that of plain HTTP too, where a machine asks who it is.
    pub proxy: Option<Proxy>,
    /// Whose certificates are trusted instead of the system's, in PEM form. A profile that
    /// names others (`ca_bundle`) is heard only where this is `None`.
    pub authorities: Option<Vec<u8>>,
}

/// A profile's credentials, which may have to be waited for before work begins.
#[derive(Clone, Debug)]
pub struct Ready {
    kept: Arc<Kept>,
    /// What makes the profile unusable before it is asked.
    wrong: Option<String>,
}

impl Ready {
    /// Makes sure that there are some, or says why there are none.
    pub async fn ready(&self) -> Result<(), Why> {
        if let Some(wrong) = &self.wrong {
            return Err(Why::Broken(wrong.clone()));
        }
        let ready = self.kept.ready().await;
        ready.map_err(|error| called::why(&error).unwrap_or(Why::Unknown))
    }
}

/// The settings of a profile in a region, for clients of any service.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings of the SDK.
    pub sdk: SdkConfig,
    /// The profile's credentials.
    pub credentials: Ready,
}

/// The settings under which a client of any service speaks for `profile` in `region`.
pub async fn load(aws: &Aws, region: &str, profile: &str) -> Loaded {
    let region = Region::new(region.to_owned());
    // The profile comes first: the SDK's usual chain would prefer keys in the
    // environment, and fall back to the machine's role if there is no such
    // profile. A bucket in another account than the one chosen is the worst end.
    let section = profile_section(aws, profile).await;
    let authorities = match (&aws.authorities, section.as_ref().and_then(|section| section.get("ca_bundle"))) {
        (Some(pem), _) => Ok(Some(pem.clone())),
        (None, Some(path)) => trust::certificates(Path::new(path)).map(Some),
        (None, None) => Ok(None),
    };
    let http = http::client(aws.proxy.as_ref(), authorities.as_ref().ok().and_then(Option::as_deref));
    let provider = ProviderConfig::without_region().with_region(Some(region.clone())).with_http_client(http.clone());
    let mut credentials = ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .profile_name(profile)
        .http_client(http)
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
    let credentials = CredentialsProviderChain::first_try("Profile", credentials.build());
    // A profile that exists and names no credentials of its own means those of
    // the process (keys in the environment, a role of the pod or the machine),
    // never another profile's.
    let credentials = match section.is_some() {
        true => credentials
            .or_else("Environment", EnvironmentVariableCredentialsProvider::new())
            .or_else("WebIdentity", WebIdentityTokenCredentialsProvider::builder().configure(&provider).build())
            .or_else("Container", EcsCredentialsProvider::builder().configure(&provider).build())
            .or_else("Instance", ImdsCredentialsProvider::builder().configure(&provider).build()),
        false => credentials,
    };
    let kept = Arc::new(Kept::new(credentials, credentials::WITHIN));
    let cache = IdentityCache::lazy().load_timeout(credentials::WITHIN).build();
    let sdk = loader.credentials_provider(Provider(kept.clone())).identity_cache(cache).load().await;
    let wrong = authorities.err().map(|wrong| format!("the file that its ca_bundle names {wrong}"));
    Loaded { sdk, credentials: Ready { kept, wrong } }
}

/// Whether S3 is not Amazon's (`s3` is where it is instead), and nothing says where a
/// service beside it is: Amazon's own must not hear of the users of another S3.
pub fn is_elsewhere(aws: &Aws, sdk: &SdkConfig, s3: Option<&str>, service: &str) -> bool {
    s3.is_some() && endpoint(aws, sdk, service).is_none()
}

async fn profile_section(aws: &Aws, profile: &str) -> Option<Profile> {
    let files = profile_files(aws).unwrap_or_default();
    let sections = aws_config::profile::load(&Fs::real(), &Env::real(), &files, None).await.ok()?;
    sections.get_profile(profile).cloned()
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

/// The endpoint that the client of a service is going to use where it is not the
/// service's own, by the SDK's own precedence.
pub fn endpoint(aws: &Aws, sdk: &SdkConfig, service: &str) -> Option<String> {
    let of_service = || {
        let key = ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        sdk.service_config()?.load_config(key.build().ok()?)
    };
    aws.endpoint_url.clone().or_else(of_service).or_else(|| sdk.endpoint_url().map(str::to_owned))
}
