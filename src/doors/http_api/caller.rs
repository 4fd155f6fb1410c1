//! [`Caller`]: the client that called, and what it may do.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::time::Instant;

use super::answer::Refused;
use crate::domain::client::{Client, Right};

/// The client that called, and when.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) client: Arc<Client>,
    pub(super) arrived: Instant,
}

impl Caller {
    /// # Errors
    /// 403 where it has none of these rights.
    pub(super) fn needs(&self, rights: &[Right]) -> Result<(), Refused> {
        if rights.iter().any(|right| self.client.has(*right)) {
            return Ok(());
        }
        let words: Vec<_> = rights.iter().map(|right| format!("\"{}\"", right.word())).collect();
        let said = format!("The client {} may not do this: it needs {}.", self.client.id, words.join(" or "));
        Err(Refused::new(StatusCode::FORBIDDEN, said))
    }

    /// Whether it belongs to this team.
    pub(super) fn is_of(&self, team: &str) -> bool {
        self.client.teams.contains(team)
    }
}
