//! What comes of an act that counts.

use super::act::{LeaseAccepted, LeaseAct};
use super::notice::LeaseNotice;
use super::state::LeaseStatus;
use super::terms::Terms;
use super::{ByHand, DONE_MAX, Lease};
use crate::domain::moment::Moment;

impl Lease {
    /// What somebody did counts, and is done.
    pub fn does(&mut self, act: &LeaseAct, accepted: &LeaseAccepted, terms: &Terms, now: Moment) {
        if *accepted == LeaseAccepted::Again {
            return;
        }
        if self.done.len() == DONE_MAX {
            self.done.pop_front();
        }
        self.done.push_back(LeaseAct { round: Some(self.round), ..act.clone() });
        self.round += 1;
        let by = act.by.clone();
        match accepted {
            LeaseAccepted::Again => {}
            LeaseAccepted::Extended { until } => {
                (self.ends_at, self.by_hand) = (Some(*until), None);
                self.extensions += 1;
                self.becomes(LeaseStatus::Active, now);
                self.count_warnings(terms, now);
                self.untold.push_back(LeaseNotice::Kept { by, until: Some(*until) });
            }
            LeaseAccepted::Reopened => {
                let Some(before) = self.by_hand.take() else { return };
                self.becomes(before.was, now);
                self.next = before.next;
                self.untold.push_back(LeaseNotice::Kept { by, until: self.ends_at });
            }
            LeaseAccepted::Discarded if self.status == LeaseStatus::Missing || terms.undo == 0 => {
                self.becomes(LeaseStatus::Removing, now);
                self.untold.push_back(LeaseNotice::Removing { by: Some(by) });
            }
            LeaseAccepted::Discarded => {
                self.by_hand = Some(ByHand { by, was: self.status, next: self.next });
                let was_closed = self.status == LeaseStatus::Closed;
                self.becomes(LeaseStatus::Closed, now);
                if was_closed {
                    // It has that level already.
                    self.taken(self.level, terms, now);
                }
            }
            LeaseAccepted::Given { to } => {
                self.owner.clone_from(to);
                self.untold.push_back(LeaseNotice::Given { by, to: to.clone() });
            }
            LeaseAccepted::Retried => {
                let Some(stuck) = self.stuck.take() else { return };
                self.failure = None;
                self.becomes(stuck.was, now);
                // What nobody could be told is told now.
                match self.status {
                    LeaseStatus::Active => self.count_warnings(terms, now),
                    _ if self.wanted().is_none() => self.taken(self.level, terms, now),
                    _ => {}
                }
            }
            LeaseAccepted::LeftAlone => {
                let (Some(stuck), Some(failure)) = (&mut self.stuck, &self.failure) else { return };
                stuck.is_left = true;
                self.untold.push_back(LeaseNotice::LeftAlone { by, failure: failure.clone() });
            }
        }
    }
}
