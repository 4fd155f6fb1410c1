//! Which messages each notice posts and changes, in the order people see them.

use temporalio_sdk::activities::ActivityError;

use super::Writer;
use super::once::Place;
use crate::domain::notice::{Conversation, Notice, Notification};
use crate::domain::provisioning::{Progress, Provisioned};
use crate::slack::views::thread::ProgressState;
use crate::slack::views::{decision, thread};
use crate::slack::web_api::SlackError;

use crate::domain::notice::part::ATTENTION;
pub(super) use crate::domain::notice::part::{CARD, ROOT};

/// The reply that ends a request, and where its metadata says how.
pub(super) const OUTCOME: &str = "outcome";
pub(super) const STATUS: &str = "status";
/// The progress of the work, by attempt.
const PROGRESS: &str = "progress";
/// Not a part: what is waited for when it is not known which there are.
pub(super) const EVERYTHING: &str = "";

impl Writer<'_> {
    /// Which parts each notice posts and changes, in the order people see them. None is
    /// left out because another one failed.
    pub(super) async fn bring_up_to_date(&self) -> Result<(), ActivityError> {
        let n = self.n;
        let outcome = || thread::outcome(n);
        if n.look_back.is_some()
            && !self.attempt.is_cut()
            && let Err(error) = self.look_everywhere().await
        {
            // Nothing is said that may have been said.
            self.later(EVERYTHING, error);
            return self.result();
        }
        match &n.notice {
            Notice::Requested { .. } => {
                self.root().await;
                self.write(CARD, Place::Authorizer, decision::ask(n)).await;
                // A question of a run before this one, if the request was reset.
                if let Some(attempt) = self.last(ATTENTION) {
                    self.change(&by_attempt(ATTENTION, attempt), decision::attended(n)).await;
                }
            }
            Notice::Reminded { .. } => {
                self.ensure_card(decision::ask(n)).await;
                self.write("reminder", Place::Authorizer, decision::reminder(n)).await;
                self.reply("reminded", thread::note(n)).await;
            }
            Notice::Authorized { .. } => {
                if self.at(ROOT).is_none() {
                    self.root().await;
                }
                // Side by side: a person waits for each of them.
                tokio::join!(self.begin(1), self.change(CARD, decision::decided(n)), self.root());
            }
            Notice::NotCounted { why, .. } => {
                // What is asked now is another round: buttons of the one before do nothing.
                tokio::join!(self.root(), self.change(CARD, decision::ask(n)));
                self.reply("not-counted", thread::note(n)).await;
                self.write("not-counted-card", Place::Authorizer, decision::not_counted(n, why)).await;
            }
            Notice::ChoiceNotCounted { attempt, .. } => {
                self.reply(&by_attempt("choice-not-counted", *attempt), thread::note(n)).await;
            }
            Notice::NeedsAttention { failure, .. } => {
                let card = by_attempt(ATTENTION, failure.attempt);
                self.write(&card, Place::Authorizer, decision::attention(n)).await;
                if failure.attempt > 1 {
                    self.change(&by_attempt(ATTENTION, failure.attempt - 1), decision::attended(n)).await;
                }
                self.root().await;
                self.end_progress(None, ProgressState::Stopped).await;
                self.reply(&format!("needs-attention-{}", failure.attempt), thread::note(n)).await;
            }
            Notice::Retried { failure, .. } => {
                self.change(&by_attempt(ATTENTION, failure.attempt), decision::attended(n)).await;
                if self.mends() {
                    self.end_progress(None, ProgressState::Stopped).await;
                }
                self.begin(failure.attempt.saturating_add(1)).await;
                self.root().await;
            }
            Notice::Undoing { .. } => {
                self.close_cards().await;
                self.root().await;
                self.end_progress(None, ProgressState::Stopped).await;
                self.reply("undoing", thread::note(n)).await;
            }
            Notice::Rejected { .. } | Notice::Expired { .. } => {
                self.change(CARD, decision::decided(n)).await;
                // Whether somebody was asked is known now.
                let n = Notification { conversation: self.known(), ..n.clone() };
                self.write(ROOT, Place::Channel, thread::root(&n)).await;
                self.reply(OUTCOME, thread::outcome(&n)).await;
            }
            Notice::Provisioned { result } => {
                // First what the requester waits for: who sees the channel's message say
                // that it is over finds the outcome.
                self.reply(OUTCOME, outcome()).await;
                let progress = all_done(result);
                let progress = self.end_progress(progress.as_ref(), ProgressState::Done);
                tokio::join!(self.root(), progress);
                // The card of the decision says what stays true.
                if self.last(ATTENTION).is_some() || self.mends() {
                    self.close_cards().await;
                }
            }
            Notice::Cancelled { .. } | Notice::Failed { .. } => {
                self.close_cards().await;
                self.root().await;
                self.end_progress(None, ProgressState::Stopped).await;
                self.reply(OUTCOME, outcome()).await;
            }
            Notice::Refused { .. } => {
                self.root().await;
                self.reply(OUTCOME, outcome()).await;
            }
        }
        self.result()
    }

    fn known(&self) -> Conversation {
        self.attempt.checkpoint().conversation.clone()
    }

    /// The channel's message, which what is told side by side may be about to post, too.
    async fn root(&self) {
        if self.at(ROOT).is_none() {
            let _one_at_a_time = self.attempt.rooting.lock().await;
            if self.at(ROOT).is_none() {
                return self.write(ROOT, Place::Channel, thread::root(self.n)).await;
            }
        }
        self.write(ROOT, Place::Channel, thread::root(self.n)).await;
    }

    /// No card keeps a button that does nothing, nor says what is no longer so.
    async fn close_cards(&self) {
        let last = self.last(ATTENTION);
        if let Some(open) = last {
            self.change(&by_attempt(ATTENTION, open), decision::attended(self.n)).await;
        }
        // With a newer one, the card of the decision was closed when the decision was made.
        if last.is_none() || self.mends() {
            self.change(CARD, decision::decided(self.n)).await;
        }
    }

    /// The last attempt that has a message of this kind.
    fn last(&self, kind: &str) -> Option<u32> {
        let attempt = |part: &String| part.strip_prefix(kind)?.strip_prefix('-')?.parse::<u32>().ok();
        self.attempt.checkpoint().conversation.0.keys().filter_map(attempt).max()
    }

    /// May messages be as an earlier notice would not have left them?
    fn mends(&self) -> bool {
        self.n.look_back.is_some() || self.attempt.checkpoint().left
    }

    /// The message that shows the progress of an attempt, and who wanted it.
    async fn begin(&self, attempt: u32) {
        let message = thread::progress(self.n, attempt, None, ProgressState::Running);
        self.write(&by_attempt(PROGRESS, attempt), Place::Thread, message).await;
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

    async fn end_progress(&self, progress: Option<&Progress>, state: ProgressState) {
        if let Some(attempt) = self.last(PROGRESS) {
            self.change(&by_attempt(PROGRESS, attempt), thread::progress(self.n, attempt, progress, state)).await;
        }
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
