//! Walking a plan inside an activity: heartbeats while anything runs, and the
//! places where a cancellation is obeyed.
//!
//! **A call that changes something is finished, not dropped.** A request dropped
//! in flight may still be carried out after `destroy` has looked and found
//! nothing. So a cancellation is seen between calls, in pauses and in reading;
//! every call has a time limit (see `clients`).

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use temporalio_sdk::activities::ActivityContext;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::failure::Stop;
use crate::domain::provisioning::{Progress, ProvisionInput, Unheard};
use crate::lease::{Lease, Word};

/// A sign of life this often while a step runs: well within any sensible
/// heartbeat timeout, and cancellations come back with it.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// Heartbeats are worth no more than this: as often `workers` lets them through.
const NOT_SOONER: Duration = Duration::from_millis(500);

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

/// Whether an earlier `provision`, of which nobody heard how it ended, was claiming the
/// bucket, which may then be there without a tag. `None`: that is not known.
pub fn claimed_before(input: &ProvisionInput) -> Option<bool> {
    match &input.unheard {
        None => Some(false),
        Some(Unheard { last_heartbeat: Some(beat), .. }) => {
            serde_json::from_value::<Beat>(beat.clone()).ok().map(|beat| beat.claiming)
        }
        Some(Unheard { last_heartbeat: None, .. }) => None,
    }
}

/// One attempt of one activity.
pub struct Walk {
    ctx: ActivityContext,
    beat: Mutex<Beat>,
    /// Whether it may still change things.
    pub lease: Arc<Lease>,
    /// When a beat was last acknowledged.
    acknowledged: Mutex<Option<Instant>>,
}

impl Walk {
    /// Begins where an earlier attempt stopped, if there was one, else at `first`.
    /// Details that do not read as ours (of another version) count as none: every
    /// step is idempotent, so beginning at the first is always right.
    /// `claimed`: an earlier activity, of which nobody heard how it ended, was claiming.
    pub fn new(ctx: ActivityContext, first: Progress, claimed: bool) -> Self {
        let earlier = ctx.heartbeat_details().deserialize::<Beat>().unwrap_or_else(|error| {
            tracing::warn!(%error, "the heartbeat of an earlier attempt does not read; beginning anew");
            None
        });
        let beat = earlier.unwrap_or(Beat { progress: first, claiming: claimed });
        let lease = Arc::new(Lease::new(ctx.clone()));
        Self { ctx, beat: Mutex::new(beat), lease, acknowledged: Mutex::default() }
    }

    /// What was said last, by this attempt or the one before; else the beginning.
    pub fn last(&self) -> Beat {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says what is about to happen. One just acknowledged is not followed by another:
    /// each is billed.
    pub async fn say(&self, beat: Beat) {
        self.remember(beat);
        let acknowledged = *self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        if acknowledged.is_none_or(|moment| moment.elapsed() >= NOT_SOONER) {
            self.heartbeat().await;
        }
    }

    /// Says what is about to happen, and waits until Temporal has heard it. This
    /// attempt is then known to be the current one.
    pub async fn announce(&self, beat: Beat) -> Result<(), Stop> {
        self.remember(beat);
        if !self.lease.ends() {
            self.heartbeat().await;
            return Ok(());
        }
        self.unless_cancelled(async { self.ask().await.into() }).await
    }

    fn remember(&self, beat: Beat) {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner) = beat;
    }

    /// As plain JSON: readable by anyone, and by an attempt of another version.
    pub fn details(&self) -> serde_json::Value {
        serde_json::to_value(self.last()).unwrap_or_default()
    }

    /// Heartbeats: it leaves when the SDK lets it.
    pub async fn heartbeat(&self) {
        if let Err(error) = self.ctx.record_heartbeat(self.details()).await {
            tracing::warn!(%error, "a heartbeat could not be recorded");
        }
    }

    /// Heartbeats until Temporal answers.
    pub async fn ask(&self) -> Word {
        let word = self.lease.ask(self.details()).await;
        *self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        word
    }

    /// Runs `work` to its end, with signs of life.
    pub async fn alive<T>(&self, work: impl Future<Output = T>) -> T {
        let (mut work, mut signs) = (pin!(work), pin!(self.signs_of_life()));
        tokio::select! {
            biased;
            done = &mut work => done,
            never = &mut signs => match never {},
        }
    }

    /// Heartbeats for ever, now and then one that is acknowledged.
    async fn signs_of_life(&self) -> Infallible {
        let mut tick = interval_at(Instant::now() + NOT_SOONER, SIGN_OF_LIFE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            match self.lease.is_fresh() {
                true => self.heartbeat().await,
                false => drop(self.lease.heartbeat(self.details()).await),
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

    /// A place where it is right to stop: cancelled, or given up by Temporal. Whoever
    /// has not heard from it lately waits for its word.
    pub async fn may_go_on(&self) -> Result<(), Stop> {
        if self.ctx.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        if self.lease.is_fresh() {
            return Ok(());
        }
        self.unless_cancelled(async { self.ask().await.into() }).await
    }
}

impl From<Word> for Result<(), Stop> {
    fn from(word: Word) -> Self {
        match word {
            Word::GoOn | Word::NoAnswer => Ok(()),
            Word::Cancelled => Err(Stop::Cancelled),
            Word::Lost => Err(Stop::Superseded),
        }
    }
}
