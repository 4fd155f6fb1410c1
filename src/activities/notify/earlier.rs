//! What was posted before: by an attempt at this notice that was killed before it could
//! tell, or by a notice that failed. Found by reading back, among the bot's own messages.

use std::time::{Duration, UNIX_EPOCH};

use super::Writer;
use super::once::{Place, is_no_thread, outcome_key};
use super::parts::{OUTCOME, ROOT, STATUS};
use crate::domain::notice::{MessageRef, Notice};
use crate::slack::identity::Identity;
use crate::slack::ids::EVENT_TYPE;
use crate::slack::read_back::Found;
use crate::slack::refusal::Refusal;
use crate::slack::web_api::SlackError;

/// How far the clocks of Slack and of Temporal may be apart. Slack's own deliveries are
/// refused at a third of it.
const LEEWAY: Duration = Duration::from_secs(15 * 60);
/// Attempts that wait for a place to become readable which Slack refuses to read back by
/// a code that is in no list. Then saying something twice is better than never saying it.
const PATIENT_ATTEMPTS: u32 = 5;
/// The same where Slack says that something is broken for a moment.
const MOST_PATIENT_ATTEMPTS: u32 = 20;

/// Where messages are read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Nook {
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

impl Writer<'_> {
    /// Whether a part was posted before. From then on it is known where.
    pub(super) async fn find(&self, part: &str, place: &Place) -> Result<bool, SlackError> {
        let requester = || Nook::Direct(self.n.request.requester_id.clone());
        match place {
            Place::Authorizer => _ = self.look(Nook::Direct(self.n.request.authorizer_id.clone())).await?,
            Place::Channel => _ = self.look(Nook::Channel(self.n.request.channel_id.clone())).await?,
            Place::Thread => self.look_through_thread().await?,
        }
        // Where the channel could not be written to.
        if self.at(part).is_none() && !matches!(place, Place::Authorizer) {
            self.look(requester()).await?;
        }
        Ok(self.at(part).is_some())
    }

    /// Finds whatever was posted about the request, wherever that may be.
    pub(super) async fn look_everywhere(&self) -> Result<(), SlackError> {
        self.look_through_thread().await?;
        self.look(Nook::Direct(self.n.request.requester_id.clone())).await?;
        // Nobody was asked about a request that failed its first check.
        if !matches!(self.n.notice, Notice::Refused { .. }) {
            self.look(Nook::Direct(self.n.request.authorizer_id.clone())).await?;
        }
        Ok(())
    }

    /// The thread, and the channel if there is none, or none any more.
    async fn look_through_thread(&self) -> Result<(), SlackError> {
        if let Some(root) = self.at(ROOT) {
            if self.look(Nook::Thread(root.clone())).await? == Looked::Through {
                return Ok(());
            }
            self.forget_root(&root);
        }
        self.look(Nook::Channel(self.n.request.channel_id.clone())).await?;
        if self.at(ROOT).is_none() {
            self.look(Nook::Direct(self.n.request.requester_id.clone())).await?;
        }
        if let Some(root) = self.at(ROOT) {
            self.look(Nook::Thread(root)).await?;
        }
        Ok(())
    }

    /// Notes which messages of this request are in a place: looked through once by each
    /// attempt, since from then on the attempt knows what it posts.
    async fn look(&self, nook: Nook) -> Result<Looked, SlackError> {
        let mut looked = self.attempt.looked.lock().await;
        if looked.contains(&nook) {
            return Ok(Looked::Through);
        }
        // As long as it is not known who the bot is, nobody's message is its own, and
        // nothing is said that may have been said.
        let own = self.slack.identity().await?;
        match self.read(&nook).await {
            Ok((channel, found)) => self.adopt(own, &channel, matches!(nook, Nook::Thread(_)), &found),
            Err(error) if matches!(nook, Nook::Thread(_)) && is_no_thread(&error) => return Ok(Looked::Gone),
            Err(error) if self.stays_unread(&error) => {
                tracing::error!(request.id = %self.n.request_id, %error, "the bot cannot read back what it said");
            }
            Err(error) => return Err(error),
        }
        looked.push(nook);
        Ok(Looked::Through)
    }

    /// Is a message of a direct conversation certainly not there any more?
    pub(super) async fn is_gone(&self, at: &MessageRef) -> bool {
        let posted = at.ts.split('.').next().and_then(|seconds| seconds.parse::<u64>().ok());
        let Some(before) = posted.and_then(|at| at.checked_sub(1)) else { return false };
        let found = self.slack.read_back(&at.channel, None, before).await;
        found.is_ok_and(|found| found.iter().all(|it| it.ts != at.ts))
    }

    /// The messages of a place, and the channel they are in.
    async fn read(&self, nook: &Nook) -> Result<(String, Vec<Found>), SlackError> {
        let (channel, thread) = match nook {
            Nook::Channel(channel) => (channel.clone(), None),
            Nook::Thread(root) => (root.channel.clone(), Some(root.ts.as_str())),
            Nook::Direct(person) => (self.slack.open_dm(person).await?, None),
        };
        let read = || self.slack.read_back(&channel, thread, self.since());
        let found = match read().await {
            // Only members may read back. Joining is announced in the channel, which is
            // better than saying everything twice.
            Err(error) if error.is("not_in_channel") => {
                self.slack.join(&channel).await?;
                read().await?
            }
            found => found?,
        };
        Ok((channel, found))
    }

    /// Will asking again not help?
    fn stays_unread(&self, error: &SlackError) -> bool {
        let attempt = self.attempt.ctx.info().attempt;
        match error.refusal() {
            None => false,
            Some(Refusal::Token) => error.is("missing_scope"),
            Some(Refusal::Passing) => attempt > MOST_PATIENT_ATTEMPTS,
            Some(Refusal::Unclear) => attempt > PATIENT_ATTEMPTS,
            Some(_) => true,
        }
    }

    /// Takes what is the bot's own, and about this request, into the conversation.
    fn adopt(&self, own: &Identity, channel: &str, in_thread: bool, found: &[Found]) {
        let ours = found.iter().filter(|found| found.is_by(own) && (in_thread || !found.is_reply()));
        for found in ours {
            let says = |name: &str| found.says(EVENT_TYPE, name);
            let Some(part) = says("part").filter(|_| says("request_id") == Some(self.n.request_id.as_str())) else {
                continue;
            };
            // Before it was reset, a request may have ended otherwise.
            let key = if part == OUTCOME { outcome_key(says(STATUS).unwrap_or_default()) } else { part.to_owned() };
            let at = MessageRef { channel: channel.to_owned(), ts: found.ts.clone() };
            self.attempt.note(|checkpoint| _ = checkpoint.conversation.0.entry(key).or_insert(at));
        }
    }

    /// Since when what is looked for may have been posted, in Unix seconds.
    fn since(&self) -> u64 {
        let first_tried = self.attempt.ctx.info().scheduled_time.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let first_tried = first_tried.map_or(0, |at| at.as_secs());
        let doubted = self.n.look_back.and_then(|at| u64::try_from(at).ok());
        doubted.map_or(first_tried, |at| at.min(first_tried)).saturating_sub(LEEWAY.as_secs())
    }
}
