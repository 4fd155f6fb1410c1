//! The one judge of what people do with something that was built, whichever door they come
//! through.

use serde::{Deserialize, Serialize};

use super::act::{LeaseAccepted, LeaseAct, LeaseKind};
use super::state::LeaseStatus;
use super::terms::{Lifetime, Terms};
use super::{Lease, Stuck};
use crate::domain::moment::Moment;

/// Why an act changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "refused", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum LeaseRefusal {
    /// Others decide this.
    NotYours {
        act: LeaseKind,
        owner: String,
        signer: Option<String>,
    },
    /// It is meant for another round.
    OtherRound {
        round: u32,
    },
    /// It is past this: what it is now, and since when.
    Past {
        status: LeaseStatus,
        since: Moment,
    },
    /// It has no end that could be moved.
    NoEnd,
    /// Somebody is done with it: whoever wants more time keeps it first.
    KeepFirst {
        by: String,
    },
    /// There is nothing that it has to be kept from.
    NothingToKeep,
    /// Somebody is done with it already.
    Discarded {
        by: String,
        removed_at: Option<Moment>,
    },
    NothingToChoose,
    /// No term is so long.
    TooLong {
        most: u64,
    },
    /// Beyond what it may live in all, which ends then.
    Total {
        ends: Moment,
    },
    /// Not without others, which cannot be asked for yet.
    NeedsApproval {
        free: u32,
    },
    /// A value that is missing, or that this act does not have.
    Value {
        name: String,
    },
    /// It is theirs already.
    AlreadyTheirs,
    NotOffered {
        act: LeaseKind,
    },
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "why", rename_all = "snake_case")]
pub enum LeaseVerdict {
    Accepted,
    /// It waits for what it is judged by.
    Checking,
    Refused(LeaseRefusal),
}

impl Lease {
    /// Judges an act at this moment.
    pub fn judge(&self, act: &LeaseAct, terms: &Terms, now: Moment) -> Result<LeaseAccepted, LeaseRefusal> {
        self.may(act)?;
        let is_same = |done: &LeaseAct| {
            let values = |it: &LeaseAct| (it.act, it.by.clone(), it.seconds, it.to.clone());
            values(done) == values(act) && (done.round == act.round || act.round.is_none())
        };
        if act.round.is_some_and(|round| round != self.round) {
            if self.done.iter().any(is_same) {
                return Ok(LeaseAccepted::Again);
            }
            return Err(LeaseRefusal::OtherRound { round: self.round });
        }
        match act.act {
            LeaseKind::Extend => self.extended(act.seconds, terms, now),
            LeaseKind::Keep => self.kept(act, terms, now),
            LeaseKind::Remove => self.discarded(),
            LeaseKind::Give => match act.to.as_deref().map(str::trim).filter(|to| !to.is_empty()) {
                None => Err(LeaseRefusal::Value { name: "to".to_owned() }),
                Some(to) if to == self.owner => Err(LeaseRefusal::AlreadyTheirs),
                Some(_) if self.is_over() => Err(self.past()),
                Some(to) => Ok(LeaseAccepted::Given { to: to.to_owned() }),
            },
            LeaseKind::Retry | LeaseKind::GiveUp => match (&self.stuck, act.act) {
                (None, _) => Err(LeaseRefusal::NothingToChoose),
                (Some(Stuck { is_left: true, .. }), LeaseKind::GiveUp) => Err(LeaseRefusal::NothingToChoose),
                (Some(_), LeaseKind::Retry) => Ok(LeaseAccepted::Retried),
                (Some(_), _) => Ok(LeaseAccepted::LeftAlone),
            },
            act @ (LeaseKind::Take | LeaseKind::Approve | LeaseKind::Reject) => Err(LeaseRefusal::NotOffered { act }),
        }
    }

    /// Whether this person may do this, whenever it is.
    pub fn may(&self, act: &LeaseAct) -> Result<(), LeaseRefusal> {
        if self.may_be_done(act.act, &act.by) {
            return Ok(());
        }
        let signer = if is_of_both(act.act) { self.last_signer().map(str::to_owned) } else { None };
        Err(LeaseRefusal::NotYours { act: act.act, owner: self.owner.clone(), signer })
    }

    /// The same, for whoever shows what can be done.
    pub fn may_be_done(&self, act: LeaseKind, by: &str) -> bool {
        Self::may_do(act, by, &self.owner, self.last_signer())
    }

    /// The same of one of which only this is known.
    pub fn may_do(act: LeaseKind, by: &str, owner: &str, last_signer: Option<&str>) -> bool {
        by == owner || (is_of_both(act) && last_signer == Some(by))
    }

    fn extended(&self, seconds: Option<u64>, terms: &Terms, now: Moment) -> Result<LeaseAccepted, LeaseRefusal> {
        if let Some(by_hand) = &self.by_hand {
            return Err(LeaseRefusal::KeepFirst { by: by_hand.by.clone() });
        }
        if !matches!(self.status, LeaseStatus::Active | LeaseStatus::ReadOnly | LeaseStatus::Closed) {
            return Err(self.past());
        }
        let until = self.longer(seconds, terms, now)?;
        Ok(LeaseAccepted::Extended { until })
    }

    fn kept(&self, act: &LeaseAct, terms: &Terms, now: Moment) -> Result<LeaseAccepted, LeaseRefusal> {
        if self.by_hand.is_some() && self.status == LeaseStatus::Closed {
            return Ok(LeaseAccepted::Reopened);
        }
        match self.status {
            LeaseStatus::ReadOnly | LeaseStatus::Closed => {
                let until = self.longer(act.seconds, terms, now)?;
                Ok(LeaseAccepted::Extended { until })
            }
            LeaseStatus::Active if self.ends_at.is_some() => {
                let until = self.longer(act.seconds, terms, now)?;
                Ok(LeaseAccepted::Extended { until })
            }
            LeaseStatus::Active => Err(LeaseRefusal::NothingToKeep),
            _ => Err(self.past()),
        }
    }

    fn discarded(&self) -> Result<LeaseAccepted, LeaseRefusal> {
        if let Some(by_hand) = self.by_hand.as_ref().filter(|_| self.status == LeaseStatus::Closed) {
            return Err(LeaseRefusal::Discarded { by: by_hand.by.clone(), removed_at: self.next });
        }
        match self.status {
            LeaseStatus::Active | LeaseStatus::ReadOnly | LeaseStatus::Closed | LeaseStatus::Missing => {
                Ok(LeaseAccepted::Discarded)
            }
            _ => Err(self.past()),
        }
    }

    /// Its end, so much later.
    fn longer(&self, seconds: Option<u64>, terms: &Terms, now: Moment) -> Result<Moment, LeaseRefusal> {
        let Some(end) = self.ends_at else { return Err(LeaseRefusal::NoEnd) };
        let seconds = match (seconds, self.term) {
            (Some(seconds), _) | (None, Lifetime::For(seconds)) if seconds > 0 => seconds,
            _ => return Err(LeaseRefusal::Value { name: "seconds".to_owned() }),
        };
        if let Some(most) = terms.longest.filter(|most| seconds > *most) {
            return Err(LeaseRefusal::TooLong { most });
        }
        let until = end.max(now).after(std::time::Duration::from_secs(seconds));
        if let Some(total) = terms.total {
            let ends = self.approved_at.after(std::time::Duration::from_secs(total));
            if until > ends {
                return Err(LeaseRefusal::Total { ends });
            }
        }
        if self.extensions >= terms.free_extensions {
            return Err(LeaseRefusal::NeedsApproval { free: terms.free_extensions });
        }
        Ok(until)
    }

    fn is_over(&self) -> bool {
        matches!(self.status, LeaseStatus::Removing | LeaseStatus::Removed)
    }

    fn past(&self) -> LeaseRefusal {
        LeaseRefusal::Past { status: self.status, since: self.since }
    }
}

/// Does the last signer decide it as well as the owner?
fn is_of_both(act: LeaseKind) -> bool {
    matches!(act, LeaseKind::Keep | LeaseKind::Remove | LeaseKind::Retry | LeaseKind::GiveUp)
}
