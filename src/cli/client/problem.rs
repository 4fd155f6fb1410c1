//! [`Problem`]: why a command ended without what it was asked for, as a sentence and as
//! an exit code.

use std::fmt;
use std::io;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value;

use super::exit::Exit;

/// Why a command ended without what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// It cannot be asked like this.
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Refused(Refusal),
    #[error("The bot cannot be reached: {}.", .0.why)]
    Unreachable(Trouble),
    /// Something answered, but not the bot.
    #[error("Where PROVISION_BOT_URL (or --url) leads, something else answers than the bot: {0}.")]
    NotTheBot(String),
    #[error("The output cannot be written: {0}.")]
    Unwritten(io::Error),
}

/// What the bot refused, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    /// None: it was not even asked.
    pub(super) status: Option<StatusCode>,
    pub(super) error: String,
    /// A sentence for each field that is wrong.
    pub(super) fields: Vec<(String, String)>,
    /// The whole answer.
    pub(super) document: Option<Value>,
}

/// Why there is no answer, for the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The end of a sentence, without its stop.
    pub(super) why: String,
    /// After how long the bot wants to be asked again.
    pub(super) retry_after: Option<Duration>,
}

impl Problem {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Refused(_) => Exit::Refused,
            Self::Unreachable(_) | Self::NotTheBot(_) => Exit::Unreachable,
            Self::Unwritten(_) => Exit::Unwritten,
        }
    }

    pub(super) fn unreachable(why: impl Into<String>) -> Self {
        Self::Unreachable(Trouble { why: why.into(), retry_after: None })
    }

    /// A refusal of our own, for which the bot need not be asked.
    pub(super) fn refused(error: impl Into<String>) -> Self {
        Self::Refused(Refusal { error: error.into(), ..Refusal::default() })
    }
}

impl Refusal {
    /// Reads an answer with a status from 400 to 499.
    pub(super) fn read(status: StatusCode, document: Option<Value>) -> Self {
        let error = document.as_ref().and_then(|document| document["error"].as_str());
        let error = error.unwrap_or_default().to_owned();
        let fields = document.as_ref().and_then(|document| document["fields"].as_object());
        let sentence = |said: &Value| said.as_str().map_or_else(|| said.to_string(), str::to_owned);
        let fields = fields.into_iter().flatten().map(|(name, said)| (name.clone(), sentence(said))).collect();
        Self { status: Some(status), error, fields, document }
    }

    /// Something that the answer has beside the sentence.
    pub(super) fn with(&self, key: &str) -> Option<&Value> {
        self.document.as_ref()?.get(key).filter(|value| !value.is_null())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "Refused ({}): {}", status.as_u16(), self.error)?,
            None => write!(f, "Refused: {}", self.error)?,
        }
        for (name, said) in &self.fields {
            write!(f, "\n  {name}: {said}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_says_what_the_bot_said_of_each_field() {
        let document = json!({
            "error": "The request has mistakes.",
            "fields": { "teamId": "There is no such team.", "parameters.size": "Expected small or large." },
        });
        let refusal = Refusal::read(StatusCode::UNPROCESSABLE_ENTITY, Some(document));
        let lines = ["Refused (422): The request has mistakes.", "  parameters.size: Expected small or large."];
        let said = refusal.to_string();
        assert_eq!(said.lines().take(2).collect::<Vec<_>>(), lines, "{said}");
        assert!(said.ends_with("\n  teamId: There is no such team."), "{said}");
    }

    #[test]
    fn each_problem_has_its_code() {
        for (problem, code) in [
            (Problem::Usage(String::new()), 2),
            (Problem::refused("no"), 3),
            (Problem::unreachable("connection refused"), 4),
            (Problem::NotTheBot(String::new()), 4),
            (Problem::Unwritten(io::ErrorKind::StorageFull.into()), 1),
        ] {
            assert_eq!(problem.exit() as u8, code, "{problem}");
        }
    }
}
