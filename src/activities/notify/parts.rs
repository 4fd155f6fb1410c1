//! Which messages each notice posts and changes, in the order people see them.

use temporalio_sdk::activities::ActivityError;

use super::Scribe;
use super::once::Place;
use crate::domain::notice::Notice;
use crate::domain::provisioning::{Progress, Provisioned};
use crate::slack::api::SlackError;
use crate::slack::views::thread::ProgressState;
use crate::slack::views::{decision, thread};

use crate::domain::notice::part::ATTENTION;
pub(super) use crate::domain::notice::part::{CARD, ROOT};

/// The reply that ends a request, and where its metadata says how.
pub(super) const OUTCOME: &str = "outcome";
pub(super) const STATUS: &str = "status";
/// The progress of the work, by attempt.
const PROGRESS: &str = "progress";

impl Scribe<'_> {
    /// Which parts each notice posts and changes, in the order people see them.
    pub(super) async fn bring_up_to_date(&self) -> Result<(), ActivityError> {
        let n = self.n;
        let outcome = || thread::outcome(n);
        if n.look_back.is_some() {
            self.look_everywhere().await?;
        }
        match &n.notice {
            Notice::Requested { .. } => {
                self.write(ROOT, Place::Channel, thread::root(n)).await?;
                self.write(CARD, Place::Authorizer, decision::ask(n)).await?;
                // A question of a run before this one, if the request was reset.
                match self.last(ATTENTION) {
                    Some(attempt) => self.change(&by_attempt(ATTENTION, attempt), decision::attended(n)).await,
                    None => Ok(()),
                }
            }
            Notice::Reminded { .. } => {
                self.ensure_card(decision::ask(n)).await?;
                self.write("reminder", Place::Authorizer, decision::reminder(n)).await?;
                self.reply("reminded", thread::note(n)).await
            }
            Notice::Authorized { .. } => {
                // Side by side: a person waits for each of them. None is left out because
                // another one failed.
                let (card, root) = (self.change(CARD, decision::decided(n)), self.change(ROOT, thread::root(n)));
                let (begun, card, root) = tokio::join!(self.begin(1), card, root);
                begun.and(card).and(root)
            }
            Notice::NotCounted { .. } => self.reply("not-counted", thread::note(n)).await,
            Notice::ChoiceNotCounted { attempt, .. } => {
                self.reply(&by_attempt("choice-not-counted", *attempt), thread::note(n)).await
            }
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
            Notice::Undoing { .. } => {
                self.close_cards().await?;
                self.change(ROOT, thread::root(n)).await?;
                self.end_progress(None, ProgressState::Stopped).await?;
                self.reply("undoing", thread::note(n)).await
            }
            Notice::Rejected { .. } | Notice::Expired => {
                self.change(CARD, decision::decided(n)).await?;
                self.change(ROOT, thread::root(n)).await?;
                self.reply(OUTCOME, outcome()).await
            }
            Notice::Provisioned { result } => {
                // First what the requester waits for: who sees the channel's message say
                // that it is over finds the outcome.
                self.reply(OUTCOME, outcome()).await?;
                let progress = all_done(result);
                let progress = self.end_progress(progress.as_ref(), ProgressState::Done);
                let (root, progress) = tokio::join!(self.change(ROOT, thread::root(n)), progress);
                root.and(progress)
            }
            Notice::Cancelled { .. } | Notice::Failed { .. } => {
                self.close_cards().await?;
                self.write(ROOT, Place::Channel, thread::root(n)).await?;
                self.end_progress(None, ProgressState::Stopped).await?;
                self.reply(OUTCOME, outcome()).await
            }
            Notice::Refused { .. } => {
                self.write(ROOT, Place::Channel, thread::root(n)).await?;
                self.reply(OUTCOME, outcome()).await
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
    pub(in crate::activities) async fn show(&self, progress: &Progress) -> Result<(), SlackError> {
        let Some(attempt) = self.last(PROGRESS) else { return Ok(()) };
        let part = by_attempt(PROGRESS, attempt);
        let Some(at) = self.at(&part) else { return Ok(()) };
        let message = thread::progress(self.n, attempt, Some(progress), ProgressState::Running);
        self.edit(&part, &at, &message).await
    }

    /// Whether edits have to be kept for what matters more than progress.
    pub(in crate::activities) fn edits_are_scarce(&self) -> bool {
        self.slack.edits_are_scarce()
    }

    async fn end_progress(&self, progress: Option<&Progress>, state: ProgressState) -> Result<(), ActivityError> {
        let Some(attempt) = self.last(PROGRESS) else { return Ok(()) };
        self.change(&by_attempt(PROGRESS, attempt), thread::progress(self.n, attempt, progress, state)).await
    }
}

/// Does this part ask the authorizer something, with buttons?
pub(super) fn asks(part: &str) -> bool {
    let attempt = part.strip_prefix(ATTENTION).and_then(|rest| rest.strip_prefix('-'));
    part == CARD || attempt.is_some_and(|attempt| attempt.parse::<u32>().is_ok())
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
