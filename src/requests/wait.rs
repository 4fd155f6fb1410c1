//! Waiting until a request is something else than somebody knows.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::show::{Shown, show};
use crate::domain::lifecycle::Status;
use crate::domain::request::RequestId;
use crate::temporal::{RequestError, Requests, Seen};

/// How soon the server is asked whether anything happened, and how rarely.
const LOOK_FIRST: Duration = Duration::from_millis(150);
const LOOK_AT_MOST: Duration = Duration::from_millis(600);

/// What somebody knows of a request: only what they name is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub round: Option<u32>,
    pub status: Option<Status>,
    /// 0: no progress yet.
    pub step: Option<u32>,
}

impl Known {
    /// All there is to know of what was shown.
    fn of(shown: &Shown) -> Self {
        Self { round: Some(shown.state.round), status: Some(shown.state.status), step: Some(step(shown)) }
    }

    fn is_news(&self, shown: &Shown) -> bool {
        self.round.is_some_and(|round| round != shown.state.round)
            || self.status.is_some_and(|status| status != shown.state.status)
            || self.step.is_some_and(|known| known != step(shown))
    }
}

fn step(shown: &Shown) -> u32 {
    shown.progress.as_ref().map_or(0, |progress| progress.step)
}

/// How a request stands as soon as that is something else than is known, or at `until`.
/// Who names nothing waits for anything else than there is.
///
/// # Errors
/// Where nobody tells how it stands.
pub async fn wait(
    requests: &Requests,
    id: &RequestId,
    seen: Seen,
    known: Known,
    until: Instant,
) -> Result<Shown, RequestError> {
    let mut shown = show(requests, id, seen).await?;
    let known = if known == Known::default() { Known::of(&shown) } else { known };
    let mut look_again = LOOK_FIRST;
    while !known.is_news(&shown) && Instant::now() < until {
        sleep(look_again.min(until - Instant::now())).await;
        look_again = (look_again * 2).min(LOOK_AT_MOST);
        if shown.state.status.is_final() {
            continue;
        }
        // What cannot be learnt now is asked again: the worker may be between two lives.
        let Ok(look) = requests.look(id).await else { continue };
        if look.events != shown.events {
            if let Ok(seen) = requests.seen(id).await
                && let Ok(newer) = show(requests, id, seen).await
            {
                shown = newer;
            }
        } else if shown.state.status == Status::Provisioning {
            shown.progress = look.progress;
        }
    }
    Ok(shown)
}
