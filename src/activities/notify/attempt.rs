//! One attempt of the activity `notify`: what it has done so far, whether it may still
//! speak, and how it is called off.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use temporalio_sdk::activities::{ActivityContext, ActivityError};

use super::checkpoint::{Checkpoint, Stage};
use crate::activities::failures::unreadable;
use crate::domain::notice::part::ROOT;
use crate::domain::notice::{Conversation, MessageRef, Told};
use crate::domain::policy::Policy;
use crate::slack::web_api::{IN_AN_ACTIVITY, SlackApi};
use activity_lease::{Lease, Word};

/// How often an attempt says that it is alive, and how far it is. Each beat is billed,
/// and most attempts are over before the first.
const BEAT_EVERY: Duration = Duration::from_secs(2);

/// What is shared by all who write in one attempt.
pub(super) struct Attempt<'a> {
    pub(super) policy: &'a Policy,
    pub(super) slack: SlackApi,
    pub(super) ctx: &'a ActivityContext,
    checkpoint: Mutex<Checkpoint>,
    lease: Lease,
    /// Called off: nothing more is said.
    cut: AtomicBool,
    /// Parts that are being written now.
    calls: AtomicUsize,
}

/// A part is being written for as long as this lives.
pub(super) struct Call<'a>(&'a AtomicUsize);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<'a> Attempt<'a> {
    /// Begins where the attempt before it was, if there was one.
    pub(super) fn new(
        policy: &'a Policy,
        slack: &SlackApi,
        ctx: &'a ActivityContext,
        conversation: &Conversation,
    ) -> Self {
        let earlier = ctx.heartbeat_details().deserialize::<Checkpoint>().ok().flatten();
        let checkpoint =
            earlier.unwrap_or_else(|| Checkpoint { conversation: conversation.clone(), ..Checkpoint::default() });
        Self {
            policy,
            slack: slack.with_timeout(IN_AN_ACTIVITY),
            ctx,
            checkpoint: Mutex::new(checkpoint),
            lease: Lease::new(ctx.clone()),
            cut: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
        }
    }

    /// Its number, from 1 on.
    pub(super) fn number(&self) -> u32 {
        self.ctx.info().attempt
    }

    /// When it began, in Unix seconds.
    pub(super) fn began(&self) -> u64 {
        let began: Option<SystemTime> = self.ctx.info().started_time;
        began.and_then(|began| began.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs())
    }

    /// Says that a part is being written.
    pub(super) fn call(&self) -> Call<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Call(&self.calls)
    }

    /// Was it called off?
    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Begins no other part, and goes on until those that are being written are.
    pub(super) async fn cut<T>(&self, mut telling: Pin<&mut impl Future<Output = T>>) {
        self.cut.store(true, Ordering::Relaxed);
        std::future::poll_fn(|context| {
            if self.calls.load(Ordering::Relaxed) == 0 || telling.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            if self.calls.load(Ordering::Relaxed) == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// How far it is.
    pub(super) fn checkpoint(&self) -> MutexGuard<'_, Checkpoint> {
        self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was done, for the next heartbeat. If that never comes, the next
    /// attempt finds what was posted by looking for it.
    pub(super) fn note(&self, what: impl FnOnce(&mut Checkpoint)) {
        what(&mut self.checkpoint());
    }

    /// Where a message is, by the name under which it is kept.
    pub(super) fn at(&self, key: &str) -> Option<MessageRef> {
        self.checkpoint().conversation.at(key).cloned()
    }

    /// The channel's message is not there any more, unless somebody noticed already.
    /// `is_over`: nothing more is to be said there.
    pub(super) fn forget_root(&self, gone: &MessageRef, is_over: bool) {
        self.note(|checkpoint| {
            if checkpoint.conversation.at(ROOT) == Some(gone) {
                checkpoint.conversation.0.remove(ROOT);
                _ = if is_over { checkpoint.done.insert(ROOT.to_owned()) } else { checkpoint.done.remove(ROOT) };
            }
        });
    }

    /// Tells Temporal how far it is.
    pub(super) async fn beat(&self) -> Result<(), ActivityError> {
        let checkpoint = self.checkpoint().clone();
        self.ctx.record_heartbeat(checkpoint).await.map_err(unreadable)
    }

    /// Says, for as long as Slack takes, that this attempt is alive: another one
    /// beside it would say everything twice.
    pub(super) async fn stay_alive(&self) -> ActivityError {
        loop {
            tokio::time::sleep(BEAT_EVERY).await;
            if self.lease.is_fresh() {
                continue;
            }
            if let Err(error) = self.beat().await {
                return error;
            }
        }
    }

    /// Whether this attempt may say something now: not one that Temporal may have given up,
    /// for whom somebody else speaks. It is asked when it was not heard for a while.
    pub(super) async fn may_speak(&self) -> bool {
        if self.lease.is_fresh() {
            return true;
        }
        let details = serde_json::to_value(&*self.checkpoint()).unwrap_or_default();
        match self.lease.heartbeat(details).await {
            // Called off, what is being written is finished: nobody else speaks until then.
            Word::GoOn | Word::Cancelled => true,
            Word::NoAnswer => self.lease.holds(),
            Word::Lost => false,
        }
    }

    /// From here on other parts are posted and changed, or the same ones anew.
    pub(super) async fn reach(&self, stage: Stage) -> Result<(), ActivityError> {
        self.note(|checkpoint| {
            checkpoint.done.clear();
            checkpoint.tries.clear();
            checkpoint.stage = stage;
        });
        self.beat().await
    }

    /// The result of the activity.
    pub(super) fn told(&self, outcome: bool) -> Told {
        let checkpoint = self.checkpoint();
        Told { conversation: checkpoint.conversation.clone(), unreachable: checkpoint.unreachable.clone(), outcome }
    }
}
