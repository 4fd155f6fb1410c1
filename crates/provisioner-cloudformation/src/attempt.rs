//! One attempt of an activity: heartbeats while anything runs, what the next attempt has to
//! know, and the places where a cancellation is obeyed.
//!
//! **A call that changes something is finished, not dropped.** A cancellation is seen between
//! calls, in pauses and in reading.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use activity_lease::{Lease, Word};
use provisioner::{Progress, ProvisionInput};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use temporalio_sdk::activities::ActivityContext;
use tokio::time::{Instant, sleep};

use crate::failure::Stop;

/// The first sign of life comes so soon.
const FIRST_SIGN: Duration = Duration::from_secs(1);

/// What is heartbeated: the contract's progress, and what whoever comes after has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Beat {
    #[serde(flatten)]
    pub progress: Option<Progress>,
    /// A stack was asked for, or may have been.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
    /// Which one it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<String>,
    /// The change set that is being executed, which is not the approved one where that was
    /// used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_set: Option<String>,
    /// What it does, as a digest: see `planned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// What is known of an earlier `provision` that was not heard to its end or may have left
/// something. `None`: there was none.
pub fn unheard(input: &ProvisionInput) -> Option<Beat> {
    let unheard = input.unheard.as_ref()?;
    let read = unheard.last_heartbeat.clone().and_then(|beat| serde_json::from_value(beat).ok());
    // What nobody heard may be.
    Some(read.unwrap_or(Beat { asked: true, ..Beat::default() }))
}

/// One attempt of one activity.
pub struct Attempt {
    ctx: ActivityContext,
    beat: Mutex<Beat>,
    /// Whether it may still change things.
    pub lease: Arc<Lease>,
    /// Whether an attempt of the same activity came before it, and was heard.
    pub is_another: bool,
    /// When it began.
    pub began: Instant,
}

impl Attempt {
    /// Begins with what an earlier attempt, or an earlier activity, said last.
    pub fn new(ctx: ActivityContext, input: &ProvisionInput) -> Self {
        let earlier = ctx.heartbeat_details().deserialize::<Beat>().unwrap_or_else(|error| {
            tracing::warn!(%error, "the heartbeat of an earlier attempt does not read; beginning anew");
            None
        });
        let is_another = earlier.is_some();
        let beat = earlier.or_else(|| unheard(input)).unwrap_or_default();
        let lease = Arc::new(Lease::new(ctx.clone()));
        Self { ctx, beat: Mutex::new(beat), lease, is_another, began: Instant::now() }
    }

    /// Names this activity, whichever attempt it is: what a server takes for one and the same
    /// request.
    pub fn activity(&self) -> String {
        let info = self.ctx.info();
        format!("{}/{}", info.workflow_run_id.as_deref().unwrap_or_default(), info.activity_id)
    }

    /// What was said last, by this attempt or the one before.
    pub fn last(&self) -> Beat {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is to be said next.
    pub fn remember(&self, change: impl FnOnce(&mut Beat)) {
        change(&mut self.beat.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How far the work is.
    pub async fn tell(&self, step: usize, of: usize, label: &str) {
        let progress =
            Progress { step: step.clamp(1, of.max(1)) as u32, of: of.max(1) as u32, label: label.to_owned() };
        if self.last().progress.as_ref() != Some(&progress) {
            self.remember(|beat| beat.progress = Some(progress));
            self.heartbeat().await;
        }
    }

    /// Says what is about to happen, and waits until Temporal has heard it: whoever comes
    /// after this attempt then knows of it, and the attempt is the current one.
    pub async fn announce(&self, change: impl FnOnce(&mut Beat)) -> Result<(), Stop> {
        self.remember(change);
        if !self.lease.ends() {
            self.heartbeat().await;
            return Ok(());
        }
        self.unless_cancelled(async { obey(self.lease.ask(self.details()).await) }).await
    }

    /// As plain JSON: readable by anyone, and by an attempt of another version.
    pub fn details(&self) -> Value {
        let mut beat = self.last();
        beat.progress.get_or_insert(Progress { step: 1, of: 1, label: "Beginning".to_owned() });
        serde_json::to_value(beat).unwrap_or_default()
    }

    /// Heartbeats: it leaves when the SDK lets it.
    pub async fn heartbeat(&self) {
        self.lease.beat(self.details()).await;
    }

    /// Runs `work` to its end, with signs of life.
    pub async fn alive<T>(&self, work: impl Future<Output = T>) -> T {
        self.lease.alive(work, FIRST_SIGN, || self.details()).await
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

    /// A place where it is right to stop: cancelled, or given up by Temporal. Whoever has not
    /// heard from it lately waits for its word.
    pub async fn may_go_on(&self) -> Result<(), Stop> {
        if self.ctx.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        if self.lease.is_fresh() {
            return Ok(());
        }
        self.unless_cancelled(async { obey(self.lease.ask(self.details()).await) }).await
    }

    /// Whether it was the request that was withdrawn. A worker that stops ends its attempts
    /// in the same way, and another one goes on: nothing may be undone for that.
    pub async fn is_withdrawn(&self) -> bool {
        !self.lease.ends() || self.lease.ask(self.details()).await == Word::Cancelled
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
    use provisioner::Unheard;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stack_may_be_there_unless_it_was_certainly_never_asked_for() {
        let beat = |more: Value| Some(Unheard { last_heartbeat: Some(more), silent: false });
        for (heard, asked) in [
            (None, None),
            (beat(json!({ "step": 1, "of": 1, "label": "" })), Some(false)),
            (beat(json!({ "step": 1, "of": 1, "label": "", "asked": true })), Some(true)),
            (beat(json!("what is this")), Some(true)),
            (Some(Unheard::default()), Some(true)),
        ] {
            let input = ProvisionInput { unheard: heard, ..ProvisionInput::default() };
            assert_eq!(unheard(&input).map(|beat| beat.asked), asked, "{:?}", input.unheard);
        }
    }

    #[test]
    fn a_beat_is_the_contracts_and_reads_as_it_was() {
        let beat = Beat {
            progress: Some(Progress { step: 2, of: 3, label: "Creating Bucket".into() }),
            asked: true,
            stack_id: Some("arn".into()),
            ..Beat::default()
        };
        let said = serde_json::to_value(&beat).unwrap();
        assert_eq!(said, json!({ "step": 2, "of": 3, "label": "Creating Bucket", "asked": true, "stackId": "arn" }));
        assert_eq!(serde_json::from_value::<Beat>(said).unwrap(), beat);
    }
}
