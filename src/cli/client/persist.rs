//! [`Patience`]: how long a call is tried that finds no bot, and with which pauses.
//!
//! Every call may be made again: a request is known by its key, an act by its round.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout};

use super::http::{Call, Http};
use super::output::Output;
use super::problem::{Problem, Trouble};

/// For so long the bot may be away where nobody said how long to wait.
const AWAY_MAX: Duration = Duration::from_secs(10);
/// Between two tries, unless the bot says how long; doubled each time…
const PAUSE_FIRST: Duration = Duration::from_millis(250);
/// …up to this.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// The longest pause that the bot may ask for.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// For so long an answer is waited for that was asked for at the last moment.
const GRACE: Duration = Duration::from_secs(2);

/// How long a call is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    until: Instant,
    /// Whether somebody waits, who should know what for.
    tells: bool,
    /// Whether the bot has answered before: what is in its place now will go.
    has_met: bool,
}

impl Patience {
    /// Of a command that does one thing.
    pub(super) fn short() -> Self {
        Self { until: Instant::now() + AWAY_MAX, tells: false, has_met: false }
    }

    /// Of one that is told to wait.
    pub(super) fn until(until: Instant) -> Self {
        Self { until, tells: true, has_met: false }
    }

    pub(super) fn having_met(self) -> Self {
        Self { has_met: true, ..self }
    }

    /// How much is left of it.
    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    fn excuses(&self, problem: Problem) -> Result<Trouble, Problem> {
        match problem {
            Problem::Unreachable(trouble) => Ok(trouble),
            Problem::NotTheBot(why) if self.has_met => Ok(Trouble { why, retry_after: None }),
            problem => Err(problem),
        }
    }
}

impl Http {
    /// Makes a call until it is answered, at least once. `call` is told how much time is
    /// left. What ends it is the answer, a refusal, or the last trouble.
    pub(super) async fn persist(
        &self,
        patience: Patience,
        out: &Output,
        call: impl Fn(Duration) -> Call,
    ) -> Result<Value, Problem> {
        let mut pause = PAUSE_FIRST;
        let mut is_told = false;
        loop {
            let left = patience.left();
            let tried = timeout(left + GRACE, self.once(&call(left))).await;
            let problem = match tried {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(problem)) => problem,
                Err(_) => Problem::unreachable("it gives no answer"),
            };
            let trouble = patience.excuses(problem)?;
            if patience.tells && !is_told {
                out.note(&format!("The bot cannot be reached: {}. It is tried again.", trouble.why));
                is_told = true;
            }
            let next = Instant::now() + trouble.retry_after.map_or(pause, |after| after.clamp(PAUSE_FIRST, DAY));
            sleep_until(next.min(patience.until)).await;
            if next >= patience.until {
                return Err(Problem::Unreachable(trouble));
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}
