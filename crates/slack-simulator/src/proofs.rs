//! The proofs with which an app may answer for a while: triggers and response URLs.

use std::time::{Duration, Instant};

/// A `response_url` may be used five times...
pub const RESPONSE_URL_USES: u32 = 5;
/// ...within thirty minutes.
pub const RESPONSE_URL_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Proof that a person just did something; opens one modal, for three seconds.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// Who did it.
    pub user: String,
    /// When.
    pub made: Instant,
    /// Whether a modal was opened with it.
    pub used: bool,
    /// Did the person act inside a modal?
    pub in_modal: bool,
}

/// Where an answer to one action may be posted.
#[derive(Debug, Clone)]
pub struct ResponseUrl {
    /// Who did it.
    pub user: String,
    /// Where, and where the answer goes.
    pub channel: String,
    /// The message acted on, none for a slash command.
    pub source: Option<String>,
    /// When it was handed out.
    pub made: Instant,
    /// How often it was used.
    pub uses: u32,
}
