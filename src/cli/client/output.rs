//! [`Output`]: what a command prints. To standard output what was asked for, as lines
//! for a person or, with `--json`, as the bot's own documents, one a line; to standard
//! error what else is to be known.
//!
//! What comes from the bot was typed by people or told by provisioners: nothing in it
//! may steer a terminal, or turn the text around it.

use std::io::{self, Write};

use serde_json::Value;

use super::problem::Problem;
use crate::domain::visible::is_hidden;

/// What a command prints.
pub(super) struct Output {
    json: bool,
    /// Whether anybody still reads.
    open: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json, open: true }
    }

    /// False once the reader is gone, as behind `| head -1`: what goes on may go on
    /// unread, and its exit code still counts.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// A line for a person; nothing with `--json`.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Problem> {
        if self.json { Ok(()) } else { self.write(&clean(text)) }
    }

    /// A document of the bot, with `--json`; else nothing.
    pub(super) fn document(&mut self, document: &Value) -> Result<(), Problem> {
        if self.json { self.write(&escaped(&document.to_string())) } else { Ok(()) }
    }

    /// Something beside what was asked for. Each line of it is one line.
    pub(super) fn note(&self, text: &str) {
        let mut errors = io::stderr().lock();
        for line in text.lines() {
            // Where not even this can be written there is nowhere left to say so.
            let _ = writeln!(errors, "{}", clean(line));
        }
    }

    fn write(&mut self, line: &str) -> Result<(), Problem> {
        if !self.open {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match writeln!(out, "{line}").and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.open = false,
            written => written.map_err(Problem::Unwritten)?,
        }
        Ok(())
    }
}

/// One line, without what is not seen but changes how the rest is seen.
fn clean(text: &str) -> String {
    let kept = text.chars().filter(|c| !is_hidden(*c)).map(|c| if is_steering(c) { ' ' } else { c });
    kept.collect::<String>().trim_end().to_owned()
}

/// The same JSON, with nothing in it that a terminal obeys. Such characters are in its
/// texts alone; the first 32 are escaped already.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_steering(c) || is_hidden(c) {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

fn is_steering(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_one_line_and_steers_no_terminal() {
        for (text, shown) in [
            ("plain ✅ größer 👩‍👩‍👧", "plain ✅ größer 👩‍👩‍👧"),
            ("two\nlines\r\n", "two lines"),
            ("\u{1b}[31mred\u{7}", " [31mred"),
            ("\u{9b}2Jcleared", " 2Jcleared"),
            ("evil\u{202e}txt.exe\u{200b}", "eviltxt.exe"),
            ("a\u{2028}b", "a b"),
        ] {
            assert_eq!(clean(text), shown, "{text:?}");
        }
    }

    #[test]
    fn a_document_is_one_line_and_the_same_document() {
        let document = json!({ "label": "\u{1b}[2J\n\u{9b}2J\u{202e}x\u{7f}\u{e0041} ü", "n": 3 });
        let text = escaped(&document.to_string());
        assert!(!text.chars().any(|c| is_steering(c) || is_hidden(c)), "{text:?}");
        assert!(text.contains('ü'), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), document);
    }
}
