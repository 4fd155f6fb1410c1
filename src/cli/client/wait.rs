//! Waiting until a request is over: a line for each thing that comes about, across
//! restarts of the bot and whatever else is in the way for a while.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::exit::Exit;
use super::http::{Call, Http};
use super::id::Id;
use super::output::Output;
use super::persist::Patience;
use super::problem::Problem;
use super::state::State;
use super::times::now;
use super::words;

/// For so long the bot is asked to wait for a change: as long as it does.
const POLL: Duration = Duration::from_secs(30);
/// The bot is not asked more often than this while nothing changes, however it answers.
const POLL_LEAST: Duration = Duration::from_secs(1);

/// Waits until the request is over, or the patience.
pub(super) async fn until_over(http: &Http, id: &Id, patience: Patience, out: &mut Output) -> Result<Exit, Problem> {
    let patience = patience.having_met();
    let mut told = Told::default();
    let mut known: Option<State> = None;
    loop {
        let asked = Instant::now();
        let answer = http.persist(patience, out, |left| look(id, known.as_ref(), left)).await;
        let state = match answer {
            Ok(answer) => State::read(answer)?,
            Err(Problem::Unreachable(trouble)) => {
                out.note(&format!("The bot cannot be reached: {}.", trouble.why));
                return Ok(still_waiting(id, out));
            }
            Err(problem) => {
                out.note(&format!("Nothing was changed: the request {id} goes on without being watched."));
                return Err(problem);
            }
        };
        told.tell(&state, out)?;
        if let Some(exit) = Exit::of(&state.status) {
            return Ok(exit);
        }
        if patience.left().is_zero() {
            return Ok(still_waiting(id, out));
        }
        if known.as_ref().is_some_and(|known| !state.differs(known)) {
            sleep_until(asked + POLL_LEAST.min(patience.left())).await;
        }
        known = Some(state);
    }
}

/// The next look: at once while nothing is known, else when something changes.
fn look(id: &Id, known: Option<&State>, left: Duration) -> Call {
    let Some(known) = known else { return Call::get(id.path()) };
    // Whole seconds, the last one begun: who is asked for none does not wait.
    let wait = left.min(POLL).as_millis().div_ceil(1_000).max(1);
    let wait = u64::try_from(wait).map_or(POLL, Duration::from_secs);
    Call::get(format!("{}?wait={}s&{}", id.path(), wait.as_secs(), known.query())).waiting(wait)
}

fn still_waiting(id: &Id, out: &Output) -> Exit {
    out.note(&format!("The time is over. The request {id} goes on: provision-bot show {id}"));
    Exit::Waiting
}

/// What was printed last, so that nothing is printed twice in a row.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    document: Value,
}

impl Told {
    fn tell(&mut self, state: &State, out: &mut Output) -> Result<(), Problem> {
        if self.document == state.document {
            return Ok(());
        }
        out.document(&state.document)?;
        self.document = state.document.clone();
        let lines = words::standing(&state.document, now());
        for line in lines.iter().filter(|line| !self.lines.contains(line)) {
            out.line(line)?;
        }
        self.lines = lines;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bot_is_asked_to_wait_no_longer_than_it_does_nor_than_we_do() {
        let id: Id = "checkout-7f3a9c0011".parse().expect("an ID");
        let known = State::read(json!({ "status": "pre_flight", "round": 1 })).expect("a state");
        for (left, wait) in [(7_200_000, 30), (30_000, 30), (29_001, 30), (1_500, 2), (1, 1), (0, 1)] {
            let call = look(&id, Some(&known), Duration::from_millis(left));
            let asked = format!("wait={wait}s&round=1&status=pre_flight&step=0");
            assert!(format!("{call:?}").contains(&asked), "{left}: {call:?}");
            assert!(call.within > Duration::from_secs(wait), "{left}");
        }
        assert!(!format!("{:?}", look(&id, None, POLL)).contains("wait"));
    }
}
