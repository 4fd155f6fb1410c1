//! The plugs of a stack on show, as they are and as somebody wishes them, and what went wrong
//! by them.

use serde::{Deserialize, Serialize};

/// Every plug, as it is.
#[derive(Clone, Copy, Default, Serialize)]
pub struct Faults {
    pub(crate) worker: Worker,
    pub(crate) temporal: Temporal,
    pub(crate) slack: Slack,
    pub(crate) s3: S3,
}

/// The bot's process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Worker {
    #[default]
    Running,
    /// Dies in the middle of the next step, and is started again.
    Armed,
    Killed,
    Starting,
}

/// The Temporal server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Temporal {
    #[default]
    Running,
    Stopping,
    Stopped,
    Starting,
}

/// What Slack answers to the bot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slack {
    #[default]
    Well,
    /// 429, to everything.
    Limited,
    /// Nothing.
    Hanging,
}

/// What S3 answers to the bot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum S3 {
    #[default]
    Well,
    /// 503, to everything.
    Failing,
}

/// The wish for a plug to be so.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(tag = "plug", content = "state", rename_all = "snake_case")]
pub enum Pull {
    Worker(Worker),
    Temporal(Temporal),
    Slack(Slack),
    S3(S3),
}

/// Something that went wrong on purpose.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    pub(crate) plug: &'static str,
    pub(crate) what: &'static str,
    pub(crate) at: String,
    pub(crate) until: Option<String>,
}
