//! [`Settings`]: the bot's own variables of the environment, each judged once,
//! with what to do where one is missing or wrong. A message never repeats a
//! secret.

mod aws;
mod client;
mod config_file;
mod encryption;
mod listen;
mod log;
mod proxy;
mod release;
mod slack;
#[cfg(test)]
mod tests;
mod traces;
mod variables;

use std::time::Duration;

use secrecy::SecretString;

pub use self::aws::{aws_authorities, wrong_aws_endpoints};
pub use self::client::ClientSettings;
pub use self::config_file::{DEFAULT_FILE, file_path};
pub use self::encryption::EncryptionKey;
pub use self::log::{DEFAULT_LOG_FILTER, Log, LogFormat};
pub use self::proxy::proxy;
pub use self::release::Release;
use self::variables::Variables;
use crate::config::command_line::{Flags, Part};
use crate::config::problem::ConfigError;
use outbound::proxy::Proxy;

/// The variables of the environment that are the bot's own, and which release it is.
/// How to reach Temporal and AWS is read by their SDKs.
#[derive(Clone, Debug)]
pub struct Settings {
    pub slack_bot_token: SecretString,
    /// Verifies what comes in over HTTP. There whenever [`Part`] serves HTTP.
    pub slack_signing_secret: Option<SecretString>,
    /// When set, Socket Mode replaces the HTTP endpoints.
    pub slack_app_token: Option<SecretString>,
    /// Base of the Slack Web API, without a trailing slash.
    pub slack_api_url: String,
    /// The way to Slack and AWS where there is no direct one.
    pub proxy: Option<Proxy>,
    /// `host:port` to serve on.
    pub listen: String,
    /// The first encrypts, all decrypt; empty: histories are not encrypted.
    pub encryption_keys: Vec<EncryptionKey>,
    /// Without one the workers are not versioned.
    pub release: Option<Release>,
    pub log: Log,
    /// Whose certificates are trusted in AWS instead of the system's, in PEM form.
    pub aws_authorities: Option<Vec<u8>>,
    /// How long the collector of traces may take for a batch; none: no traces. All
    /// else about them is read by OpenTelemetry's SDK.
    pub traces: Option<Duration>,
}

/// What `codec-server` needs of the environment.
#[derive(Clone, Debug)]
pub struct CodecSettings {
    /// `host:port` to serve on.
    pub listen: String,
    pub encryption_keys: Vec<EncryptionKey>,
    /// What callers must know.
    pub token: Option<SecretString>,
    pub log: Log,
}

impl Settings {
    /// Judges the environment: everything that is missing or wrong for `part`
    /// is named at once.
    pub fn from_env(part: Part, flags: &Flags, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(&lookup);
        let slack_bot_token = variables.bot_token();
        let slack_app_token = variables.app_token();
        let slack_signing_secret = variables.signing_secret(part);
        let slack_api_url = variables.slack_api_url();
        let proxy = variables.proxy();
        let listen = variables.listen(flags);
        let encryption_keys = variables.encryption_keys();
        let release = variables.release();
        let log = variables.log();
        let traces = variables.traces();
        variables.problems.extend(wrong_aws_endpoints(&lookup));
        let aws_authorities = match aws_authorities(&lookup) {
            Ok(authorities) => authorities,
            Err(problem) => {
                variables.problems.push(problem);
                None
            }
        };
        let (Some(slack_bot_token), Some(slack_api_url), Some(listen), Some(encryption_keys), Some(log), []) =
            (slack_bot_token, slack_api_url, listen, encryption_keys, log, &*variables.problems)
        else {
            return Err(variables.into_error());
        };
        Ok(Self {
            slack_bot_token,
            slack_signing_secret,
            slack_app_token,
            slack_api_url,
            proxy,
            listen,
            encryption_keys,
            release,
            log,
            aws_authorities,
            traces,
        })
    }
}

impl CodecSettings {
    /// Judges the environment, as [`Settings::from_env`] does.
    pub fn from_env(flags: &Flags, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(&lookup);
        let listen = variables.listen(flags);
        let encryption_keys = variables.encryption_keys();
        let token = variables.get("PROVISION_BOT_CODEC_TOKEN").map(SecretString::from);
        let log = variables.log();
        match (listen, encryption_keys, log) {
            (Some(listen), Some(encryption_keys), Some(log)) => Ok(Self { listen, encryption_keys, token, log }),
            _ => Err(variables.into_error()),
        }
    }
}
