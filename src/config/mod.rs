//! [`Config`]: what the organisation allows and where the bot is connected,
//! loaded and whole. What cannot be used is refused here, all at once and in
//! words an operator can act on, before anything connects.
//!
//! This is the only module that reads the environment.

pub mod file;
mod settings;

use std::fmt;
use std::path::{Path, PathBuf};

use self::settings::Variables;
use crate::domain::policy::Policy;

pub use self::settings::{
    ClientSettings, CodecSettings, DEFAULT_LOG_FILTER, EncryptionKey, Log, LogFormat, Release, Settings,
    aws_authorities, proxy, wrong_aws_endpoints,
};

/// Where the configuration file is, unless named.
pub const DEFAULT_FILE: &str = "provision-bot.toml";

/// All the bot has to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    pub settings: Settings,
    pub policy: Policy,
}

/// What of the bot is going to run; it decides which settings are required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    All,
    Web,
    Worker,
}

/// What flags of the command line say instead of the environment.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub config: Option<PathBuf>,
    pub listen: Option<String>,
}

/// Everything that is wrong with the configuration, one line each.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub problems: Vec<Problem>,
}

/// One thing that is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A variable (or the flag that replaces it).
    Variable { name: &'static str, message: String },
    /// The configuration file as a whole.
    File { path: PathBuf, message: String },
    /// A place in the configuration file; `key` is empty where there is none.
    Key { path: PathBuf, line: usize, column: usize, key: String, message: String },
}

/// A variable of the environment, as it is.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

impl Config {
    /// Reads the environment and the configuration file.
    pub fn load(part: Part, flags: &Flags) -> Result<Self, ConfigError> {
        Self::from_env(part, flags, environment)
    }

    /// Like [`Config::load`], with the environment as a function.
    pub fn from_env(part: Part, flags: &Flags, lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let policy = file::load(&file_path(flags, &lookup));
        match (Settings::from_env(part, flags, &lookup), policy) {
            (Ok(settings), Ok(policy)) => Ok(Self { settings, policy }),
            (settings, policy) => {
                let errors = settings.err().into_iter().chain(policy.err());
                Err(ConfigError { problems: errors.flat_map(|error| error.problems).collect() })
            }
        }
    }
}

/// Which configuration file is meant.
pub fn file_path(flags: &Flags, lookup: impl Fn(&str) -> Option<String>) -> PathBuf {
    let named = flags.config.clone().or_else(|| Variables::new(&lookup).get("PROVISION_BOT_CONFIG").map(PathBuf::from));
    named.unwrap_or_else(|| Path::new(DEFAULT_FILE).to_owned())
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { name, message } => write!(f, "{name} {message}"),
            Self::File { path, message } => write!(f, "{}: {message}", path.display()),
            Self::Key { path, line, column, key, message } => {
                let separator = if key.is_empty() { "" } else { " " };
                write!(f, "{}:{line}:{column}: {key}{separator}{message}", path.display())
            }
        }
    }
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_in_both_places_are_reported_together() {
        let flags = Flags { config: Some("no/such.toml".into()), listen: Some("nowhere".into()) };
        let error = Config::from_env(Part::Worker, &flags, |_| None).expect_err("nothing is right");
        let said = error.to_string();
        assert_eq!(error.problems.len(), 3, "{said}");
        assert!(said.starts_with("SLACK_BOT_TOKEN ") && said.contains("\nno/such.toml: "), "{said}");
    }
}
