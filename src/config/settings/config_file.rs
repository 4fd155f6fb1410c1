//! Where the configuration file is.

use std::path::{Path, PathBuf};

use super::variables::Variables;
use crate::config::command_line::Flags;

/// Where the configuration file is, unless named.
pub const DEFAULT_FILE: &str = "provision-bot.toml";

/// Which configuration file is meant.
pub fn file_path(flags: &Flags, lookup: impl Fn(&str) -> Option<String>) -> PathBuf {
    let named = flags.config.clone().or_else(|| Variables::new(&lookup).get("PROVISION_BOT_CONFIG").map(PathBuf::from));
    named.unwrap_or_else(|| Path::new(DEFAULT_FILE).to_owned())
}
