//! What was posted before: by an attempt at this notice that was killed before it could
//! tell, or by a notice that failed. Found by reading back, among the bot's own messages.

use std::time::{Duration, UNIX_EPOCH};

use tokio::time::Instant;

use super::attempt::Attempt;
use crate::domain::notice::MessageRef;
use crate::domain::notice::part::ROOT;
use crate::slack::identity::Identity;
use crate::slack::notices::audience::Audience;
use crate::slack::notices::plan::Place;
use crate::slack::read_back::Found;
use crate::slack::refusal::Refusal;
use crate::slack::views::text::is_person;
use crate::slack::web_api::SlackError;

/// How far the clocks of Slack and of Temporal may be apart. Slack's own deliveries are
/// refused at a third of it.
const LEEWAY: Duration = Duration::from_secs(15 * 60);
/// Attempts that wait for a place to become readable which Slack refuses to read back by
/// a code that is in no list. Then saying something twice is better than never saying it.
const PATIENT_ATTEMPTS: u32 = 5;
/// The same where Slack says that something is broken for a moment.
const MOST_PATIENT_ATTEMPTS: u32 = 20;
/// How long what was read back counts as what is there: whoever spoke before this attempt
/// may have been paused with a message on its way.
const STAYS_TRUE: Duration = Duration::from_secs(1);
/// Codes with which Slack says that there is nothing to reply to. It does not always
/// say so: by some reports a reply to what was deleted appears outside of any thread.
const NO_THREAD: [&str; 3] = ["thread_not_found", GONE, "cannot_reply_to_message"];
/// Deleted, by a person or by the workspace's retention.
pub(super) const GONE: &str = "message_not_found";

/// Is there nothing to reply to?
pub(super) fn is_no_thread(error: &SlackError) -> bool {
    NO_THREAD.iter().any(|code| error.is(code))
}

/// Finds what was posted, for one attempt: from then on that knows what it posts.
pub(super) struct LookBack<'a> {
    attempt: &'a Attempt<'a>,
    /// Where it has looked, and when.
    looked: tokio::sync::Mutex<Vec<(Nook, Instant)>>,
}

/// Where messages are read back.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Nook {
    /// A channel, without its threads.
    Channel(String),
    /// The thread of a message.
    Thread(MessageRef),
    /// The direct conversation with a person.
    Direct(String),
}

/// Whether there is such a place at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looked {
    Through,
    Gone,
}

impl<'a> LookBack<'a> {
    /// Has not looked anywhere yet.
    pub(super) fn new(attempt: &'a Attempt<'a>) -> Self {
        Self { attempt, looked: Default::default() }
    }

    /// Looks again from now on.
    pub(super) async fn again(&self) {
        self.looked.lock().await.clear();
    }

    /// Whether a part was posted before. From then on it is known where.
    pub(super) async fn find(&self, audience: &Audience<'_>, part: &str, place: Place) -> Result<bool, SlackError> {
        match place {
            Place::Authorizer => self.look_at(audience, audience.authorizer).await?,
            Place::Channel => self.look_at(audience, Some(audience.channel)).await?,
            Place::Thread => self.look_through_thread(audience).await?,
            Place::Operations => self.look_at(audience, audience.operations).await?,
        }
        let is_known = || self.attempt.at(&audience.key(part)).is_some();
        // Where the channel could not be written to.
        if !is_known() && matches!(place, Place::Channel | Place::Thread) {
            self.look_at(audience, audience.requester).await?;
        }
        Ok(is_known())
    }

    /// Finds whatever was posted, wherever that may be.
    pub(super) async fn everywhere(&self, audience: &Audience<'_>) -> Result<(), SlackError> {
        self.look_through_thread(audience).await?;
        self.look_at(audience, audience.requester).await?;
        if audience.was_asked {
            self.look_at(audience, audience.authorizer).await?;
        }
        Ok(())
    }

    /// The thread, and the channel if there is none, or none any more.
    async fn look_through_thread(&self, audience: &Audience<'_>) -> Result<(), SlackError> {
        if let Some(root) = self.attempt.at(ROOT) {
            if self.look(audience, Nook::Thread(root.clone())).await? == Looked::Through {
                return Ok(());
            }
            self.attempt.forget_root(&root, audience.root.is_none());
        }
        self.look_at(audience, Some(audience.channel)).await?;
        if self.attempt.at(ROOT).is_none() {
            self.look_at(audience, audience.requester).await?;
        }
        if let Some(root) = self.attempt.at(ROOT) {
            self.look(audience, Nook::Thread(root)).await?;
        }
        Ok(())
    }

    /// Looks through the channel, or the direct conversation with a person.
    async fn look_at(&self, audience: &Audience<'_>, to: Option<&str>) -> Result<(), SlackError> {
        let nook = match to {
            Some(person) if is_person(person) => Nook::Direct(person.to_owned()),
            Some(channel) => Nook::Channel(channel.to_owned()),
            None => return Ok(()),
        };
        self.look(audience, nook).await.map(|_| ())
    }

    /// Notes which messages of this audience are in a place, unless that was done just now.
    async fn look(&self, audience: &Audience<'_>, nook: Nook) -> Result<Looked, SlackError> {
        let mut looked = self.looked.lock().await;
        looked.retain(|(_, at)| at.elapsed() < STAYS_TRUE);
        if looked.iter().any(|(known, _)| *known == nook) {
            return Ok(Looked::Through);
        }
        let now = Instant::now();
        // As long as it is not known who the bot is, nobody's message is its own, and
        // nothing is said that may have been said.
        let own = self.attempt.slack.identity().await?;
        match self.read(audience, &nook).await {
            Ok((channel, found)) => self.adopt(audience, own, &channel, matches!(nook, Nook::Thread(_)), &found),
            Err(error) if matches!(nook, Nook::Thread(_)) && is_no_thread(&error) => return Ok(Looked::Gone),
            Err(error) if self.stays_unread(&error) => {
                tracing::error!(request.id = audience.id, %error, "the bot cannot read back what it said");
            }
            Err(error) => return Err(error),
        }
        looked.push((nook, now));
        Ok(Looked::Through)
    }

    /// Is a message of a direct conversation certainly not there any more?
    pub(super) async fn is_gone(&self, at: &MessageRef) -> bool {
        let posted = at.ts.split('.').next().and_then(|seconds| seconds.parse::<u64>().ok());
        let Some(before) = posted.and_then(|at| at.checked_sub(1)) else { return false };
        let found = self.attempt.slack.read_back(&at.channel, None, before).await;
        found.is_ok_and(|found| found.iter().all(|it| it.ts != at.ts))
    }

    /// The messages of a place, and the channel they are in.
    async fn read(&self, audience: &Audience<'_>, nook: &Nook) -> Result<(String, Vec<Found>), SlackError> {
        let slack = &self.attempt.slack;
        let (channel, thread) = match nook {
            Nook::Channel(channel) => (channel.clone(), None),
            Nook::Thread(root) => (root.channel.clone(), Some(root.ts.as_str())),
            Nook::Direct(person) => (slack.open_dm(person).await?, None),
        };
        let read = || slack.read_back(&channel, thread, self.since(audience));
        let found = match read().await {
            // Only members may read back. Joining is announced in the channel, which is
            // better than saying everything twice.
            Err(error) if error.is("not_in_channel") => {
                slack.join(&channel).await?;
                read().await?
            }
            found => found?,
        };
        Ok((channel, found))
    }

    /// Will asking again not help?
    fn stays_unread(&self, error: &SlackError) -> bool {
        let attempt = self.attempt.number();
        match error.refusal() {
            None => false,
            Some(Refusal::Token) => error.is("missing_scope"),
            Some(Refusal::Passing) => attempt > MOST_PATIENT_ATTEMPTS,
            Some(Refusal::Unclear) => attempt > PATIENT_ATTEMPTS,
            Some(_) => true,
        }
    }

    /// Takes what is the bot's own, and about the same, into the conversation.
    fn adopt(&self, audience: &Audience<'_>, own: &Identity, channel: &str, in_thread: bool, found: &[Found]) {
        let ours = found.iter().filter(|found| found.is_by(own) && (in_thread || !found.is_reply()));
        for found in ours {
            let Some(key) = audience.key_of(found) else { continue };
            let at = MessageRef { channel: channel.to_owned(), ts: found.ts.clone() };
            self.attempt.note(|checkpoint| _ = checkpoint.conversation.0.entry(key).or_insert(at));
        }
    }

    /// Since when what is looked for may have been posted, in Unix seconds.
    fn since(&self, audience: &Audience<'_>) -> u64 {
        let first_tried = self.attempt.ctx.info().scheduled_time.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let first_tried = first_tried.map_or(0, |at| at.as_secs());
        let doubted = audience.look_back.and_then(|at| u64::try_from(at).ok());
        doubted.map_or(first_tried, |at| at.min(first_tried)).saturating_sub(LEEWAY.as_secs())
    }
}
