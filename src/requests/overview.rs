//! What somebody may see of what was asked for and built: by name, by ID, and all of it.

use futures::{StreamExt, stream};

use super::lease::{LeaseNotDone, Resource, resource};
use super::{RequestError, Requests};
use crate::domain::lease::state::Leased;
use crate::domain::lifecycle::RequestState;
use crate::domain::people::{Groups, includes};
use crate::domain::policy::Policy;
use crate::domain::request::{ProvisionRequest, RequestId};

/// So many are asked at once how they stand.
const AT_ONCE: usize = 16;

/// Somebody who looks, and who is in which group.
pub struct Viewer<'a> {
    pub policy: &'a Policy,
    pub person: &'a str,
    pub groups: &'a Groups,
}

/// Something that was asked for.
#[derive(Clone, Debug)]
pub enum Thing {
    /// It is there.
    Built(Box<Resource>),
    /// It is still decided or made, or came to nothing.
    Asked(Box<(ProvisionRequest, RequestState)>),
}

impl Viewer<'_> {
    /// May this person see what belongs to a team?
    fn is_of(&self, team: &str) -> bool {
        self.policy.team(team).is_some_and(|team| {
            let decides = || !team.authorizers.is_empty() && includes(&team.authorizers, self.person, self.groups);
            includes(&team.members, self.person, self.groups) || decides()
        })
    }

    fn may_see_resource(&self, leased: &Leased, owner: &str) -> bool {
        let is_theirs = [owner, &leased.requester_id].contains(&self.person);
        is_theirs || leased.signers.iter().any(|id| id == self.person) || self.is_of(&leased.team_id)
    }

    fn may_see_request(&self, request: &ProvisionRequest) -> bool {
        [&request.requester_id, &request.authorizer_id].iter().any(|id| *id == self.person)
            || self.is_of(&request.team_id)
    }

    /// What has this ID, if they may see it.
    ///
    /// # Errors
    /// Why it is not known: the same for what is not theirs to see.
    pub async fn by_id(&self, requests: &Requests, id: &RequestId) -> Result<Thing, LeaseNotDone> {
        match resource(requests, id).await {
            Ok(it) if self.may_see_resource(&it.leased, &it.state.owner) => return Ok(Thing::Built(Box::new(it))),
            Ok(_) => return Err(LeaseNotDone::Unknown),
            Err(LeaseNotDone::Unknown) => {}
            Err(why) => return Err(why),
        }
        let request = requests.get(id).await?;
        if !self.may_see_request(&request) {
            return Err(LeaseNotDone::Unknown);
        }
        let state = requests.state(id).await?;
        Ok(Thing::Asked(Box::new((request, state))))
    }

    /// The IDs of what is called so and goes on, as far as they may see it.
    ///
    /// # Errors
    /// Why it is not known.
    pub async fn by_name(&self, requests: &Requests, name: &str) -> Result<Vec<RequestId>, LeaseNotDone> {
        let all = self.ids(requests).await?;
        let called = |id: &RequestId| id.as_str().rsplit_once('-').is_some_and(|(of, _)| of == name);
        let found = stream::iter(all.into_iter().filter(called))
            .map(|id| async move { self.by_id(requests, &id).await.map(|_| id) });
        let found: Vec<_> = found.buffered(AT_ONCE).collect().await;
        Ok(found.into_iter().flatten().collect())
    }

    /// All that goes on and that they may see, for this team if one is named.
    ///
    /// # Errors
    /// Why it is not known.
    pub async fn all(&self, requests: &Requests, team: Option<&str>) -> Result<Vec<Thing>, LeaseNotDone> {
        let ids = self.ids(requests).await?;
        let seen = stream::iter(ids).map(|id| async move { self.by_id(requests, &id).await });
        let seen: Vec<_> = seen.buffered(AT_ONCE).collect().await;
        let things = seen.into_iter().flatten();
        Ok(things.filter(|thing| team.is_none_or(|team| thing.team() == team)).collect())
    }

    /// What goes on, whosever it is: as Temporal's index knows, a second or more behind.
    async fn ids(&self, requests: &Requests) -> Result<Vec<RequestId>, RequestError> {
        let (built, asked) = futures::try_join!(requests.leases(), requests.going_on())?;
        let built = built.iter().filter_map(|place| RequestId::parse(&place.id));
        let mut ids: Vec<_> = built.chain(asked).collect();
        ids.sort();
        ids.dedup();
        Ok(ids)
    }
}

impl Thing {
    /// The ID of its request.
    pub fn id(&self) -> &str {
        match self {
            Self::Built(it) => &it.state.request_id,
            Self::Asked(it) => &it.1.request_id,
        }
    }

    fn team(&self) -> &str {
        match self {
            Self::Built(it) => &it.leased.team_id,
            Self::Asked(it) => &it.0.team_id,
        }
    }

    /// When it ends; what has no end comes last.
    pub fn ends(&self) -> i64 {
        match self {
            Self::Built(it) => it.state.next_step_at.or(it.state.ends_at).map_or(i64::MAX, |at| at.0),
            Self::Asked(it) => it.1.deadline.map_or(i64::MAX - 1, |at| at.0),
        }
    }
}
