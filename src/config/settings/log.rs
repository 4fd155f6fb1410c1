//! [`Log`]: what is logged, and how.

use tracing_subscriber::EnvFilter;

use super::variables::Variables;
use crate::config::problem::ConfigError;

/// What is logged, unless told.
pub const DEFAULT_LOG_FILTER: &str = "info";

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// A filter in the words of `RUST_LOG`, known to be valid.
    pub filter: String,
    pub format: LogFormat,
    /// Whether text may have colours, where people read it: not if `NO_COLOR` is set.
    pub colours: bool,
}

/// The shape of a line of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Log {
    /// How to log that the settings are wrong, which may be those of the log.
    pub fn at_least(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let form = |name: &str| if name == "RUST_LOG" { None } else { lookup(name) };
        let plain = Self { filter: DEFAULT_LOG_FILTER.to_owned(), format: LogFormat::Text, colours: false };
        Self::from_env(form).unwrap_or(plain)
    }

    /// For the commands that need no other setting.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(&lookup);
        variables.log().ok_or_else(|| variables.into_error())
    }
}

impl Variables<'_> {
    pub(super) fn log(&mut self) -> Option<Log> {
        let filter = self.get("RUST_LOG").unwrap_or_else(|| DEFAULT_LOG_FILTER.to_owned());
        let filter = match EnvFilter::builder().parse(&filter) {
            Ok(_) => Some(filter),
            Err(error) => self.refuse(
                "RUST_LOG",
                format!("is {filter:?}, which is not a filter: {error}. Expected such as info,provision_bot=debug."),
            ),
        };
        let format = match self.get("PROVISION_BOT_LOG_FORMAT").as_deref() {
            None => Some(LogFormat::default()),
            Some("text") => Some(LogFormat::Text),
            Some("json") => Some(LogFormat::Json),
            Some(other) => self.refuse("PROVISION_BOT_LOG_FORMAT", format!("is {other:?}, expected text or json.")),
        };
        let colours = self.get("NO_COLOR").is_none();
        Some(Log { filter: filter?, format: format?, colours })
    }
}
