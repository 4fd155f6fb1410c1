//! Listing the requests of some teams, the newest first, a page at a time.

use std::sync::atomic::AtomicBool;

use futures::{StreamExt, TryStreamExt, stream};

use super::show::{Shown, row};
use crate::domain::lifecycle::Status;
use crate::domain::request::RequestId;
use crate::temporal::{Place, RequestError, Requests};

/// Rows of a page.
pub const PAGE: usize = 50;
/// Requests that are read side by side.
const AT_ONCE: usize = 10;

/// A page of requests.
#[derive(Clone, Debug)]
pub struct Page {
    pub rows: Vec<Shown>,
    /// Where the next page begins; `None`: this was the last one.
    pub next: Option<Place>,
}

/// The requests of these teams that stand so, from behind `place` on.
///
/// # Errors
/// Where Temporal does not answer. What no worker tells is listed as people were told last.
pub async fn list(
    requests: &Requests,
    teams: Vec<String>,
    status: Option<Status>,
    place: Option<Place>,
) -> Result<Page, RequestError> {
    let mut rows: Vec<Shown> = Vec::new();
    if teams.is_empty() {
        return Ok(Page { rows, next: None });
    }
    let asks = AtomicBool::new(true);
    let mut stretches = requests.stretches(teams.clone(), status, place);
    while let Some(places) = stretches.next().await? {
        let read = places.into_iter().map(|place| {
            let (teams, asks) = (&teams, &asks);
            async move { read(requests, &place, teams, status, asks).await.map(|row| (place, row)) }
        });
        let mut read = stream::iter(read).buffered(AT_ONCE);
        while let Some((place, row)) = read.try_next().await? {
            let Some(row) = row else { continue };
            rows.push(row);
            if rows.len() == PAGE {
                return Ok(Page { rows, next: Some(place) });
            }
        }
    }
    Ok(Page { rows, next: None })
}

/// A request, if it is of these teams and stands so.
async fn read(
    requests: &Requests,
    place: &Place,
    teams: &[String],
    status: Option<Status>,
    asks: &AtomicBool,
) -> Result<Option<Shown>, RequestError> {
    let id = RequestId::of_workflow(&place.id);
    let seen = match requests.seen(&id).await {
        Ok(seen) if teams.contains(&seen.request.team_id) => seen,
        // Of another team, or no request at all, whatever its type is called.
        Ok(_) | Err(RequestError::NotFound | RequestError::Ended) => return Ok(None),
        Err(error) => return Err(error),
    };
    let shown = row(requests, &id, seen, asks).await;
    Ok(Some(shown).filter(|shown| status.is_none_or(|status| status == shown.state.status)))
}
