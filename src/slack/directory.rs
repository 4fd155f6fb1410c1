//! Who somebody is, and who is in a user group.
//!
//! Slack allows about a hundred questions about people a minute and twenty about
//! groups, so that answers are remembered: for a minute where a request is judged
//! before anybody is asked, for a day where they are only shown (`names`), and not at
//! all where something is built on them.

mod names;
mod remembered;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use self::remembered::Remembered;
use super::web_api::{IN_AN_ACTIVITY, SlackApi, SlackError};
use crate::domain::client;
use crate::domain::people::{self, Groups, Person};
use crate::domain::policy::{self, Policy};
use crate::domain::request::ProvisionRequest;

/// How old an answer may be by which a request is judged before anybody is asked.
const LATELY: Duration = Duration::from_secs(60);
/// How old an answer may be that is shown, and judged again before it counts.
const SHOWN: Duration = Duration::from_secs(24 * 60 * 60);
/// Questions asked side by side.
const AT_ONCE: usize = 10;

/// How new an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Of the last minute: for what will be judged again.
    Lately,
    /// Of this moment: for what cannot be taken back.
    Afresh,
}

#[derive(Clone)]
pub struct Directory {
    api: SlackApi,
    people: Remembered<Person>,
    groups: Remembered<BTreeSet<String>>,
    /// Whoever asks Slack about a group, one at a time for each.
    asking: Arc<std::sync::Mutex<BTreeMap<String, Arc<Mutex<()>>>>>,
    /// The looking for names that goes on, one at a time (`names`).
    filling: Arc<Mutex<()>>,
}

impl Directory {
    /// The same, for an activity: nobody waits for an acknowledgement behind it.
    pub fn patient(&self) -> Self {
        Self { api: self.api.with_timeout(IN_AN_ACTIVITY), ..self.clone() }
    }

    pub fn new(api: SlackApi) -> Self {
        let (people, groups) = (Remembered::keeping(SHOWN), Remembered::keeping(Duration::MAX));
        Self { api, people, groups, asking: Arc::default(), filling: Arc::default() }
    }

    /// Where the messages of the workspace are read, with a slash behind, once Slack has
    /// said so.
    pub fn workspace(&self) -> Option<&str> {
        self.api.known_identity()?.url.as_deref()
    }

    pub async fn person(&self, id: &str, look: Look) -> Result<Person, SlackError> {
        match self.people.get(id, LATELY) {
            Some(person) if look == Look::Lately => Ok(person),
            _ => self.person_now(id).await,
        }
    }

    async fn person_now(&self, id: &str) -> Result<Person, SlackError> {
        let asked = Instant::now();
        let person = self.api.person(id).await?;
        self.people.put(id, asked, person.clone());
        Ok(person)
    }

    async fn members(&self, id: &str, look: Look) -> Result<BTreeSet<String>, SlackError> {
        match self.groups.get(id, LATELY) {
            Some(members) if look == Look::Lately => Ok(members),
            _ => self.members_now(id).await,
        }
    }

    /// The members of a group as of now or later: of those who ask at the same time one
    /// asks Slack for all who came before it did.
    async fn members_now(&self, id: &str) -> Result<BTreeSet<String>, SlackError> {
        let now = Instant::now();
        let asking = self
            .asking
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .entry(id.to_owned())
            .or_default()
            .clone();
        let _turn = asking.lock().await;
        if let Some(members) = self.groups.since(id, now) {
            return Ok(members);
        }
        let asked = Instant::now();
        let members = self.api.group_members(id).await?;
        self.groups.put(id, asked, members.clone());
        Ok(members)
    }

    async fn groups(&self, ids: BTreeSet<String>, look: Look) -> Result<Groups, SlackError> {
        stream::iter(ids)
            .map(|id| async move { self.members(&id, look).await.map(|members| (id, members)) })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// The members of these groups, if nobody needs to be asked.
    pub fn known_groups(&self, ids: &BTreeSet<String>) -> Option<Groups> {
        ids.iter().map(|id| Some((id.clone(), self.groups.get(id, LATELY)?))).collect()
    }

    /// The members of these groups to show something by: where Slack does not answer
    /// in time, as they were last known. A group that never was known is left out; the
    /// error says why.
    pub async fn shown_groups(&self, ids: BTreeSet<String>, by: Instant) -> (Groups, Option<SlackError>) {
        const METHOD: &str = "usergroups.users.list";
        let late = |_| Err(SlackError::Unavailable { method: METHOD, why: "no answer in time".to_owned() });
        let answers = stream::iter(ids).map(async |id| {
            let answer = timeout_at(by, self.members(&id, Look::Lately)).await.unwrap_or_else(late);
            (id, answer)
        });
        let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
        let (mut groups, mut why) = (Groups::new(), None);
        for (id, answer) in answers {
            let last = |error| self.groups.get(&id, Duration::MAX).ok_or(error);
            match answer.or_else(last) {
                Ok(members) => _ = groups.insert(id, members),
                Err(error) => {
                    tracing::warn!(slack.group = id, %error, "a user group could not be looked up");
                    why = Some(error);
                }
            }
        }
        (groups, why)
    }

    /// All there is to look up before a request is judged by `policy`. Of a client that
    /// asks, its owner is looked up.
    pub async fn about(
        &self,
        policy: &Policy,
        request: &ProvisionRequest,
        look: Look,
    ) -> Result<people::Directory, SlackError> {
        let groups = policy.team(&request.team_id).map(policy::Team::groups).unwrap_or_default();
        let requester = match client::id(&request.requester_id) {
            None => Some(request.requester_id.as_str()),
            Some(_) => policy.owner(&request.requester_id),
        };
        let authorizer = Some(request.authorizer_id.as_str()).filter(|id| client::id(id).is_none());
        let (requester, authorizer, groups) = tokio::try_join!(
            self.somebody(requester, look),
            self.somebody(authorizer, look),
            self.groups(groups, look)
        )?;
        Ok(people::Directory { requester, authorizer, groups })
    }

    async fn somebody(&self, id: Option<&str>, look: Look) -> Result<Option<Person>, SlackError> {
        match id {
            Some(id) => self.person(id, look).await.map(Some),
            None => Ok(None),
        }
    }
}
