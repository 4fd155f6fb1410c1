//! What Slack did not take of a notice: what is tried again, when something is said
//! elsewhere, and what the attempt comes to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use temporalio_sdk::activities::ActivityError;

use super::attempt::Attempt;
use super::tries::{CARD_TRIED, Tries};
use crate::activities::failures::slack_failures;
use crate::domain::notice::part;
use crate::slack::web_api::SlackError;

/// Not a part: what is waited for when it is not known which there are.
pub(super) const EVERYTHING: &str = "";

/// The parts of one notice that Slack did not take.
pub(super) struct Failures<'a> {
    attempt: &'a Attempt<'a>,
    /// How long an answer is waited for.
    answer_within: Duration,
    /// Why parts have to wait for another attempt.
    failed: Mutex<Vec<(String, SlackError)>>,
    /// New messages wait for one before them.
    held: AtomicBool,
}

impl<'a> Failures<'a> {
    /// None yet.
    pub(super) fn new(attempt: &'a Attempt<'a>, answer_within: Duration) -> Self {
        Self { attempt, answer_within, failed: Mutex::default(), held: AtomicBool::new(false) }
    }

    /// Will Slack refuse this part for good?
    pub(super) fn is_final(&self, part: &str, error: &SlackError) -> bool {
        let patience = if part::asks(part) { (self.answer_within / 4).min(CARD_TRIED) } else { Duration::ZERO };
        error.refusal().is_some_and(|refusal| self.tries(part).are_over(refusal, self.attempt.began(), patience))
    }

    /// Is it time to say it somewhere else?
    pub(super) fn are_enough_here(&self, part: &str, error: &SlackError) -> bool {
        self.tries(part).are_enough_here(error, self.attempt.began())
    }

    /// This part is told by a later attempt.
    pub(super) fn later(&self, part: &str, error: SlackError) {
        let now = self.attempt.began();
        self.attempt.note(|checkpoint| {
            let tries = checkpoint.tries.entry(part.to_owned()).or_default();
            *tries = tries.and(&error, now);
        });
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).push((part.to_owned(), error));
    }

    /// The same, and what comes behind it waits, unless it waited long enough.
    pub(super) fn hold(&self, part: &str, error: SlackError) {
        if self.tries(part).hold(&error, self.attempt.began()) {
            self.held.store(true, Ordering::Relaxed);
        }
        self.later(part, error);
    }

    /// Do new messages wait for one before them?
    pub(super) fn are_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether everything was told that can be. `at_work`: the notice tells that work has
    /// begun, and stays to tell what comes of it.
    pub(super) fn result(&self, at_work: bool) -> Result<(), ActivityError> {
        if self.attempt.is_cut() {
            return Err(ActivityError::cancelled());
        }
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_empty() {
            return Ok(());
        }
        // What comes of the work is told, although something about its beginning is not
        // told yet; that is looked at once more with the outcome.
        let is_long = |(part, error): &(String, SlackError)| {
            let tries = self.tries(part);
            tries.are_many() || (part != EVERYTHING && tries.outlast(error, self.attempt.began()))
        };
        if at_work && failed.iter().all(is_long) {
            self.attempt.note(|checkpoint| checkpoint.left = true);
            return Ok(());
        }
        let errors: Vec<_> = failed.iter().map(|(_, error)| error.clone()).collect();
        Err(slack_failures(&errors, self.attempt.number()))
    }

    fn tries(&self, part: &str) -> Tries {
        self.attempt.checkpoint().tries.get(part).copied().unwrap_or_default()
    }
}
