//! Waiting until a request is something else than somebody knows.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::shared::Shared;
use super::show::{Shown, show};
use crate::domain::lifecycle::Status;
use crate::domain::request::RequestId;
use crate::temporal::{Look, RequestError, Requests, Seen};

/// How soon the server is asked whether anything happened, and how rarely.
const LOOK_FIRST: Duration = Duration::from_millis(150);
const LOOK_AT_MOST: Duration = Duration::from_millis(600);

/// How soon somebody is told that nobody tells how a request stands.
const SOON: Duration = Duration::from_secs(3);

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

/// Those who wait, and what they see.
#[derive(Default)]
pub struct Waiting {
    looks: Shared<Option<Look>>,
    shown: Shared<Option<Shown>>,
    seen: Shared<Result<Seen, RequestError>>,
}

impl Waiting {
    /// What the history of a request says, read once for all who come together.
    ///
    /// # Errors
    /// Where there is none, or nobody tells.
    pub async fn seen(&self, requests: &Requests, id: &RequestId) -> Result<Seen, RequestError> {
        self.seen.look(id.as_str(), requests.seen(id)).await
    }

    /// How a request stands as soon as that is something else than is known, or at `until`,
    /// or when `stopped`. Who names nothing waits for anything else than there is.
    ///
    /// # Errors
    /// Where nobody has told how it stands until then.
    pub async fn wait(
        &self,
        requests: &Requests,
        id: &RequestId,
        known: Known,
        until: Instant,
        stopped: impl Future<Output = ()>,
    ) -> Result<Shown, RequestError> {
        // Whoever does not even hear how it stands is not kept for all of that time.
        let soon = until.min(Instant::now() + SOON);
        let mut shown = self.show(requests, id).await;
        let known = match &shown {
            Some(shown) if known == Known::default() => Known::of(shown),
            _ => known,
        };
        let mut stopped = pin!(stopped);
        let mut look_again = LOOK_FIRST;
        let is_over = |shown: &Option<Shown>| match shown {
            Some(shown) => known.is_news(shown) || Instant::now() >= until,
            None => Instant::now() >= soon,
        };
        while !is_over(&shown) {
            tokio::select! {
                () = &mut stopped => break,
                () = sleep(look_again.min(until.saturating_duration_since(Instant::now()))) => {}
            }
            look_again = (look_again * 2).min(LOOK_AT_MOST);
            if shown.as_ref().is_some_and(|shown| shown.state.status.is_final()) {
                continue;
            }
            // What cannot be learnt now is asked again: the worker may be between two lives.
            let Some(look) = self.looks.look(id.as_str(), async { requests.look(id).await.ok() }).await else {
                continue;
            };
            match &mut shown {
                Some(shown) if look.events == shown.events => {
                    shown.progress = look.progress.filter(|_| shown.state.is_worked_on());
                }
                _ => shown = self.show(requests, id).await.or(shown),
            }
        }
        shown.ok_or_else(|| RequestError::NoAnswer("nobody tells how the request stands".to_owned()))
    }

    async fn show(&self, requests: &Requests, id: &RequestId) -> Option<Shown> {
        let show = async {
            let seen = self.seen(requests, id).await.ok()?;
            show(requests, id, seen).await.ok()
        };
        self.shown.look(id.as_str(), show).await
    }
}
