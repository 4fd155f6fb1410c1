//! What others say, fit to be read by people: in one line, and no longer than it helps.

use std::error::Error;
use std::fmt::Write as _;

/// How much of a foreign text goes into a message: enough for S3's longest
/// explanations (an ARN of the caller, an action, an ARN of the bucket), little
/// enough for a Slack message and a workflow history.
pub const FOREIGN_TEXT_MAX: usize = 300;

/// An error, what caused it, what caused that, and so on.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

/// An error and its causes in one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for said in causes(error).map(ToString::to_string) {
        if !text.ends_with(&said) {
            let _ = write!(text, "{}{said}", if text.is_empty() { "" } else { ": " });
        }
    }
    text
}

/// A foreign text, fit to stand in a sentence: one line, no full stop, and if it
/// had to be cut, it says so.
pub fn tidy(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim().trim_end_matches('.');
    match line.char_indices().nth(FOREIGN_TEXT_MAX) {
        Some((end, _)) => format!("{}… (cut)", &line[..end]),
        None => line.to_owned(),
    }
}
