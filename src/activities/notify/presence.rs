//! Whether an attempt is still the one that speaks. A process that was suspended (by a
//! signal, by a machine that is moved) goes on where it was, although Temporal took it for
//! dead and somebody else tells the notice: what it would post is posted already, and what
//! it would change is newer than it knows.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use temporalio_sdk::activities::ActivityContext;
use tokio::time::{Instant, timeout};

use crate::workflow::ProvisionApplication;

/// How often an attempt looks at the clock.
pub(super) const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// Whoever did not look for this long was suspended. The SDK lets a heartbeat through
/// every eight seconds, and Temporal waits ten for it.
const SUSPENDED: Duration = Duration::from_secs(2);
/// How long Temporal has to say whose turn it is.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What an attempt knows of its own being there.
pub(super) struct Presence(Mutex<Seen>);

#[derive(Clone, Copy)]
struct Seen {
    looked: Instant,
    /// It was suspended, and has not asked since.
    in_doubt: bool,
}

impl Presence {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Seen { looked: Instant::now(), in_doubt: false }))
    }

    /// Looks at the clock: was this attempt suspended, now or before?
    pub(super) fn look(&self) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let in_doubt = seen.in_doubt || seen.looked.elapsed() > SUSPENDED;
        *seen = Seen { looked: Instant::now(), in_doubt };
        in_doubt
    }

    /// Is it this attempt's turn? Only who was suspended needs to ask. No answer is no.
    pub(super) async fn is_our_turn(&self, ctx: &ActivityContext) -> bool {
        if !self.look() {
            return true;
        }
        let ours = timeout(ANSWER_WITHIN, is_pending(ctx)).await.unwrap_or(false);
        if ours {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).in_doubt = false;
        }
        ours
    }
}

/// Does Temporal wait for this very attempt?
async fn is_pending(ctx: &ActivityContext) -> bool {
    let Some(request) = ctx.workflow_handle::<ProvisionApplication>() else { return false };
    let Ok(seen) = request.describe(Default::default()).await else { return false };
    let own = ctx.info();
    let pending = &seen.raw().pending_activities;
    pending.iter().any(|it| it.activity_id == own.activity_id && u32::try_from(it.attempt) == Ok(own.attempt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_did_not_look_for_long_was_suspended_until_it_is_settled() {
        let looked = |ago| {
            let looked = Instant::now().checked_sub(ago).expect("the machine runs for longer");
            Presence(Mutex::new(Seen { looked, in_doubt: false }))
        };
        assert!(!Presence::new().look());
        assert!(!looked(LOOKS_EVERY).look());
        let suspended = looked(2 * SUSPENDED);
        assert!(suspended.look());
        assert!(suspended.look(), "looking alone settles nothing");
    }
}
