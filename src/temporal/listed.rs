//! All requests of some teams, the newest first, as Temporal's index knows them: it is a
//! second or more behind.
//!
//! Not every server sorts. So the index is asked for one stretch of time after the other,
//! each longer than the one before, and what lies in it is sorted here.

use jiff::{SignedDuration, Timestamp};

use super::running::Running;
use super::{RequestError, Requests};
use crate::domain::lifecycle::Status;
use crate::workflow::{WORKFLOW_TYPE, search_attributes};

/// How far back is looked at first, and how much farther each time.
const FIRST: SignedDuration = SignedDuration::from_hours(6);
const FARTHER: i32 = 4;
/// Nothing is older: histories are not kept as long.
const OLDEST: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);
/// Two clocks of the server need not agree.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// A place in the list: what comes behind it is older.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When the request began, in nanoseconds of Unix time.
    pub start: u128,
    pub id: String,
}

/// Requests of some teams, stretch by stretch.
pub struct Stretches<'a> {
    requests: &'a Requests,
    filter: Filter,
    /// Behind which the next ones are.
    place: Option<Place>,
    /// The next stretch ends here, and is so long; `None`: there is none.
    next: Option<(Timestamp, SignedDuration)>,
    oldest: Timestamp,
}

struct Filter {
    teams: Vec<String>,
    status: Option<Status>,
}

impl Requests {
    /// Requests that may be of these teams and stand so, from behind `place` on: the index
    /// does not know of each.
    pub fn stretches(&self, teams: Vec<String>, status: Option<Status>, place: Option<Place>) -> Stretches<'_> {
        let now = now();
        let end = place.as_ref().and_then(|place| {
            let nanos = i128::try_from(place.start).ok()?;
            // The index keeps less than nanoseconds.
            Timestamp::from_nanosecond(nanos).ok()?.checked_add(SignedDuration::from_secs(1)).ok()
        });
        let end = end.or_else(|| now.checked_add(AHEAD).ok()).unwrap_or(now);
        let oldest = now.checked_sub(OLDEST).unwrap_or(Timestamp::MIN);
        Stretches { requests: self, filter: Filter { teams, status }, place, next: Some((end, FIRST)), oldest }
    }
}

impl Stretches<'_> {
    /// The requests of the next stretch, the newest first; `None`: there are no more.
    pub async fn next(&mut self) -> Result<Option<Vec<Place>>, RequestError> {
        let Some((end, long)) = self.next.take() else { return Ok(None) };
        let begin = end.checked_sub(long).unwrap_or(self.oldest).max(self.oldest);
        let stretch = format!("StartTime >= '{begin}' AND StartTime < '{end}'");
        let found = match self.requests.list(&self.filter.query(&stretch, true)).await {
            // The namespace has no such attributes.
            Err(RequestError::NotFound) => self.requests.list(&self.filter.query(&stretch, false)).await?,
            found => found?,
        };
        if begin > self.oldest {
            self.next = Some((begin, long * FARTHER));
        }
        let mut places: Vec<Place> = found.into_iter().map(|Running { id, start, .. }| Place { start, id }).collect();
        places.retain(|it| self.place.as_ref().is_none_or(|place| it < place));
        places.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Some(places))
    }
}

impl Filter {
    fn query(&self, stretch: &str, indexed: bool) -> String {
        let mut query = format!("WorkflowType = '{WORKFLOW_TYPE}' AND {stretch}");
        if indexed {
            let teams: Vec<_> = self.teams.iter().map(|team| format!("'{team}'")).collect();
            let team = search_attributes::TEAM;
            query += &format!(" AND ({team} IN ({}) OR {team} IS NULL)", teams.join(", "));
            if let Some(status) = self.status {
                let (name, word) = (search_attributes::STATUS, status.word());
                query += &format!(" AND ({name} = '{word}' OR {name} IS NULL)");
            }
        }
        query
    }
}

#[expect(clippy::disallowed_methods, reason = "a list begins at the moment it is asked for")]
fn now() -> Timestamp {
    Timestamp::now()
}
