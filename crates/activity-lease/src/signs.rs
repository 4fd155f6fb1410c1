//! Signs of life while something goes on, and what a cancellation may break off.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::Lease;

/// A sign of life this often: well within any sensible heartbeat timeout, and
/// cancellations come back with it.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

impl Lease {
    /// Runs `work` to its end, with signs of life on a timer of their own, the first after
    /// `first`. `details`: what is heartbeated then.
    pub async fn alive<T>(&self, work: impl Future<Output = T>, first: Duration, details: impl Fn() -> Value) -> T {
        let (mut work, mut signs) = (pin!(work), pin!(self.signs_of_life(first, details)));
        tokio::select! {
            biased;
            done = &mut work => done,
            never = &mut signs => match never {},
        }
    }

    /// Heartbeats for ever, now and then one that is acknowledged.
    async fn signs_of_life(&self, first: Duration, details: impl Fn() -> Value) -> Infallible {
        let mut tick = interval_at(Instant::now() + first, SIGN_OF_LIFE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            match self.is_fresh() {
                true => self.beat(details()).await,
                false => drop(self.heartbeat(details()).await),
            }
        }
    }

    /// Heartbeats without waiting for an answer: it leaves when the SDK lets it.
    pub async fn beat(&self, details: Value) {
        if let Err(error) = self.ctx.record_heartbeat(details).await {
            tracing::warn!(%error, "a heartbeat could not be recorded");
        }
    }

    /// Runs `reading`, which changes nothing and may be dropped at any point. `None`: cancelled.
    pub async fn unless_cancelled<T>(&self, reading: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.ctx.cancelled() => None,
            done = reading => Some(done),
        }
    }
}
