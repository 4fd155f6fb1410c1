//! What is checked where, and what is wrong with it.

use std::fmt::Display;

use serde_json::{Value, json};

/// Characters of an ID.
pub(super) const MAX_ID: usize = 255;

/// Where blocks are shown. Not every block works everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// A message.
    Message,
    /// A modal.
    Modal,
    /// A Home tab.
    Home,
}

/// One mistake: what is wrong, and a JSON pointer to where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, in Slack's words.
    pub message: String,
    /// Where, as a JSON pointer.
    pub pointer: String,
}

impl Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} [json-pointer:{}]", self.message, self.pointer)
    }
}

/// Slack's answer to invalid blocks, as extra fields of the error.
pub fn block_errors(problems: &[Problem]) -> Value {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    let prefixed: Vec<String> = lines.iter().map(|line| format!("[ERROR] {line}")).collect();
    json!({ "errors": lines, "response_metadata": { "messages": prefixed } })
}

/// A walk through blocks that collects every mistake.
pub(super) struct Check {
    pub(super) surface: Surface,
    pub(super) problems: Vec<Problem>,
}

/// Which text objects a field takes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Text {
    Plain,
    Any,
}

impl Check {
    pub(super) fn fail(&mut self, message: impl Into<String>, at: &str) {
        self.problems.push(Problem { message: message.into(), pointer: at.into() });
    }
}
