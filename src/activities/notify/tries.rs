//! What to do about a message that Slack did not take: try again, put it somewhere else,
//! or leave it out. Whatever becomes of one, the others are told.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::slack::refusal::Refusal;
use crate::slack::web_api::SlackError;

/// How often a channel may refuse a message with a code that does not say that it always
/// will, before the requester is told directly: within seconds.
const THEN_DIRECTLY: u32 = 3;
/// The same where Slack says that something is broken for a moment.
const THEN_DIRECTLY_IF_PASSING: u32 = 5;
/// How often a message may be refused with such a code before it is left out: half a
/// minute, with the pauses between attempts.
const THEN_NEVER: u32 = 6;
/// How long the authorizer's card is tried, whatever the code: a request that nobody can
/// decide is better ended. At most this long, and no more than a quarter of the time the
/// request waits for its authorizer.
pub(super) const CARD_TRIED: Duration = Duration::from_secs(10 * 60);
/// The longest limit that is waited out, with all that comes behind the message: somebody
/// waits for it. Slack limits a channel to a message a second, and asks for seconds.
const BRIEF: Duration = Duration::from_secs(30);
/// How long one brief limit after the other is waited out: many may wait for their turn.
const LIMITED_AT_MOST: Duration = Duration::from_secs(5 * 60);
/// How often one message may keep those behind it waiting, so that they appear in order.
const HOLDS: u32 = 4;

/// How often Slack did not take a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Tries {
    /// For whatever reason but a brief limit, which passes.
    times: u32,
    /// Since when, for whatever reason, in Unix seconds.
    first: u64,
    /// With an error code.
    refused: u32,
    /// When it was refused first, in Unix seconds.
    since: u64,
}

impl Tries {
    /// Is a code final by now? `patience` is how long a code that may pass is tried.
    pub(super) fn are_over(self, refusal: Refusal, now: u64, patience: Duration) -> bool {
        match refusal {
            Refusal::Passing | Refusal::Token => false,
            Refusal::Place | Refusal::Frozen | Refusal::Blocks | Refusal::Metadata | Refusal::Mistake => true,
            Refusal::Unclear => self.refused + 1 >= THEN_NEVER && now.saturating_sub(self.since) >= patience.as_secs(),
        }
    }

    /// Is it time to try another place?
    pub(super) fn are_enough_here(self, error: &SlackError, now: u64) -> bool {
        if error.wait().is_some() {
            return self.outlast(error, now);
        }
        match error.refusal() {
            None | Some(Refusal::Passing) => self.times + 1 >= THEN_DIRECTLY_IF_PASSING,
            Some(Refusal::Token | Refusal::Unclear) => self.refused + 1 >= THEN_DIRECTLY,
            Some(Refusal::Place | Refusal::Frozen | Refusal::Blocks | Refusal::Metadata | Refusal::Mistake) => true,
        }
    }

    /// Does what comes behind it wait? Slack being away is no reason to tell things out of
    /// order, one message refused is none to be silent about the next.
    pub(super) fn hold(self, error: &SlackError, now: u64) -> bool {
        if error.wait().is_some() {
            return !self.outlast(error, now);
        }
        matches!(error.refusal(), None | Some(Refusal::Passing)) && self.times < HOLDS
    }

    /// Is it limited for longer than can be waited for?
    pub(super) fn outlast(self, error: &SlackError, now: u64) -> bool {
        let lasts = self.first > 0 && now.saturating_sub(self.first) >= LIMITED_AT_MOST.as_secs();
        error.wait().is_some_and(|wait| wait > BRIEF || lasts)
    }

    /// Is this more than a hiccup?
    pub(super) fn are_many(self) -> bool {
        self.times >= THEN_NEVER
    }

    /// With one more.
    pub(super) fn and(mut self, error: &SlackError, now: u64) -> Self {
        self.first = if self.first == 0 { now } else { self.first };
        self.times += u32::from(error.wait().is_none_or(|wait| wait > BRIEF));
        if error.code().is_some() {
            self.refused += 1;
            self.since = if self.refused == 1 { now } else { self.since };
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(refused: u32) -> Tries {
        Tries { times: refused, first: 1_000, refused, since: 1_000 }
    }

    fn code(refusal: Refusal) -> SlackError {
        use Refusal::*;
        let code = match refusal {
            Passing => "internal_error",
            Token => "token_revoked",
            Place => "is_archived",
            Frozen => "message_not_found",
            Blocks => "invalid_blocks",
            Metadata => "metadata_too_large",
            Mistake => "no_text",
            Unclear => "no_permission",
        };
        SlackError::Refused { method: "chat.postMessage", code: code.to_owned(), detail: String::new() }
    }

    fn limited(seconds: u64) -> SlackError {
        SlackError::RateLimited { method: "chat.postMessage", retry_after: Duration::from_secs(seconds) }
    }

    fn away() -> SlackError {
        SlackError::Unavailable { method: "chat.postMessage", why: "HTTP 503".to_owned() }
    }

    #[test]
    fn what_may_pass_is_tried_for_a_while_and_what_will_not_pass_is_not() {
        use Refusal::*;
        let patience = Duration::from_secs(60);
        for (refusal, before, seconds, is_over) in [
            (Passing, 1_000, 1_000_000, false),
            (Token, 1_000, 1_000_000, false),
            (Place, 0, 0, true),
            (Frozen, 0, 0, true),
            (Blocks, 0, 0, true),
            (Metadata, 0, 0, true),
            (Mistake, 0, 0, true),
            (Unclear, 0, 0, false),
            (Unclear, THEN_NEVER - 2, 60, false),
            (Unclear, THEN_NEVER - 1, 59, false),
            (Unclear, THEN_NEVER - 1, 60, true),
        ] {
            let over = refused(before).are_over(refusal, 1_000 + seconds, patience);
            assert_eq!(over, is_over, "{refusal:?} after {before} within {seconds} s");
        }
    }

    #[test]
    fn whatever_the_reason_a_channel_that_refuses_is_left_for_the_requester() {
        use Refusal::*;
        for (refusal, before) in [
            (Place, 0),
            (Frozen, 0),
            (Blocks, 0),
            (Metadata, 0),
            (Mistake, 0),
            (Unclear, THEN_DIRECTLY - 1),
            (Token, THEN_DIRECTLY - 1),
            (Passing, THEN_DIRECTLY_IF_PASSING - 1),
        ] {
            let error = code(refusal);
            assert_eq!(error.refusal(), Some(refusal));
            assert!(refused(before).are_enough_here(&error, 1_000), "{refusal:?}");
            assert!(before == 0 || !refused(before - 1).are_enough_here(&error, 1_000), "{refusal:?}");
        }
    }

    #[test]
    fn a_brief_limit_is_waited_out_in_order_and_a_long_one_keeps_nobody_waiting() {
        for (seconds, after, waits) in
            [(1, 0, true), (15, 100, true), (30, 299, true), (30, 300, false), (31, 0, false), (3_600, 0, false)]
        {
            let tries = Tries::default().and(&limited(seconds), 1_000);
            let error = limited(seconds);
            assert_eq!(tries.hold(&error, 1_000 + after), waits, "{seconds} s after {after} s");
            assert_eq!(tries.are_enough_here(&error, 1_000 + after), !waits, "{seconds} s after {after} s");
            assert_eq!(Tries::default().hold(&error, 1_000), seconds <= 30, "{seconds} s, met first");
        }
        let brief = (0..100).fold(Tries::default(), |tries, _| tries.and(&limited(1), 1_000));
        assert!(brief.times == 0 && brief.hold(&limited(1), 1_010), "many wait for their turn");
    }

    #[test]
    fn a_place_that_gives_no_answer_holds_others_up_for_some_tries_and_is_then_left() {
        let mut tries = Tries::default();
        for before in 0..8 {
            assert_eq!(tries.hold(&away(), 1_000), before < HOLDS, "{before}");
            assert_eq!(tries.are_enough_here(&away(), 1_000), before + 1 >= THEN_DIRECTLY_IF_PASSING, "{before}");
            tries = tries.and(&away(), 1_000);
        }
        assert_eq!((tries.times, tries.refused), (8, 0));
    }
}
