//! What the command line says: which part of the bot runs, and what stands instead of variables.

use std::path::PathBuf;

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
