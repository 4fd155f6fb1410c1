//! Walking a plan inside an activity: heartbeats while anything runs, and the
//! places where a cancellation is obeyed.
//!
//! **A call that changes something is finished, not dropped.** A request dropped
//! in flight may still be carried out after `destroy` has looked and found
//! nothing. So a cancellation is seen between calls, in pauses and in reading;
//! every call has a time limit (see `clients`).

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use temporalio_sdk::activities::ActivityContext;
use tokio::time::{Instant, interval_at, sleep};

use super::failure::Stop;
use crate::domain::provisioning::Progress;

/// A sign of life this often while a step runs: well within any sensible
/// heartbeat timeout, and cancellations come back with it.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// What is heartbeated: the contract's progress and, while it matters, a mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    #[serde(flatten)]
    pub progress: Progress,
    /// The bucket's name was seen free and is about to be asked for. Should the
    /// worker die now, the next attempt knows that a new bucket is its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub claiming: bool,
}

/// One attempt of one activity.
pub struct Walk {
    ctx: ActivityContext,
    beat: Mutex<Beat>,
}

impl Walk {
    /// Begins where an earlier attempt stopped, if there was one, else at `first`.
    /// Details that do not read as ours (of another version) count as none: every
    /// step is idempotent, so beginning at the first is always right.
    pub fn new(ctx: ActivityContext, first: Progress) -> Self {
        let earlier = ctx.heartbeat_details().deserialize::<Beat>().unwrap_or_else(|error| {
            tracing::warn!(%error, "the heartbeat of an earlier attempt does not read; beginning anew");
            None
        });
        let beat = earlier.unwrap_or(Beat { progress: first, claiming: false });
        Self { ctx, beat: Mutex::new(beat) }
    }

    /// What was said last, by this attempt or the one before; else the beginning.
    pub fn last(&self) -> Beat {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says what is about to happen.
    pub async fn say(&self, beat: Beat) {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner) = beat;
        self.heartbeat().await;
    }

    async fn heartbeat(&self) {
        // As plain JSON: readable by anyone, and by an attempt of another version.
        let details = serde_json::to_value(self.last()).unwrap_or_default();
        if let Err(error) = self.ctx.record_heartbeat(details).await {
            tracing::warn!(%error, "a heartbeat could not be recorded");
        }
    }

    /// Runs `work` to its end, with signs of life.
    pub async fn alive<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut tick = interval_at(Instant::now() + SIGN_OF_LIFE, SIGN_OF_LIFE);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = tick.tick() => self.heartbeat().await,
            }
        }
    }

    /// Runs `reading`, which changes nothing and may be dropped at any point.
    pub async fn unless_cancelled<T>(&self, reading: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
        tokio::select! {
            biased;
            () = self.ctx.cancelled() => Err(Stop::Cancelled),
            done = reading => done,
        }
    }

    /// Waits, unless cancelled.
    pub async fn pause(&self, time: Duration) -> Result<(), Stop> {
        self.unless_cancelled(async {
            sleep(time).await;
            Ok(())
        })
        .await
    }

    /// A place where it is right to stop.
    pub fn may_go_on(&self) -> Result<(), Stop> {
        if self.ctx.is_cancelled() { Err(Stop::Cancelled) } else { Ok(()) }
    }
}
