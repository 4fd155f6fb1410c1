//! How many requests a person has open, and whether one more may begin
//! (`[authorization] open_max`). Nothing here is asked where there is no such limit.
//!
//! Temporal's index is a second or more behind the truth, so what this process let begin
//! lately is counted beside it, one of a person at a time; and where that reaches the
//! limit the server itself is asked of each, since what has ended counts no longer. Of
//! several that were begun at the same moment by several processes, or past the bot, those
//! that began first count: each looks, in its own pre-flight checks, at those before it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use crate::domain::request::RequestId;
use crate::temporal::{Execution, RequestError, Requests, Running};

/// For so long what was let begin is counted, whether the index knows it or not.
const LATELY: Duration = Duration::from_secs(60);
/// Who lets several begin within this time may do so elsewhere, too, and waits for the
/// index…
const AT_ONCE: Duration = Duration::from_secs(5);
/// …this long, looking so often.
const INDEXED_WITHIN: Duration = Duration::from_millis(1_500);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// For so long after it was found that there is no room, nobody looks again.
const FULL: Duration = Duration::from_millis(500);
/// Questions asked side by side.
const SIDE_BY_SIDE: usize = 10;
/// Requests whose makers are remembered, where no search attribute tells them.
const REMEMBERED: usize = 10_000;

/// The open requests of people.
#[derive(Clone, Default)]
pub struct Open {
    requests: Requests,
    people: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Lately>>>>>,
    makers: Arc<Mutex<HashMap<String, String>>>,
}

/// What this process knows of a person.
#[derive(Default)]
struct Lately {
    /// What it let begin, and when.
    begun: BTreeMap<String, Instant>,
    full_since: Option<Instant>,
}

impl Lately {
    fn forget_what_is_old(&mut self) {
        self.begun.retain(|_, at| at.elapsed() < LATELY);
        self.full_since = self.full_since.filter(|since| since.elapsed() < FULL);
    }
}

impl Open {
    pub fn new(requests: Requests) -> Self {
        Self { requests, ..Self::default() }
    }

    /// The same, for somebody who waits until then and no longer.
    pub fn until(&self, deadline: Instant) -> Self {
        Self { requests: self.requests.until(deadline), ..self.clone() }
    }

    /// Whether `person` may begin one more request, before it is begun. If so, it counts
    /// from now on. Asked again for the same one, the answer is the same.
    pub async fn may_begin(&self, person: &str, id: &RequestId, most: u32) -> Result<bool, RequestError> {
        let lately = self.of(person);
        let mut lately = lately.lock().await;
        lately.forget_what_is_old();
        if lately.begun.contains_key(id.as_str()) {
            return Ok(true);
        }
        if lately.full_since.is_some() {
            return Ok(false);
        }
        let mut others: Vec<String> = self.running(person).await?.into_iter().map(|it| it.id).collect();
        others.extend(lately.begun.keys().cloned());
        let may = self.has_room(others, id, most).await?;
        if may {
            lately.begun.insert(id.to_string(), Instant::now());
        } else {
            lately.full_since = Some(Instant::now());
        }
        Ok(may)
    }

    /// Whether a request that has begun is among the first of its person; for its
    /// pre-flight checks, since others may begin it than the form.
    pub async fn may_go_on(&self, person: &str, id: &RequestId, most: u32) -> Result<bool, RequestError> {
        let lately = self.of(person);
        let in_a_hurry = {
            let mut lately = lately.lock().await;
            lately.forget_what_is_old();
            if lately.begun.contains_key(id.as_str()) {
                return Ok(true);
            }
            lately.begun.values().any(|at| at.elapsed() < AT_ONCE)
        };
        let start = self.requests.began(id).await?;
        let until = Instant::now() + if in_a_hurry { INDEXED_WITHIN } else { Duration::ZERO };
        let mut running = self.running(person).await?;
        while Instant::now() < until && running.iter().all(|it| it.id != id.as_str()) {
            tokio::time::sleep(LOOK_AGAIN).await;
            running = self.running(person).await?;
        }
        let mut lately = lately.lock().await;
        let before = |it: &Running| (it.start, it.id.as_str()) < (start, id.as_str());
        let mut others: Vec<String> = running.into_iter().filter(before).map(|it| it.id).collect();
        others.extend(lately.begun.keys().cloned());
        let may = self.has_room(others, id, most).await?;
        if may {
            lately.begun.insert(id.to_string(), Instant::now());
        }
        Ok(may)
    }

    /// Whether fewer than `most` of these, this one not counted, are open.
    async fn has_room(&self, mut others: Vec<String>, id: &RequestId, most: u32) -> Result<bool, RequestError> {
        others.sort();
        others.dedup();
        others.retain(|other| other != id.as_str());
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(others.len() < most || self.still_open(others, most).await? < most)
    }

    fn of(&self, person: &str) -> Arc<tokio::sync::Mutex<Lately>> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever nobody looks at now, and has begun nothing lately, is forgotten.
        people.retain(|_, lately| {
            let idle = |lately: &mut Lately| {
                lately.forget_what_is_old();
                lately.begun.is_empty()
            };
            Arc::strong_count(lately) > 1 || !lately.try_lock().is_ok_and(|mut lately| idle(&mut lately))
        });
        people.entry(person.to_owned()).or_default().clone()
    }

    /// How many of these go on, as the server itself knows; it is not counted further
    /// than `enough`.
    async fn still_open(&self, ids: Vec<String>, enough: usize) -> Result<usize, RequestError> {
        let ask = |id: String| async move {
            match self.requests.execution(&RequestId::of_workflow(&id)).await {
                Ok(execution) => Ok(usize::from(execution == Execution::Open)),
                // Not begun after all.
                Err(RequestError::NotFound | RequestError::Ended) => Ok(0),
                Err(error) => Err(error),
            }
        };
        let mut answers = stream::iter(ids).map(ask).buffer_unordered(SIDE_BY_SIDE);
        let mut open = 0;
        while open < enough
            && let Some(answer) = answers.next().await
        {
            open += answer?;
        }
        Ok(open)
    }

    /// The requests of a person that go on, as far as Temporal's index knows.
    async fn running(&self, person: &str) -> Result<Vec<Running>, RequestError> {
        let listed = self.requests.running(person).await?;
        let whose = |it: Running| async move {
            let maker = match &it.requester {
                Some(requester) => Some(requester.clone()),
                None => self.maker(&it.id).await?,
            };
            Ok::<_, RequestError>(Some(it).filter(|_| maker.as_deref() == Some(person)))
        };
        let mine = stream::iter(listed).map(whose).buffer_unordered(SIDE_BY_SIDE);
        mine.try_filter_map(|it| async { Ok(it) }).try_collect().await
    }

    /// Who made a request, where no search attribute tells: before its checks, and where
    /// the namespace has none. `None`: nobody whom it can be counted for.
    async fn maker(&self, id: &str) -> Result<Option<String>, RequestError> {
        let known = self.makers.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let request = match self.requests.get(&RequestId::of_workflow(id)).await {
            Ok(request) => request,
            Err(RequestError::NotFound | RequestError::Ended) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut makers = self.makers.lock().unwrap_or_else(PoisonError::into_inner);
        if makers.len() >= REMEMBERED {
            makers.clear();
        }
        makers.insert(id.to_owned(), request.requester_id.clone());
        Ok(Some(request.requester_id))
    }
}
