//! [`Line`]: what a probe found, and how long it may look.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// How long a connection gets to answer: longer than any that is healthy takes,
/// short enough to wait for.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);

/// What was tried, and how it went.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    pub(super) what: String,
    pub(super) ok: bool,
    /// What was found, or what is wrong.
    pub(super) said: String,
    /// What to do about it; where it passed, what should be done all the same.
    pub(super) advice: Option<String>,
}

impl Line {
    pub(super) fn passed(what: impl Into<String>, said: impl Into<String>) -> Self {
        Self { what: what.into(), ok: true, said: one_line(&said.into()), advice: None }
    }

    pub(super) fn failed(what: impl Into<String>, said: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { ok: false, ..Self::passed(what, said) }.advise(advice)
    }

    pub(super) fn advise(self, advice: impl Into<String>) -> Self {
        let said = self.said.trim_end().trim_end_matches('.').to_owned();
        Self { said, advice: Some(advice.into()), ..self }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", if self.ok { "ok  " } else { "FAIL" }, self.what, self.said)?;
        match &self.advice {
            Some(advice) => write!(f, ". {advice}"),
            None => Ok(()),
        }
    }
}

/// Much of what is said comes from elsewhere.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_its_verdict_first() {
        assert_eq!(Line::passed("Temporal", "here").to_string(), "ok   Temporal: here");
        assert_eq!(Line::passed("clock", "slow").advise("Set it.").to_string(), "ok   clock: slow. Set it.");
        assert_eq!(
            Line::failed("Temporal", "gone\nfor good.", "Look.").to_string(),
            "FAIL Temporal: gone for good. Look."
        );
    }
}
