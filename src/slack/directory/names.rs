//! The names of many people, to choose from.
//!
//! A group may have a thousand members, and Slack allows a hundred questions about
//! people a minute, which decisions need, too. So few people are asked for singly;
//! more are looked for in the list of the workspace, two hundred a page, and only those
//! who are not in it (colleagues of another workspace) singly and slowly. That may take
//! longer than a person waits: what is known in time is shown, the rest has its ID for
//! a name, and the looking goes on for whoever searches next. It is the one thing the
//! web side does unasked: nothing depends on it, and it ends with the process.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::{Instant, sleep, timeout_at};

use super::{AT_ONCE, Directory, SHOWN};
use crate::domain::people::{Person, Standing};
use crate::slack::web_api::SlackError;

/// As many are asked for singly at once; more are looked for in the list.
const SINGLY: usize = 20;
/// As many are asked for singly before it goes on slowly, where there is no list.
const AT_FIRST: usize = 40;
/// Pages of the list, at most: beyond 10,000 people the list says little of a group.
const PAGES: usize = 50;
/// Pages read without a pause: the first thousand people.
const PAGES_AT_ONCE: usize = 5;
/// The pauses between two pages, of which Slack allows twenty a minute, and between two
/// people asked for singly, of which it allows a hundred: more than half is left.
const PAGE_EVERY: Duration = Duration::from_secs(4);
const PERSON_EVERY: Duration = Duration::from_millis(1_500);
/// How often Slack may refuse in a row before the looking ends until the next search.
const REFUSALS: usize = 3;

impl Directory {
    /// These people, as far as they are known at `by`, at the latest: whoever is not is
    /// called by their ID, and taken for a member until they are.
    pub async fn shown_people(&self, ids: &BTreeSet<String>, by: Instant) -> Vec<(Person, bool)> {
        let missing = self.missing(ids);
        if missing.len() <= SINGLY {
            let _ = timeout_at(by, self.ask_singly(missing)).await;
        } else {
            let directory = self.patient();
            let mut looking = tokio::spawn(async move { directory.fill(missing).await });
            let _ = timeout_at(by, &mut looking).await;
        }
        let shown = |id: &String| match self.people.get(id, SHOWN) {
            Some(person) => (person, true),
            None => (Person { id: id.clone(), name: id.clone(), standing: Standing::Member }, false),
        };
        ids.iter().map(shown).collect()
    }

    fn missing(&self, ids: &BTreeSet<String>) -> BTreeSet<String> {
        ids.iter().filter(|id| self.people.get(id, SHOWN).is_none()).cloned().collect()
    }

    async fn ask_singly(&self, ids: BTreeSet<String>) {
        stream::iter(ids)
            .for_each_concurrent(AT_ONCE, |id| async move {
                if let Err(error) = self.person_now(&id).await {
                    tracing::debug!(slack.user = id, %error, "somebody could not be looked up to be shown");
                }
            })
            .await;
    }

    /// Looks for all of them, unless somebody else is at it.
    async fn fill(&self, ids: BTreeSet<String>) {
        let Ok(_alone) = self.filling.try_lock() else { return };
        if let Err(error) = self.read_the_list(&ids).await {
            tracing::info!(%error, "the workspace's people could not be listed; they are asked for singly");
            self.ask_singly(self.missing(&ids).into_iter().take(AT_FIRST).collect()).await;
        }
        let mut refusals = 0;
        for id in self.missing(&ids) {
            match self.person_now(&id).await {
                Ok(_) => refusals = 0,
                Err(error) => {
                    refusals += 1;
                    if refusals == REFUSALS {
                        tracing::warn!(%error, "the names of a group's members could not all be looked up");
                        return;
                    }
                    wait(&error).await;
                }
            }
            sleep(PERSON_EVERY).await;
        }
    }

    /// Reads the list of the workspace until all of these were in it.
    async fn read_the_list(&self, ids: &BTreeSet<String>) -> Result<(), SlackError> {
        let (mut cursor, mut refusals) = (String::new(), 0);
        for page in 1..=PAGES {
            let asked = Instant::now();
            match self.api.people(&cursor).await {
                Ok(found) => {
                    for person in found.people.into_iter().filter(|person| ids.contains(&person.id)) {
                        self.people.put(&person.id.clone(), asked, person);
                    }
                    if found.next.is_empty() || self.missing(ids).is_empty() {
                        break;
                    }
                    (cursor, refusals) = (found.next, 0);
                }
                Err(error @ SlackError::Refused { .. }) => return Err(error),
                Err(error) => {
                    refusals += 1;
                    if refusals == REFUSALS {
                        return Err(error);
                    }
                    wait(&error).await;
                }
            }
            if page >= PAGES_AT_ONCE {
                sleep(PAGE_EVERY).await;
            }
        }
        Ok(())
    }
}

/// As long as Slack asks for.
async fn wait(error: &SlackError) {
    if let SlackError::RateLimited { retry_after, .. } = error {
        sleep(*retry_after).await;
    }
}
