//! [`SocketHealth`]: whether Slack can reach us, and why not.

use std::sync::{Arc, Mutex, PoisonError};

/// Whether Slack can reach us, for whoever asks.
#[derive(Clone, Debug)]
pub struct SocketHealth(Arc<Mutex<State>>);

#[derive(Debug)]
pub(super) struct State {
    pub(super) connections: usize,
    pub(super) why_not: String,
}

impl Default for SocketHealth {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { connections: 0, why_not: "not connected yet".to_owned() })))
    }
}

impl SocketHealth {
    /// Why nothing arrives now, if so.
    pub fn problem(&self) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (state.connections == 0).then(|| format!("Socket Mode: {}", state.why_not))
    }

    pub(super) fn change(&self, act: impl FnOnce(&mut State)) {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
