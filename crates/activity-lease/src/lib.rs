//! Whether this attempt of an activity is still the one that may change things: buckets,
//! and messages.
//!
//! **An attempt that was given up changes nothing any more.** Temporal gives up an attempt
//! whose heartbeats stay away, and starts another one, or undoes what was built. The
//! first one may not know: its process was paused, its machine slept, its line to Temporal was
//! cut. What it changed then, nobody would know of. So that it holds:
//!
//! 1. An attempt has a lease: the heartbeat timeout, counted from the moment before it
//!    *asked* for the last heartbeat that Temporal *acknowledged* (or, at first, from when
//!    Temporal started it). The SDK's heartbeats are sent behind our back and tell nothing
//!    of their end, so now and then, and whenever it matters, one is sent here.
//! 2. No request that changes something leaves once four fifths of the lease are over
//!    (the provisioner's `guard.rs`): each step, and each call, is preceded by a heartbeat that is
//!    acknowledged and not older than half of it. What an attempt says to people is preceded
//!    by one, too (the bot's `activities/notify/sender.rs`).
//! 3. Before `CreateBucket` the mark of a claim is *acknowledged* (its `claim.rs`), so whoever
//!    comes after this attempt knows that a bucket may appear.
//! 4. What left before the pause may still be carried out: it is in the hands of the network. Only
//!    `CreateBucket` can leave something behind where all else is gone. An attempt that finds
//!    its lease over after its claim asks Temporal, and if it is not current any
//!    more gives back what it made (there, too).
//! 5. It may never get to that. So `destroy` that is told of a claim, and of nobody who said how
//!    it ended, finds nothing, and looks again once the calls of a living attempt are over
//!    (`destroy.rs`, `LATE`).
//!
//! What is left: a request that is on its way for longer than that, from a process that
//! never goes on.
//!
//! Time is the longer of two clocks': one never goes back but stands while the machine
//! sleeps, the other one does not stand. One that jumps ahead costs a heartbeat.

mod signs;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use temporalio_client::errors::AsyncActivityError;
use temporalio_client::{ActivityIdentifier, RpcOptions};
use temporalio_common::UntypedWorkflow;
use temporalio_sdk::activities::ActivityContext;
use tokio::time::{Instant, sleep, timeout};

/// Temporal answers within milliseconds, or is away.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);
/// Between two tries to reach Temporal.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// How far a machine's clock may be behind the server's before it counts as wrong.
const BEHIND_AT_MOST: Duration = Duration::from_secs(1);

/// A moment, by both clocks.
#[derive(Clone, Copy, Debug)]
struct Moment {
    steady: Instant,
    wall: SystemTime,
}

#[expect(clippy::disallowed_methods, reason = "a lease is about real time, sleep included")]
impl Moment {
    fn now() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }

    /// When the server started something, if the clocks agree well enough to tell.
    fn of_server(wall: SystemTime) -> Option<Self> {
        let age = match SystemTime::now().duration_since(wall) {
            Ok(age) => age,
            Err(ahead) if ahead.duration() <= BEHIND_AT_MOST => Duration::ZERO,
            Err(_) => return None,
        };
        Some(Self { steady: Instant::now().checked_sub(age)?, wall })
    }

    fn age(self) -> Duration {
        self.steady.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }
}

/// The lease of one attempt.
pub struct Lease {
    ctx: ActivityContext,
    /// After this time without a heartbeat the attempt is given up. `None`: never.
    length: Option<Duration>,
    held: Mutex<Held>,
}

struct Held {
    /// `None`: not known.
    since: Option<Moment>,
    /// Temporal said so.
    lost: bool,
    /// What was made is given back: the only thing that is left to change.
    gives_back: bool,
}

/// What an acknowledged heartbeat tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The attempt is the current one.
    GoOn,
    /// The request was withdrawn.
    Cancelled,
    /// This attempt is not the current one.
    Lost,
    /// Temporal is out of reach.
    NoAnswer,
}

impl Lease {
    /// The lease of the attempt that `ctx` belongs to.
    pub fn new(ctx: ActivityContext) -> Self {
        let info = ctx.info();
        let held = Held { since: info.started_time.and_then(Moment::of_server), lost: false, gives_back: false };
        Self { length: info.heartbeat_timeout, held: Mutex::new(held), ctx }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request that changes something may leave now.
    pub fn holds(&self) -> bool {
        let Some(length) = self.length else { return true };
        let held = self.held();
        held.gives_back || !held.lost && held.since.is_some_and(|since| since.age() <= length * 4 / 5)
    }

    /// Whether it holds for a while yet.
    pub fn is_fresh(&self) -> bool {
        self.younger_than(self.length.map(|length| length / 2))
    }

    /// Whether a heartbeat was acknowledged within `time`; `None` asks for nothing.
    pub fn younger_than(&self, time: Option<Duration>) -> bool {
        let Some(time) = time else { return true };
        let held = self.held();
        !held.lost && held.since.is_some_and(|since| since.age() <= time)
    }

    /// Whether heartbeats matter: without a timeout no attempt is given up for silence.
    pub fn ends(&self) -> bool {
        self.length.is_some()
    }

    /// Heartbeats, and waits for the answer.
    pub async fn heartbeat(&self, details: Value) -> Word {
        if self.length.is_none() {
            return Word::GoOn;
        }
        let asked = Moment::now();
        let token = ActivityIdentifier::from_task_token(self.ctx.info().task_token.clone().into());
        let handle = self.ctx.client().get_async_activity_handle(token);
        let options = RpcOptions::builder().timeout(ANSWERED_WITHIN).build();
        match timeout(ANSWERED_WITHIN, handle.heartbeat(Some(details), options)).await {
            Ok(Ok(answer)) => {
                self.held().since = Some(asked);
                if answer.cancel_requested { Word::Cancelled } else { Word::GoOn }
            }
            Ok(Err(AsyncActivityError::NotFound(_))) => {
                self.held().lost = true;
                Word::Lost
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "Temporal did not acknowledge a heartbeat");
                Word::NoAnswer
            }
            Err(_) => Word::NoAnswer,
        }
    }

    /// Heartbeats until Temporal answers, however long that takes.
    pub async fn ask(&self, details: Value) -> Word {
        loop {
            match self.heartbeat(details.clone()).await {
                Word::NoAnswer => sleep(ASK_AGAIN).await,
                word => return word,
            }
        }
    }

    /// Whether another attempt of this activity is, or will be, under way: then what is
    /// there is in its care. Not known is no.
    pub async fn is_in_others_care(&self) -> bool {
        let Some(workflow) = self.ctx.workflow_handle::<UntypedWorkflow>() else { return false };
        match timeout(ANSWERED_WITHIN, workflow.describe(Default::default())).await {
            Ok(Ok(seen)) => {
                let pending = &seen.raw().pending_activities;
                pending.iter().any(|activity| activity.activity_id == self.ctx.info().activity_id)
            }
            _ => false,
        }
    }

    /// From now on what was made may be removed, and nothing else.
    pub fn give_back(&self) {
        self.held().gives_back = true;
    }
}
