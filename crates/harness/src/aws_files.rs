//! An AWS configuration of its own, with the demo's profiles.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// An AWS configuration of its own, so that nobody's real one is read.
#[derive(Clone, Debug)]
pub struct AwsFiles {
    /// As `AWS_CONFIG_FILE` wants it.
    pub config: PathBuf,
    /// As `AWS_SHARED_CREDENTIALS_FILE` wants it.
    pub credentials: PathBuf,
}

impl AwsFiles {
    /// Writes the two files with `profiles` into `dir`. The keys open nothing:
    /// moto and ministack take any.
    pub fn write(dir: &Path, profiles: &[&str]) -> anyhow::Result<Self> {
        let this = Self { config: dir.join("aws-config"), credentials: dir.join("aws-credentials") };
        let (mut config, mut credentials) = (String::new(), String::new());
        for profile in profiles {
            config += &format!("[profile {profile}]\nregion = us-east-1\n\n");
            credentials +=
                &format!("[{profile}]\naws_access_key_id = demo-{profile}\naws_secret_access_key = demo-secret\n\n");
        }
        fs::write(&this.config, config).context("the AWS configuration of the demo")?;
        fs::write(&this.credentials, credentials).context("the AWS credentials of the demo")?;
        Ok(this)
    }

    /// A client that looks at the S3 server at `endpoint` with one of the profiles.
    pub async fn s3_client(&self, endpoint: &str, region: &str, profile: &str) -> aws_sdk_s3::Client {
        let sdk = self.sdk(endpoint, region, profile).await;
        aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(&sdk).force_path_style(true).build())
    }

    /// A client that looks at the CloudFormation server at `endpoint` with one of the profiles.
    pub async fn cloudformation_client(
        &self,
        endpoint: &str,
        region: &str,
        profile: &str,
    ) -> aws_sdk_cloudformation::Client {
        aws_sdk_cloudformation::Client::new(&self.sdk(endpoint, region, profile).await)
    }

    async fn sdk(&self, endpoint: &str, region: &str, profile: &str) -> SdkConfig {
        let files = EnvConfigFiles::builder()
            .with_file(EnvConfigFileKind::Config, &self.config)
            .with_file(EnvConfigFileKind::Credentials, &self.credentials)
            .build();
        aws_config::defaults(BehaviorVersion::latest())
            .profile_files(files)
            .profile_name(profile)
            .region(Region::new(region.to_owned()))
            .endpoint_url(endpoint)
            .http_client(direct())
            .load()
            .await
    }

    /// The demo's two profiles, `sandbox` and `production`.
    pub fn write_demo(dir: &Path) -> anyhow::Result<Self> {
        Self::write(dir, &["sandbox", "production"])
    }
}

/// A client that dials directly, whatever proxy the environment names.
fn direct() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(ProxyConfig::disabled()));
        connector.build()
    })
}
