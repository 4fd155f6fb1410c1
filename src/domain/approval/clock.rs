//! The clock of an approval: it runs, or stands while nobody can decide.

use std::time::Duration;

use crate::domain::moment::Moment;

/// What is due, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock {
    /// The end of the time for a decision.
    pub(super) deadline: Option<Moment>,
    /// Those who were asked are reminded so long after that.
    pub(super) reminder: Option<Duration>,
    pub(super) remind_at: Option<Moment>,
    /// It stands.
    pub(super) stopped: Option<Stopped>,
    pub(super) is_late: bool,
}

/// A clock that stands, and what was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stopped {
    deadline: Option<Duration>,
    remind: Option<Duration>,
}

impl Clock {
    /// It stands; what is left is kept.
    pub(super) fn stop(&mut self, now: Moment) {
        let (deadline, remind_at) = (self.deadline.take(), self.remind_at.take());
        if self.stopped.is_none() {
            let left = |at: Option<Moment>| at.map(|at| at.since(now));
            self.stopped = Some(Stopped { deadline: left(deadline), remind: left(remind_at) });
        }
    }

    /// It goes on with what was left.
    pub(super) fn go_on(&mut self, now: Moment) {
        if let Some(Stopped { deadline, remind }) = self.stopped.take() {
            let at = |left: Option<Duration>| left.map(|left| now.after(left));
            (self.deadline, self.remind_at) = (at(deadline), at(remind));
        }
    }

    /// Those who are to decide were asked while it stands: they are reminded so much later.
    pub(super) fn remind_later(&mut self) {
        if let Some(stopped) = &mut self.stopped {
            stopped.remind = self.reminder.filter(|after| stopped.deadline.is_some_and(|left| *after < left));
        }
    }

    /// The end of the time for a decision, if it went on now.
    pub(super) fn open_until(&self, now: Moment) -> Option<Moment> {
        self.deadline.or_else(|| self.stopped.and_then(|stopped| stopped.deadline).map(|left| now.after(left)))
    }
}
