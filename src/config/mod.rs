//! [`Config`]: what the organisation allows and where the bot is connected,
//! loaded and whole. What cannot be used is refused here, all at once and in
//! words an operator can act on, before anything connects.
//!
//! This is the only module that reads the environment.

mod command_line;
pub mod file;
mod problem;
mod settings;

pub use self::command_line::{Flags, Part};
pub use self::problem::{ConfigError, Problem};
pub use self::settings::{
    ClientSettings, CodecSettings, DEFAULT_FILE, DEFAULT_LOG_FILTER, EncryptionKey, Log, LogFormat, Release, Settings,
    aws_authorities, file_path, proxy, wrong_aws_endpoints,
};
use crate::domain::policy::Policy;
use crate::stacks::Templates;

/// All the bot has to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    pub settings: Settings,
    pub policy: Policy,
    /// The templates of the blueprints that have one.
    pub templates: Templates,
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
        let file = file::load(&file_path(flags, &lookup));
        match (Settings::from_env(part, flags, &lookup), file) {
            (Ok(settings), Ok(file::File { policy, templates })) => Ok(Self { settings, policy, templates }),
            (settings, file) => {
                let errors = settings.err().into_iter().chain(file.err());
                Err(ConfigError { problems: errors.flat_map(|error| error.problems).collect() })
            }
        }
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
