//! [`Problem`]: one thing that is wrong with the configuration, and all of them together.

use std::fmt;
use std::path::PathBuf;

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
    /// A line of a file that the configuration names.
    Line { path: PathBuf, line: usize, message: String },
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
            Self::Line { path, line, message } => write!(f, "{}:{line}: {message}", path.display()),
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
