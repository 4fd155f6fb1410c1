//! Brings every message of a request up to a notice, once.
//!
//! A conversation has parts: the root in the channel, the replies in its thread,
//! the authorizer's card, and so on. A notice says which parts it posts and which
//! it changes. Changing is repeatable; posting is not, so each message carries
//! its part in its metadata, and a repeated attempt first looks for what an
//! earlier one, killed before it could tell, has posted already.
//!
//! Whoever tells that work has begun stays until it is over, shows its progress,
//! and tells what came of it, as the workflow says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tracing::Span;

use super::{BotActivities, progress, slack_failure, unreadable};
use crate::domain::lifecycle::Status;
use crate::domain::notice::{Conversation, MessageRef, Notice, Notification, Told};
use crate::domain::provisioning::{Progress, Provisioned};
use crate::domain::request::RequestId;
use crate::slack::api::{Found, IN_AN_ACTIVITY, Post, SlackApi, SlackError};
use crate::slack::ids::EVENT_TYPE;
use crate::slack::views::thread::ProgressState;
use crate::slack::views::{Message, decision, thread};
use crate::traces;
use crate::workflow::ProvisionApplication;

/// How often a slow attempt says that it is alive. Each beat is billed.
const BEAT_EVERY: Duration = Duration::from_secs(3);

/// How long a trace may hold up the end of its request.
const DESCRIBE: Duration = Duration::from_secs(1);

/// The message in the channel.
const ROOT: &str = "root";
/// The authorizer's card.
const CARD: &str = "card";
/// The authorizer's card of a request that needs a hand, by attempt.
const ATTENTION: &str = "attention";
/// The progress of the work, by attempt.
const PROGRESS: &str = "progress";

/// Codes with which Slack says that the bot cannot post in a channel.
const CANNOT_POST: [&str; 8] = [
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_non_threadable_channel",
];
/// Codes with which Slack says that a person cannot be written to.
const CANNOT_REACH: [&str; 6] = [
    "user_disabled",
    "user_not_found",
    "user_not_visible",
    "cannot_dm_bot",
    "channel_not_found",
    "messages_tab_disabled",
];
/// Codes with which Slack says that a message can no longer be changed.
const CANNOT_CHANGE: [&str; 5] =
    ["message_not_found", "is_inactive", "cant_update_message", "edit_window_closed", "streaming_state_conflict"];

pub async fn run(
    bot: &BotActivities,
    ctx: &ActivityContext,
    notification: Notification,
) -> Result<Told, ActivityError> {
    let earlier = ctx.heartbeat_details().deserialize::<Draft>().ok().flatten();
    let draft =
        earlier.unwrap_or_else(|| Draft { conversation: notification.conversation.clone(), ..Draft::default() });
    let desk = Desk { bot, slack: bot.slack.with_timeout(IN_AN_ACTIVITY), ctx, draft: Mutex::new(draft) };
    tokio::select! {
        told = tell(&desk, &notification) => told,
        // Given to somebody else, who looks first at what was posted here.
        () = ctx.cancelled() => Err(ActivityError::cancelled()),
        error = stay_alive(&desk) => Err(error),
    }
}

/// Tells a notice and, where it says that work has begun, what came of it.
async fn tell(desk: &Desk<'_>, begun: &Notification) -> Result<Told, ActivityError> {
    let scribe = Scribe::new(desk, begun);
    let mut stage = desk.draft().stage;
    if stage == Stage::Begins {
        scribe.bring_up_to_date().await?;
        desk.count(begun).await;
        stage = desk.reach(Stage::Goes).await?;
    }
    let Some(activity_id) = &begun.at_work else {
        traces::tell(&Span::current(), "request.status", begun.notice.status().word());
        return Ok(desk.told(false));
    };
    if stage == Stage::Goes {
        progress::follow(desk.ctx, activity_id, &scribe).await?;
        desk.reach(Stage::IsOver).await?;
    }
    let notification = progress::outcome(desk.ctx).await?;
    traces::tell(&Span::current(), "request.status", notification.notice.status().word());
    Scribe::new(desk, &notification).bring_up_to_date().await?;
    desk.count(&notification).await;
    Ok(desk.told(true))
}

/// What the scribes of one attempt share.
struct Desk<'a> {
    bot: &'a BotActivities,
    slack: SlackApi,
    ctx: &'a ActivityContext,
    draft: Mutex<Draft>,
}

impl Desk<'_> {
    fn draft(&self) -> MutexGuard<'_, Draft> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was done; the heartbeat carries it to the next attempt.
    async fn note(&self, what: impl FnOnce(&mut Draft)) -> Result<(), ActivityError> {
        let draft = {
            let mut draft = self.draft();
            what(&mut draft);
            draft.clone()
        };
        self.ctx.record_heartbeat(draft).await.map_err(unreadable)
    }

    /// From here on other parts are posted and changed, or the same ones anew.
    async fn reach(&self, stage: Stage) -> Result<Stage, ActivityError> {
        self.note(|draft| {
            draft.done.clear();
            draft.stage = stage;
        })
        .await?;
        Ok(stage)
    }

    fn told(&self, outcome: bool) -> Told {
        let draft = self.draft();
        Told { conversation: draft.conversation.clone(), unreachable: draft.unreachable.clone(), outcome }
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
async fn stay_alive(desk: &Desk<'_>) -> ActivityError {
    loop {
        if let Err(error) = desk.note(|_| {}).await {
            return error;
        }
        tokio::time::sleep(BEAT_EVERY).await;
    }
}

/// How far a notice has been told: the heartbeat, and so what the next attempt
/// begins with. What is done is not done again, or Slack's limit of a message a
/// second would be used up by repetitions before the last message is reached.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Draft {
    conversation: Conversation,
    /// The parts that this notice has posted or changed.
    done: BTreeSet<String>,
    #[serde(default)]
    stage: Stage,
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
pub(super) struct Scribe<'a> {
    desk: &'a Desk<'a>,
    slack: &'a SlackApi,
    /// Did an earlier attempt try this notice?
    repeated: bool,
    n: &'a Notification,
}

/// Where a new message goes.
enum Place {
    /// The channel the command was run in, or a DM with the requester.
    Channel,
    /// The thread of the root.
    Thread,
    /// The direct conversation with the authorizer.
    Authorizer,
}

impl<'a> Scribe<'a> {
    fn new(desk: &'a Desk<'a>, n: &'a Notification) -> Self {
        let repeated = desk.ctx.info().attempt > 1;
        Self { desk, slack: &desk.slack, repeated, n }
    }

    /// Which parts each notice posts and changes, in the order people see them.
    async fn bring_up_to_date(&self) -> Result<(), ActivityError> {
        let n = self.n;
        let outcome = || thread::outcome(n);
        match &n.notice {
            Notice::Requested { .. } => {
                self.write(ROOT, Place::Channel, thread::root(n)).await?;
                self.write(CARD, Place::Authorizer, decision::ask(n)).await
            }
            Notice::Reminded { .. } => {
                self.write("reminder", Place::Authorizer, decision::reminder(n)).await?;
                self.reply("reminded", thread::note(n)).await
            }
            Notice::Authorized { .. } => {
                // Side by side: a person waits for each of them.
                let (card, root) = (self.change(CARD, decision::decided(n)), self.change(ROOT, thread::root(n)));
                tokio::try_join!(self.begin(1), card, root).map(|_| ())
            }
            Notice::NotCounted { .. } => self.reply("not-counted", thread::note(n)).await,
            Notice::NeedsAttention { failure, .. } => {
                let card = by_attempt(ATTENTION, failure.attempt);
                self.write(&card, Place::Authorizer, decision::attention(n)).await?;
                self.change(ROOT, thread::root(n)).await?;
                self.end_progress(None, ProgressState::Stopped).await?;
                self.reply(&format!("needs-attention-{}", failure.attempt), thread::note(n)).await
            }
            Notice::Retried { failure, .. } => {
                self.change(&by_attempt(ATTENTION, failure.attempt), decision::attended(n)).await?;
                self.begin(failure.attempt.saturating_add(1)).await?;
                self.change(ROOT, thread::root(n)).await
            }
            Notice::Rejected { .. } | Notice::Expired => {
                self.change(CARD, decision::decided(n)).await?;
                self.change(ROOT, thread::root(n)).await?;
                self.reply("outcome", outcome()).await
            }
            Notice::Provisioned { result } => {
                // First what the requester waits for: who sees the channel's message say
                // that it is over finds the outcome.
                self.reply("outcome", outcome()).await?;
                let progress = all_done(result);
                let progress = self.end_progress(progress.as_ref(), ProgressState::Done);
                tokio::try_join!(self.change(ROOT, thread::root(n)), progress).map(|_| ())
            }
            Notice::Cancelled { .. } | Notice::Failed { .. } => {
                self.close_cards().await?;
                self.write(ROOT, Place::Channel, thread::root(n)).await?;
                self.end_progress(None, ProgressState::Stopped).await?;
                self.reply("outcome", outcome()).await
            }
            Notice::Refused { .. } => {
                self.write(ROOT, Place::Channel, thread::root(n)).await?;
                self.reply("outcome", outcome()).await
            }
        }
    }

    /// No card keeps a button that does nothing.
    async fn close_cards(&self) -> Result<(), ActivityError> {
        match self.last(ATTENTION) {
            // The card of the decision was closed when the decision was made.
            Some(open) => self.change(&by_attempt(ATTENTION, open), decision::attended(self.n)).await,
            None => self.change(CARD, decision::decided(self.n)).await,
        }
    }

    /// The last attempt that has a message of this kind.
    fn last(&self, kind: &str) -> Option<u32> {
        let attempt = |part: &String| part.strip_prefix(kind)?.strip_prefix('-')?.parse::<u32>().ok();
        self.desk.draft().conversation.0.keys().filter_map(attempt).max()
    }

    /// The message that shows the progress of an attempt, and who wanted it.
    async fn begin(&self, attempt: u32) -> Result<(), ActivityError> {
        let message = thread::progress(self.n, attempt, None, ProgressState::Running);
        self.write(&by_attempt(PROGRESS, attempt), Place::Thread, message).await
    }

    /// Shows how far the work is. Not heartbeated: the next state comes soon.
    pub(super) async fn show(&self, progress: &Progress) -> Result<(), SlackError> {
        let Some(attempt) = self.last(PROGRESS) else { return Ok(()) };
        let part = by_attempt(PROGRESS, attempt);
        let Some(at) = self.at(&part) else { return Ok(()) };
        let message = thread::progress(self.n, attempt, Some(progress), ProgressState::Running);
        let metadata = self.metadata(&part);
        self.slack.update_message(&at.ts, &as_post(&message, &at.channel, None, &metadata)).await
    }

    /// Whether edits have to be kept for what matters more than progress.
    pub(super) fn edits_are_scarce(&self) -> bool {
        self.slack.edits_are_scarce()
    }

    async fn end_progress(&self, progress: Option<&Progress>, state: ProgressState) -> Result<(), ActivityError> {
        let Some(attempt) = self.last(PROGRESS) else { return Ok(()) };
        self.change(&by_attempt(PROGRESS, attempt), thread::progress(self.n, attempt, progress, state)).await
    }

    /// A new reply in the thread.
    async fn reply(&self, part: &str, message: Option<Message>) -> Result<(), ActivityError> {
        match message {
            Some(message) => self.write(part, Place::Thread, message).await,
            None => Ok(()),
        }
    }

    /// A message that stands afterwards, whether or not it had been posted.
    async fn write(&self, part: &str, place: Place, message: Message) -> Result<(), ActivityError> {
        if self.is_done(part) {
            return Ok(());
        }
        if self.at(part).is_some() {
            return self.change(part, message).await;
        }
        if self.repeated
            && let Some(found) = self.look_for(part, &place).await?
        {
            return self.remember(part, found).await;
        }
        let posted = match place {
            Place::Channel => self.post_or_dm(part, &self.n.request.channel_id, None, &message).await,
            Place::Thread => match self.at(ROOT) {
                Some(root) => self.post_or_dm(part, &root.channel, Some(&root.ts), &message).await,
                None => self.post(part, &self.n.request.requester_id, None, &message).await,
            },
            Place::Authorizer => match self.post(part, &self.n.request.authorizer_id, None, &message).await {
                Err(error) if CANNOT_REACH.iter().any(|code| error.is(code)) => {
                    let why = format!("The authorizer cannot be written to ({error}).");
                    return self.desk.note(|draft| draft.unreachable = Some(why)).await;
                }
                posted => posted,
            },
        };
        let message = posted.map_err(|error| slack_failure(&error))?;
        self.remember(part, message).await
    }

    /// Where the bot cannot post in the channel, or can no longer, the requester is
    /// told directly.
    async fn post_or_dm(
        &self,
        part: &str,
        channel: &str,
        thread: Option<&str>,
        message: &Message,
    ) -> Result<MessageRef, SlackError> {
        match self.post(part, channel, thread, message).await {
            Err(error) if CANNOT_POST.iter().any(|code| error.is(code)) => {
                tracing::info!(request.id = %self.n.request_id, slack.channel = channel, %error,
                    "the channel cannot be written to; the requester is told directly");
                self.post(part, &self.n.request.requester_id, None, message).await
            }
            posted => posted,
        }
    }

    /// Brings a message up to date. One that was never posted stays unposted, and
    /// one that somebody deleted stays deleted: the thread tells the rest.
    async fn change(&self, part: &str, message: Message) -> Result<(), ActivityError> {
        let Some(at) = self.at(part).filter(|_| !self.is_done(part)) else { return Ok(()) };
        let metadata = self.metadata(part);
        let post = as_post(&message, &at.channel, None, &metadata);
        match self.slack.update_message(&at.ts, &post).await {
            Ok(()) => self.done(part).await,
            Err(error) if CANNOT_CHANGE.iter().chain(&CANNOT_POST).any(|code| error.is(code)) => {
                tracing::warn!(request.id = %self.n.request_id, part, %error, "a message can no longer be changed");
                Ok(())
            }
            Err(error) => Err(slack_failure(&error)),
        }
    }

    async fn post(
        &self,
        part: &str,
        channel: &str,
        thread: Option<&str>,
        message: &Message,
    ) -> Result<MessageRef, SlackError> {
        let metadata = self.metadata(part);
        let post = as_post(message, channel, thread, &metadata);
        match self.slack.post_message(&post).await {
            // A mistake of ours. The text says everything, only less well.
            Err(error) if error.code().is_some_and(|code| code.contains("blocks")) => {
                tracing::error!(request.id = %self.n.request_id, part, %error, "a message is posted as plain text");
                self.slack.post_message(&Post { blocks: &Value::Null, ..post }).await
            }
            posted => posted,
        }
    }

    fn metadata(&self, part: &str) -> BTreeMap<&'static str, String> {
        metadata(&self.n.request_id, part)
    }

    /// Where a part is, once it was posted.
    fn at(&self, part: &str) -> Option<MessageRef> {
        self.desk.draft().conversation.0.get(part).cloned()
    }

    fn is_done(&self, part: &str) -> bool {
        self.desk.draft().done.contains(part)
    }

    async fn remember(&self, part: &str, message: MessageRef) -> Result<(), ActivityError> {
        self.desk
            .note(|draft| {
                draft.conversation.0.insert(part.to_owned(), message);
                draft.done.insert(part.to_owned());
            })
            .await
    }

    async fn done(&self, part: &str) -> Result<(), ActivityError> {
        self.desk.note(|draft| _ = draft.done.insert(part.to_owned())).await
    }

    /// What an earlier attempt posted as this part, if it did.
    async fn look_for(&self, part: &str, place: &Place) -> Result<Option<MessageRef>, ActivityError> {
        let request = &self.n.request;
        let found = match place {
            Place::Thread => match self.at(ROOT) {
                Some(root) => self.find(part, &root.channel, Some(&root.ts)).await,
                None => Ok(None),
            },
            Place::Authorizer => self.find_in_dm(part, &request.authorizer_id).await,
            Place::Channel => match self.find(part, &request.channel_id, None).await {
                Ok(None) => self.find_in_dm(part, &request.requester_id).await,
                found => found,
            },
        };
        found.map_err(|error| slack_failure(&error))
    }

    async fn find_in_dm(&self, part: &str, user: &str) -> Result<Option<MessageRef>, SlackError> {
        match self.slack.open_dm(user).await {
            Ok(channel) => self.find(part, &channel, None).await,
            Err(error) if CANNOT_REACH.iter().any(|code| error.is(code)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn find(&self, part: &str, channel: &str, thread: Option<&str>) -> Result<Option<MessageRef>, SlackError> {
        let messages = match self.read(channel, thread).await {
            // Only members may read back. Joining is announced in the channel,
            // which is better than saying everything twice.
            Err(error) if error.is("not_in_channel") => match self.slack.join(channel).await {
                Ok(()) => self.read(channel, thread).await?,
                Err(_) => return Ok(None),
            },
            Err(error) if CANNOT_POST.iter().any(|code| error.is(code)) => return Ok(None),
            // Saying something twice is better than never saying it.
            Err(error) if error.is("missing_scope") => {
                tracing::error!(request.id = %self.n.request_id, slack.channel = channel, %error, "the bot cannot read back what it said");
                return Ok(None);
            }
            messages => messages?,
        };
        let ours = |found: &Found| {
            let metadata = found.metadata.as_ref().filter(|metadata| metadata.event_type == EVENT_TYPE);
            let is = |name: &str, wanted: &str| {
                metadata.and_then(|m| m.event_payload.get(name)).and_then(|value| value.as_str()) == Some(wanted)
            };
            is("request_id", self.n.request_id.as_str()) && is("part", part)
        };
        Ok(messages.into_iter().find(ours).map(|found| MessageRef { channel: channel.to_owned(), ts: found.ts }))
    }

    async fn read(&self, channel: &str, thread: Option<&str>) -> Result<Vec<Found>, SlackError> {
        match thread {
            Some(ts) => self.slack.replies(channel, ts).await,
            None => self.slack.history(channel).await,
        }
    }
}

/// The part of one attempt, of a kind that has one for each.
fn by_attempt(kind: &str, attempt: u32) -> String {
    format!("{kind}-{attempt}")
}

/// The progress of a provisioner that has done everything it tells of.
fn all_done(result: &Provisioned) -> Option<Progress> {
    let of = u32::try_from(result.summary.len()).ok().filter(|steps| *steps > 0)?;
    Some(Progress { step: of, of, label: String::new() })
}

/// A message for a channel, or for a thread in it.
fn as_post<'a>(
    message: &'a Message,
    channel: &'a str,
    thread: Option<&'a str>,
    metadata: &'a BTreeMap<&'static str, String>,
) -> Post<'a> {
    Post { channel, thread, text: &message.text, blocks: &message.blocks, metadata }
}

/// What every message about a request carries: whose it is, and its part.
fn metadata(request: &RequestId, part: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([("request_id", request.to_string()), ("part", part.to_owned())])
}
