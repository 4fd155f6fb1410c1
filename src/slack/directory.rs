//! Who somebody is, and who is in a user group, remembered for a minute: Slack
//! allows twenty questions about groups a minute, and every form asks some.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use super::api::{SlackApi, SlackError};
use crate::domain::policy::{self, Groups, Person};

/// How old an answer may be.
const FRESH: Duration = Duration::from_secs(60);
/// Questions asked side by side.
const AT_ONCE: usize = 10;

#[derive(Clone)]
pub struct Directory {
    api: SlackApi,
    people: Remembered<Person>,
    groups: Remembered<BTreeSet<String>>,
}

impl Directory {
    pub fn new(api: SlackApi) -> Self {
        Self { api, people: Remembered::default(), groups: Remembered::default() }
    }

    pub async fn person(&self, id: &str) -> Result<Person, SlackError> {
        if let Some(person) = self.people.get(id) {
            return Ok(person);
        }
        self.person_now(id).await
    }

    /// A person as they are at this moment, for a decision that cannot be taken back.
    pub async fn person_now(&self, id: &str) -> Result<Person, SlackError> {
        let person = self.api.person(id).await?;
        self.people.put(id, person.clone());
        Ok(person)
    }

    /// The members of these groups.
    pub async fn groups(&self, ids: BTreeSet<String>) -> Result<Groups, SlackError> {
        stream::iter(ids)
            .map(|id| async move {
                let members = match self.groups.get(&id) {
                    Some(members) => members,
                    None => {
                        let members = self.api.group_members(&id).await?;
                        self.groups.put(&id, members.clone());
                        members
                    }
                };
                Ok((id, members))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// The members of these groups, if nobody needs to be asked.
    pub fn known_groups(&self, ids: &BTreeSet<String>) -> Option<Groups> {
        ids.iter().map(|id| Some((id.clone(), self.groups.get(id)?))).collect()
    }

    /// All there is to look up before a request for `team` is judged, the authorizer
    /// as they are at this moment.
    pub async fn about(
        &self,
        requester: &str,
        authorizer: &str,
        team: Option<&policy::Team>,
    ) -> Result<policy::Directory, SlackError> {
        let groups = team.map(policy::Team::groups).unwrap_or_default();
        let (requester, authorizer, groups) =
            tokio::try_join!(self.person(requester), self.person_now(authorizer), self.groups(groups))?;
        Ok(policy::Directory { requester, authorizer, groups })
    }

    /// These people, as far as they can be looked up.
    pub async fn people(&self, ids: impl IntoIterator<Item = String>) -> Vec<Person> {
        stream::iter(ids)
            .map(|id| async move { self.person(&id).await.ok() })
            .buffered(AT_ONCE)
            .filter_map(|person| async { person })
            .collect()
            .await
    }
}

/// Answers by key, each with its age.
#[derive(Clone)]
struct Remembered<T>(Arc<Mutex<HashMap<String, (Instant, T)>>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Remembered<T> {
    fn get(&self, key: &str) -> Option<T> {
        let answers = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (since, answer) = answers.get(key)?;
        (since.elapsed() < FRESH).then(|| answer.clone())
    }

    fn put(&self, key: &str, answer: T) {
        let mut answers = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        answers.retain(|_, (since, _)| since.elapsed() < FRESH);
        answers.insert(key.to_owned(), (Instant::now(), answer));
    }
}
