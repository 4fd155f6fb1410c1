//! Walking a plan inside an activity: heartbeats while anything runs, and the
//! places where a cancellation is obeyed.
//!
//! **A call that changes something is finished, not dropped.** A request dropped
//! in flight may still be carried out after `destroy` has looked and found
//! nothing. So a cancellation is seen between calls, in pauses and in reading;
//! every call has a time limit (see `clients`).

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use activity_lease::{Lease, Word};
use provisioner::{Progress, ProvisionInput, Unheard};
use serde::{Deserialize, Serialize};
use temporalio_sdk::activities::ActivityContext;
use tokio::time::{Instant, sleep};

use crate::failure::Stop;

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
    /// The request for the bucket was refused: whoever has the name had it before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// The bucket was made, or may have been: whatever becomes of its tags.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub made: bool,
}

impl Beat {
    /// Whether a bucket of this name may be this request's.
    pub fn may_have_made(&self) -> bool {
        self.made || self.progress.step > 1 || self.claiming && !self.refused
    }
}

/// Whether an earlier `provision` may have made the bucket, as far as that was heard.
/// What nobody heard may be.
pub fn may_have_made(input: &ProvisionInput) -> bool {
    unheard_may_have_made(input.unheard.as_ref())
}

fn unheard_may_have_made(unheard: Option<&Unheard>) -> bool {
    match unheard {
        None => false,
        Some(Unheard { last_heartbeat: Some(beat), .. }) => {
            serde_json::from_value::<Beat>(beat.clone()).map_or(true, |beat| beat.may_have_made())
        }
        Some(Unheard { last_heartbeat: None, .. }) => true,
    }
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
pub struct Attempt {
    ctx: ActivityContext,
    beat: Mutex<Beat>,
    /// Whether it may still change things.
    pub lease: Arc<Lease>,
    /// Whether an attempt before this one may have made the bucket.
    pub may_have_made: bool,
    /// When a beat was last acknowledged.
    acknowledged: Mutex<Option<Instant>>,
}

impl Attempt {
    /// Begins where an earlier attempt stopped, if there was one, else at `first`.
    /// Details that do not read as ours (of another version) count as none: every
    /// step is idempotent, so beginning at the first is always right.
    /// An earlier activity may have left something: see [`ProvisionInput::unheard`].
    pub fn new(ctx: ActivityContext, first: Progress, input: &ProvisionInput) -> Self {
        let earlier = ctx.heartbeat_details().deserialize::<Beat>().unwrap_or_else(|error| {
            tracing::warn!(%error, "the heartbeat of an earlier attempt does not read; beginning anew");
            None
        });
        let may_have_made = may_have_made(input) || earlier.as_ref().is_some_and(Beat::may_have_made);
        let claiming = claimed_before(input) == Some(true);
        let made = may_have_made;
        let beat = earlier.unwrap_or(Beat { progress: first, claiming, refused: false, made });
        let lease = Arc::new(Lease::new(ctx.clone()));
        Self { ctx, beat: Mutex::new(beat), lease, may_have_made, acknowledged: Mutex::default() }
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
        self.unless_cancelled(async { obey(self.ask().await) }).await
    }

    /// What is to be said next.
    pub fn remember(&self, beat: Beat) {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner) = beat;
    }

    /// As plain JSON: readable by anyone, and by an attempt of another version.
    pub fn details(&self) -> serde_json::Value {
        serde_json::to_value(self.last()).unwrap_or_default()
    }

    /// Heartbeats: it leaves when the SDK lets it.
    pub async fn heartbeat(&self) {
        self.lease.beat(self.details()).await;
    }

    /// Heartbeats until Temporal answers.
    pub async fn ask(&self) -> Word {
        let word = self.lease.ask(self.details()).await;
        *self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        word
    }

    /// Runs `work` to its end, with signs of life.
    pub async fn alive<T>(&self, work: impl Future<Output = T>) -> T {
        self.lease.alive(work, NOT_SOONER, || self.details()).await
    }

    /// Runs `reading`, which changes nothing and may be dropped at any point.
    pub async fn unless_cancelled<T>(&self, reading: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
        self.lease.unless_cancelled(reading).await.unwrap_or(Err(Stop::Cancelled))
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
        self.unless_cancelled(async { obey(self.ask().await) }).await
    }
}

/// What Temporal's word means for the attempt.
fn obey(word: Word) -> Result<(), Stop> {
    match word {
        Word::GoOn | Word::NoAnswer => Ok(()),
        Word::Cancelled => Err(Stop::Cancelled),
        Word::Lost => Err(Stop::Superseded),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bucket_may_be_there_unless_it_was_certainly_never_made() {
        let first = json!({ "step": 1, "of": 8, "label": "" });
        let with = |more: serde_json::Value| {
            let mut beat = first.clone();
            beat.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Some(Unheard { last_heartbeat: Some(beat), silent: false })
        };
        for (unheard, may) in [
            (None, false),
            (with(json!({})), false),
            (with(json!({ "claiming": true, "refused": true })), false),
            (with(json!({ "claiming": true })), true),
            (with(json!({ "made": true })), true),
            (with(json!({ "claiming": true, "refused": true, "made": true })), true),
            (with(json!({ "step": 2 })), true),
            (Some(Unheard { last_heartbeat: Some(json!("what is this")), silent: false }), true),
            (Some(Unheard::default()), true),
        ] {
            assert_eq!(unheard_may_have_made(unheard.as_ref()), may, "{unheard:?}");
        }
    }
}
