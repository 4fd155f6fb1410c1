//! What people and programs do with what was built.

use std::time::Duration;

use futures::{StreamExt, stream};

use super::{Place, RequestError, Requests};
use crate::domain::lease::act::LeaseAct;
use crate::domain::lease::judge::{LeaseRefusal, LeaseVerdict};
use crate::domain::lease::state::LeaseStatus;
pub use crate::domain::lease::state::Resource;
use crate::domain::request::RequestId;

/// How soon is asked again what came of an act.
const ASK_AGAIN: Duration = Duration::from_millis(30);
/// Items of a page.
const PAGE: usize = 50;
/// So many are asked at once how they stand.
const AT_ONCE: usize = 16;
/// What of the time is kept to tell.
const ENOUGH: Duration = Duration::from_millis(300);

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseNotDone {
    Unknown,
    NoAnswer,
    Refused(LeaseRefusal),
}

/// What was built by the request of this ID.
///
/// # Errors
/// Why it is not known.
pub async fn resource(requests: &Requests, id: &RequestId) -> Result<Resource, LeaseNotDone> {
    Ok(requests.resource(id).await?)
}

/// A page of what was built.
pub struct Page {
    pub items: Vec<Resource>,
    /// Behind which the next page is; `None`: there is none.
    pub next: Option<Place>,
}

/// What was built for these teams, and is somebody's if `owner` says so, from behind that place
/// on. A page is as long as there is time for it.
///
/// # Errors
/// Why it is not known.
pub async fn list(
    requests: &Requests,
    teams: &[String],
    owner: Option<&str>,
    after: Option<Place>,
) -> Result<Page, LeaseNotDone> {
    let places = requests.leases().await?;
    let behind = places.into_iter().filter(|place| after.as_ref().is_none_or(|after| place < after));
    let read = stream::iter(behind).map(|place| async move {
        let Some(id) = RequestId::parse(&place.id) else { return (Err(LeaseNotDone::Unknown), place) };
        (resource(requests, &id).await, place)
    });
    let mut read = std::pin::pin!(read.buffered(AT_ONCE));
    let (mut items, mut last) = (Vec::new(), after.clone());
    while let Some((resource, place)) = read.next().await {
        let is_enough = items.len() == PAGE || requests.left() < ENOUGH;
        if is_enough && last != after {
            return Ok(Page { items, next: last });
        }
        last = Some(place);
        let resource = match resource {
            Ok(resource) => resource,
            // It ended meanwhile.
            Err(LeaseNotDone::Unknown) => continue,
            Err(why) => return Err(why),
        };
        if teams.contains(&resource.leased.team_id) && owner.is_none_or(|it| it == resource.state.owner) {
            items.push(resource);
        }
    }
    Ok(Page { items, next: None })
}

/// Does something with it; `true`: it counts, `false`: it is kept until a worker is back.
///
/// # Errors
/// Why nothing was changed.
pub async fn act(
    requests: &Requests,
    id: &RequestId,
    act: LeaseAct,
    once: Option<String>,
) -> Result<bool, LeaseNotDone> {
    let key = act.key.clone();
    match requests.act_on_lease(id, act, once.or_else(|| key.clone())).await {
        Ok(()) => {}
        Err(RequestError::Ended) => {
            let state = requests.lease_state(id).await?;
            let status = LeaseStatus::Removed;
            return Err(LeaseNotDone::Refused(LeaseRefusal::Past { status, since: state.since }));
        }
        Err(error) => return Err(error.into()),
    }
    let Some(key) = key else { return Ok(false) };
    loop {
        match requests.lease_verdict(id, &key).await {
            Ok(Some(LeaseVerdict::Accepted)) => return Ok(true),
            Ok(Some(LeaseVerdict::Refused(why))) => return Err(LeaseNotDone::Refused(why)),
            Ok(_) if requests.left() > ENOUGH => tokio::time::sleep(ASK_AGAIN).await,
            _ => return Ok(false),
        }
    }
}

impl From<RequestError> for LeaseNotDone {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NotFound | RequestError::Ended => Self::Unknown,
            RequestError::NoAnswer(_) => Self::NoAnswer,
        }
    }
}
