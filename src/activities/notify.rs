//! Brings every message of a request up to a notice, once.
//!
//! A conversation has parts: the root in the channel, the replies in its thread,
//! the authorizer's card, and so on. A notice says which parts it posts and which
//! it changes. Changing is repeatable; posting is not, so each message carries
//! its part in its metadata, and a repeated attempt first looks for what an
//! earlier one, killed before it could tell, has posted already. So does whoever
//! tells the next notice when one has failed.
//!
//! Whoever tells that work has begun stays until it is over, shows its progress,
//! and tells what came of it, as the workflow says.

mod earlier;
mod once;
mod parts;
mod refused;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use activity_lease::{Lease, Word};
use serde::{Deserialize, Serialize};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tracing::Span;

use self::earlier::Nook;
use self::refused::Tries;
use super::progress::Watch;
use super::{BotActivities, unreadable};
use crate::domain::lifecycle::Status;
use crate::domain::notice::part::CARD;
use crate::domain::notice::{Conversation, Notice, Notification, Told};
use crate::slack::web_api::{IN_AN_ACTIVITY, SlackApi, SlackError};
use crate::traces;
use crate::workflow::ProvisionApplication;

/// How often an attempt says that it is alive, and how far it is. Each beat is billed,
/// and most attempts are over before the first.
const BEAT_EVERY: Duration = Duration::from_secs(2);

/// How long the calls that are under way may take once the notice is called off. They
/// would be carried out all the same, and what they post would not be found.
const CALLS_END: Duration = Duration::from_secs(3);

/// How long a trace may hold up the end of its request.
const DESCRIBE: Duration = Duration::from_secs(1);

pub async fn run(
    bot: &BotActivities,
    ctx: &ActivityContext,
    notification: Notification,
) -> Result<Told, ActivityError> {
    let earlier = ctx.heartbeat_details().deserialize::<Checkpoint>().ok().flatten();
    let checkpoint = earlier
        .unwrap_or_else(|| Checkpoint { conversation: notification.conversation.clone(), ..Checkpoint::default() });
    let slack = bot.slack.with_timeout(IN_AN_ACTIVITY);
    let attempt = Attempt {
        bot,
        slack,
        ctx,
        checkpoint: Mutex::new(checkpoint),
        lease: Lease::new(ctx.clone()),
        looked: Default::default(),
        rooting: Default::default(),
        cut: AtomicBool::new(false),
        calls: AtomicUsize::new(0),
    };
    let mut telling = pin!(tell(&attempt, &notification));
    let told = tokio::select! {
        told = &mut telling => told,
        // Given to somebody else, who looks first at what was posted here.
        () = ctx.cancelled() => {
            let _ = tokio::time::timeout(CALLS_END, attempt.cut(telling.as_mut())).await;
            Err(ActivityError::cancelled())
        }
        error = stay_alive(&attempt) => Err(error),
    };
    if told.is_err() {
        // Reported with the failure, and so what the next attempt begins with.
        attempt.beat().await?;
    }
    told
}

/// Tells a notice and, where it says that work has begun, what came of it.
async fn tell(attempt: &Attempt<'_>, begun: &Notification) -> Result<Told, ActivityError> {
    let writer = Writer::new(attempt, begun);
    let stage = attempt.checkpoint().stage;
    if stage == Stage::Begins {
        writer.bring_up_to_date().await?;
        attempt.count(begun).await;
    }
    let Some(activity_id) = &begun.at_work else {
        traces::tell(&Span::current(), "request.status", begun.notice.status().word());
        return Ok(attempt.told(false));
    };
    if stage == Stage::Begins {
        attempt.reach(Stage::Goes).await?;
    }
    let mut watch = Watch::new(attempt.ctx)?;
    if stage != Stage::IsOver {
        watch.follow(activity_id, &writer).await?;
        attempt.reach(Stage::IsOver).await?;
    }
    let notification = watch.outcome().await?;
    traces::tell(&Span::current(), "request.status", notification.notice.status().word());
    Writer::new(attempt, &notification).bring_up_to_date().await?;
    attempt.count(&notification).await;
    Ok(attempt.told(true))
}

/// What the writers of one attempt share.
struct Attempt<'a> {
    bot: &'a BotActivities,
    slack: SlackApi,
    ctx: &'a ActivityContext,
    checkpoint: Mutex<Checkpoint>,
    lease: Lease,
    /// Where this attempt has looked for what was posted before.
    looked: tokio::sync::Mutex<Vec<Nook>>,
    /// Held by whoever writes the channel's message anew.
    rooting: tokio::sync::Mutex<()>,
    /// Called off: nothing more is said.
    cut: AtomicBool,
    /// Parts that are being written now.
    calls: AtomicUsize,
}

/// A part is being written for as long as this lives.
struct Call<'a>(&'a AtomicUsize);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Attempt<'_> {
    fn call(&self) -> Call<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Call(&self.calls)
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Begins no other part, and goes on until those that are being written are.
    async fn cut<T>(&self, mut telling: Pin<&mut impl Future<Output = T>>) {
        self.cut.store(true, Ordering::Relaxed);
        std::future::poll_fn(|context| {
            if self.calls.load(Ordering::Relaxed) == 0 || telling.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            if self.calls.load(Ordering::Relaxed) == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn checkpoint(&self) -> MutexGuard<'_, Checkpoint> {
        self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was done, for the next heartbeat. If that never comes, the next
    /// attempt finds what was posted by looking for it.
    fn note(&self, what: impl FnOnce(&mut Checkpoint)) {
        what(&mut self.checkpoint());
    }

    async fn beat(&self) -> Result<(), ActivityError> {
        let checkpoint = self.checkpoint().clone();
        self.ctx.record_heartbeat(checkpoint).await.map_err(unreadable)
    }

    /// Whether this attempt may say something now: not one that Temporal may have given up,
    /// for whom somebody else speaks. It is asked when it was not heard for a while.
    async fn may_speak(&self) -> bool {
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
    async fn reach(&self, stage: Stage) -> Result<(), ActivityError> {
        self.note(|checkpoint| {
            checkpoint.done.clear();
            checkpoint.tries.clear();
            checkpoint.stage = stage;
        });
        self.beat().await
    }

    fn told(&self, outcome: bool) -> Told {
        let checkpoint = self.checkpoint();
        Told { conversation: checkpoint.conversation.clone(), unreachable: checkpoint.unreachable.clone(), outcome }
    }

    /// Counted once it has been told, so that a repetition does not count twice.
    async fn count(&self, n: &Notification) {
        let status = n.notice.status();
        if status.is_final() {
            self.bot.metrics.request(status.word());
            close_trace(self.ctx, status).await;
        }
        if let Some((verdict, after)) = decision_time(n) {
            self.bot.metrics.decided(verdict, after);
        }
    }
}

/// Tells the span of the whole request, which nobody else can: it is over.
async fn close_trace(ctx: &ActivityContext, status: Status) {
    let Some(request) = ctx.workflow_handle::<ProvisionApplication>().filter(|_| traces::are_on()) else { return };
    let described = tokio::time::timeout(DESCRIBE, request.describe(Default::default())).await;
    if let Ok(Ok(described)) = described
        && let Some(began) = described.start_time()
    {
        traces::whole(described.id(), began, status.word(), status == Status::Failed);
    }
}

/// How long the authorizer took, if the notice tells of a decision: Slack names
/// a message by the moment it was posted.
#[expect(clippy::disallowed_methods, reason = "a decision's time is measured, and decides nothing")]
fn decision_time(n: &Notification) -> Option<(&'static str, Duration)> {
    let verdict = match n.notice {
        Notice::Authorized { .. } => "approve",
        Notice::Rejected { .. } => "reject",
        _ => return None,
    };
    let asked: f64 = n.conversation.0.get(CARD)?.ts.parse().ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
    Some((verdict, Duration::try_from_secs_f64(now - asked).ok()?))
}

/// Says, for as long as Slack takes, that this attempt is alive: another one
/// beside it would say everything twice.
async fn stay_alive(attempt: &Attempt<'_>) -> ActivityError {
    loop {
        tokio::time::sleep(BEAT_EVERY).await;
        if attempt.lease.is_fresh() {
            continue;
        }
        if let Err(error) = attempt.beat().await {
            return error;
        }
    }
}

/// How far a notice has been told: the heartbeat, and so what the next attempt
/// begins with. What is done is not done again, or Slack's limit of a message a
/// second would be used up by repetitions before the last message is reached.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Checkpoint {
    conversation: Conversation,
    /// The parts that this notice has posted or changed.
    done: BTreeSet<String>,
    #[serde(default)]
    stage: Stage,
    /// The parts that Slack did not take yet.
    #[serde(default)]
    tries: BTreeMap<String, Tries>,
    /// Something about the beginning of the work could not be told.
    #[serde(default)]
    left: bool,
    /// Why the authorizer could not be written to.
    #[serde(default)]
    unreachable: Option<String>,
}

/// Of the work that a notice says has begun. What is no such notice has one stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    #[default]
    Begins,
    Goes,
    IsOver,
}

/// Writes the messages of one notice.
pub(super) struct Writer<'a> {
    attempt: &'a Attempt<'a>,
    slack: &'a SlackApi,
    /// Did an earlier attempt try this notice, or did an earlier notice fail? Then
    /// something may have been posted that nobody knows of.
    repeated: bool,
    n: &'a Notification,
    /// Why parts have to wait for another attempt.
    failed: Mutex<Vec<(String, SlackError)>>,
    /// New messages wait for one before them.
    held: AtomicBool,
}

impl<'a> Writer<'a> {
    fn new(attempt: &'a Attempt<'a>, n: &'a Notification) -> Self {
        let repeated = attempt.ctx.info().attempt > 1 || n.look_back.is_some();
        Self { attempt, slack: &attempt.slack, repeated, n, failed: Mutex::default(), held: AtomicBool::new(false) }
    }
}
