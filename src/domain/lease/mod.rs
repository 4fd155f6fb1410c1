//! The life of what was built: a machine that is told what happens and when, and says what is
//! to be done. Pure: whoever carries it keeps the time, tells the people and calls the
//! provisioner.
//!
//! ```text
//! active ──── its end ────► read_only ──► closed ──► removing ──► removed
//!    └─ somebody is done with it ─────────► closed
//! ```
//!
//! - [`terms`]: how long, and what happens at the end. [`state`]: what programs read.
//! - [`rules`]: the part of the policy that counts.
//! - [`act`]: what people do with it. [`judge`]: whether that counts. `doing`: what comes of it.
//! - [`notice`]: what people are told.
//!
//! Its level follows its status: whoever carries it brings the one in line with the other
//! ([`Lease::wanted`]), however often they change meanwhile.

pub mod act;
mod doing;
pub mod judge;
pub mod notice;
pub mod rules;
pub mod state;
pub mod terms;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::act::LeaseAct;
use self::notice::LeaseNotice;
use self::state::{LeaseStatus, Leased, Pending};
use self::terms::{Lifetime, Terms};
use super::lifecycle::Failure;
use super::moment::Moment;

/// Acts that counted and are remembered, so that one that comes again is known.
const DONE_MAX: usize = 20;

/// What may be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Everything.
    Open,
    /// Reading.
    ReadOnly,
    /// Nothing.
    Closed,
}

/// How something that was built stands. Survives whatever carries it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Grows with each accepted act, and each change of status.
    pub round: u32,
    pub status: LeaseStatus,
    /// Since when it stands so.
    pub since: Moment,
    pub owner: String,
    signers: Vec<String>,
    approved_at: Moment,
    /// For how long it was approved.
    term: Lifetime,
    pub ends_at: Option<Moment>,
    pub extensions: u32,
    pub pending: Option<Pending>,
    pub failure: Option<Failure>,
    /// What its provisioner was told last.
    level: Level,
    by_hand: Option<ByHand>,
    stuck: Option<Stuck>,
    /// When the next change of level is due; `None` until the last one was told.
    next: Option<Moment>,
    /// Warnings that are still to be given, in seconds before the end, the longest first.
    warnings: Vec<u64>,
    /// The warning that was given last: when it was told, and how long before the end it was due.
    warned: Option<(Moment, u64)>,
    /// A warning is on its way.
    is_warning: bool,
    /// What people are still to be told.
    untold: VecDeque<LeaseNotice>,
    done: VecDeque<LeaseAct>,
}

/// Somebody is done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ByHand {
    by: String,
    /// Where it stood before, and when its level would have changed.
    was: LeaseStatus,
    next: Option<Moment>,
}

/// Something does not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stuck {
    /// What it was to be.
    was: LeaseStatus,
    /// Somebody chose to leave it so.
    is_left: bool,
}

impl Lease {
    /// Of something that was just built.
    pub fn new(leased: &Leased, terms: &Terms, now: Moment) -> Self {
        let approved_at = leased.approved_at.unwrap_or(now);
        let asked = leased.lifetime_seconds.unwrap_or(terms.lifetime);
        let term = if terms.ends { asked } else { Lifetime::Never };
        let ends_at = match term {
            Lifetime::Never => None,
            Lifetime::For(seconds) => Some(approved_at.after(Duration::from_secs(seconds))),
        };
        let mut lease = Self {
            round: 1,
            status: LeaseStatus::Active,
            since: now,
            owner: leased.owner.clone(),
            signers: leased.signers.clone(),
            approved_at,
            term,
            ends_at,
            extensions: 0,
            pending: None,
            failure: None,
            level: Level::Open,
            by_hand: None,
            stuck: None,
            next: None,
            warnings: Vec::new(),
            warned: None,
            is_warning: false,
            untold: VecDeque::new(),
            done: VecDeque::new(),
        };
        lease.count_warnings(terms, now);
        lease
    }

    /// Who approved it last.
    pub fn last_signer(&self) -> Option<&str> {
        self.signers.last().map(String::as_str)
    }

    /// The level it is to have, where that is another than it has.
    pub fn wanted(&self) -> Option<Level> {
        let wanted = match self.status {
            LeaseStatus::Active => Level::Open,
            LeaseStatus::ReadOnly => Level::ReadOnly,
            LeaseStatus::Closed => Level::Closed,
            _ => return None,
        };
        (wanted != self.level).then_some(wanted)
    }

    /// Is it to be removed now?
    pub fn is_to_go(&self) -> bool {
        self.status == LeaseStatus::Removing
    }

    /// What people are to be told next.
    pub fn tell(&mut self) -> Option<LeaseNotice> {
        self.untold.pop_front()
    }

    /// Is there something to tell?
    pub fn is_untold(&self) -> bool {
        !self.untold.is_empty()
    }

    /// When the next change of level is due, as far as that is known.
    pub fn next_step_at(&self) -> Option<Moment> {
        match self.status {
            LeaseStatus::Active => self.ends_at,
            LeaseStatus::ReadOnly | LeaseStatus::Closed => self.next,
            _ => None,
        }
    }

    /// When something will be due; `None`: never, unless something happens.
    pub fn next_deadline(&self) -> Option<Moment> {
        match self.status {
            LeaseStatus::Active if self.is_warning => None,
            LeaseStatus::Active => match self.warnings.first() {
                Some(before) => Some(before_end(self.ends_at?, *before)),
                None => self.end_due(),
            },
            LeaseStatus::ReadOnly | LeaseStatus::Closed => self.next,
            _ => None,
        }
    }

    /// It may have become time for something. `levels`: can its provisioner change them?
    pub fn time(&mut self, terms: &Terms, levels: bool, now: Moment) {
        if self.next_deadline().is_none_or(|due| due > now) {
            return;
        }
        if self.status == LeaseStatus::Active && !self.warnings.is_empty() {
            return self.warn(terms, levels, now);
        }
        self.step(terms, levels, now);
    }

    /// What is missed is not said several times: the last that is due.
    fn warn(&mut self, terms: &Terms, levels: bool, now: Moment) {
        let Some(end) = self.ends_at else { return };
        let due = self.warnings.iter().take_while(|before| before_end(end, **before) <= now).count();
        let Some(before) = self.warnings.drain(..due).next_back() else { return };
        self.is_warning = true;
        let (becomes, from) = (after(LeaseStatus::Active, terms, levels), end.max(now));
        self.untold.push_back(LeaseNotice::Ends {
            at: end,
            before,
            becomes,
            removed_from: removed(from, becomes, terms),
        });
    }

    /// When its time is over: not before the last warning was given, as long before as it says.
    fn end_due(&self) -> Option<Moment> {
        let end = self.ends_at?;
        let (told, before) = self.warned?;
        Some(end.max(told.after(Duration::from_secs(before))))
    }

    /// The next level, or the end of it.
    fn step(&mut self, terms: &Terms, levels: bool, now: Moment) {
        let by = self.by_hand.take().map(|it| it.by);
        let next = if by.is_some() { LeaseStatus::Removing } else { after(self.status, terms, levels) };
        self.becomes(next, now);
        if next == LeaseStatus::Removing {
            self.untold.push_back(LeaseNotice::Removing { by });
        }
    }

    fn becomes(&mut self, status: LeaseStatus, now: Moment) {
        if self.status != status {
            (self.status, self.since) = (status, now);
            self.round += 1;
        }
        self.next = None;
    }

    /// Its provisioner took this level. `levels`: can it change them? Otherwise that is only said.
    pub fn taken(&mut self, level: Level, terms: &Terms, now: Moment) {
        self.level = level;
        // What was brought back goes on as it did.
        if self.wanted().is_some() || self.next.is_some() {
            return;
        }
        let notice = match (self.status, &self.by_hand) {
            (LeaseStatus::Closed, Some(by_hand)) => {
                let removed_at = now.after(Duration::from_secs(terms.undo));
                LeaseNotice::Discarded { by: by_hand.by.clone(), removed_at }
            }
            (LeaseStatus::Closed, None) => {
                LeaseNotice::Closed { removed_from: removed(now, LeaseStatus::Closed, terms) }
            }
            (LeaseStatus::ReadOnly, _) => {
                let closed_at = (terms.closed > 0).then(|| now.after(Duration::from_secs(terms.read_only)));
                LeaseNotice::ReadOnly { closed_at, removed_from: removed(now, LeaseStatus::ReadOnly, terms) }
            }
            // Whoever keeps it is told so at once.
            _ => return,
        };
        self.untold.push_back(notice);
    }

    /// People were told this.
    pub fn told(&mut self, notice: &LeaseNotice, terms: &Terms, now: Moment) {
        let lasts = |seconds| Some(now.after(Duration::from_secs(seconds)));
        match notice {
            LeaseNotice::Ends { before, at, .. } if self.is_warning && self.ends_at == Some(*at) => {
                (self.is_warning, self.warned) = (false, Some((now, *before)));
            }
            // A level lasts its whole time from the moment it was told.
            LeaseNotice::ReadOnly { .. } if self.status == LeaseStatus::ReadOnly => self.next = lasts(terms.read_only),
            LeaseNotice::Closed { .. } if self.status == LeaseStatus::Closed && self.by_hand.is_none() => {
                self.next = lasts(terms.closed);
            }
            LeaseNotice::Discarded { .. } if self.status == LeaseStatus::Closed && self.by_hand.is_some() => {
                self.next = lasts(terms.undo);
            }
            _ => {}
        }
    }

    /// Its level cannot be changed, or it cannot be removed: no further step is taken.
    pub fn fails(&mut self, failure: Failure, now: Moment) {
        self.stuck = Some(Stuck { was: self.status, is_left: false });
        self.failure = Some(failure.clone());
        self.becomes(LeaseStatus::NeedsAttention, now);
        self.untold.push_back(LeaseNotice::Stuck { failure });
    }

    /// Removing it takes so much longer.
    pub fn goes_on(&mut self, left: String) {
        self.untold.push_back(LeaseNotice::StillRemoving { left });
    }

    /// It is gone, and somebody looked twice.
    pub fn is_gone(&mut self, now: Moment) {
        self.failure = None;
        self.becomes(LeaseStatus::Removed, now);
        self.untold.push_back(LeaseNotice::Removed);
    }

    /// The warnings of its end, from now on.
    pub(super) fn count_warnings(&mut self, terms: &Terms, now: Moment) {
        (self.is_warning, self.warned) = (false, None);
        let Some(end) = self.ends_at else { return };
        self.warnings = terms.warnings(end.since(now));
        if self.warnings.is_empty() {
            // Nothing is taken away without a word before; what is late, not at once after it.
            let shortest = terms.warn.last().copied().filter(|_| end <= now);
            self.warnings.push(shortest.unwrap_or(0));
        }
    }
}

/// What follows upon this when its time is over.
fn after(status: LeaseStatus, terms: &Terms, levels: bool) -> LeaseStatus {
    let closed = if levels && terms.closed > 0 { LeaseStatus::Closed } else { LeaseStatus::Removing };
    match status {
        LeaseStatus::Active if levels && terms.read_only > 0 => LeaseStatus::ReadOnly,
        LeaseStatus::Active | LeaseStatus::ReadOnly => closed,
        _ => LeaseStatus::Removing,
    }
}

/// From when on it may be removed that becomes this at that moment.
fn removed(from: Moment, status: LeaseStatus, terms: &Terms) -> Moment {
    let seconds = match status {
        LeaseStatus::ReadOnly => terms.read_only.saturating_add(terms.closed),
        LeaseStatus::Closed => terms.closed,
        _ => 0,
    };
    from.after(Duration::from_secs(seconds))
}

fn before_end(end: Moment, before: u64) -> Moment {
    Moment(end.0.saturating_sub(i64::try_from(before).unwrap_or(i64::MAX)))
}
