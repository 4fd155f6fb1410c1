//! What is told of the work of a provisioner: how far it is, and what came of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far the work is: the step that is about to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// From 1 to `of`.
    pub step: u32,
    /// How many steps there are.
    pub of: u32,
    /// What is being done, in the provisioner's words.
    pub label: String,
}

/// How a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartStatus {
    /// It is not begun.
    Waiting,
    Building,
    Built,
    Failed,
}

/// How a part stands, as people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartState {
    pub id: String,
    pub status: PartStatus,
}

/// How far all that is at work is, by what it is: the ID of a part, or nothing where there is
/// but one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Underway {
    /// What each said last.
    pub progress: BTreeMap<String, Progress>,
    /// Those that are over, and whether they came to their end.
    pub ended: BTreeMap<String, bool>,
}

impl Underway {
    /// Of the only one there is.
    pub fn one(progress: Progress) -> Self {
        Self { progress: BTreeMap::from([(String::new(), progress)]), ended: BTreeMap::new() }
    }

    /// All of it added up, in the words of the first that is not over.
    pub fn sum(&self) -> Option<Progress> {
        let add = |of: fn(&Progress) -> u32| self.progress.values().map(of).fold(0, u32::saturating_add);
        let goes_on = |id: &&String| !self.ended.contains_key(*id);
        let named = |id: &String| {
            let label = &self.progress[id].label;
            if id.is_empty() { label.clone() } else { format!("{id}: {label}") }
        };
        let first = self.progress.keys().find(goes_on).or_else(|| self.progress.keys().next_back())?;
        Some(Progress { step: add(|it| it.step), of: add(|it| it.of), label: named(first) })
    }

    /// What one of them says.
    pub fn says(&mut self, id: &str, progress: Progress) {
        self.progress.insert(id.to_owned(), progress);
    }

    /// One of them is over. Where it came to its end, all its steps are done.
    pub fn ends(&mut self, id: &str, came_to_its_end: bool) {
        self.ended.insert(id.to_owned(), came_to_its_end);
        if let Some(progress) = self.progress.get_mut(id).filter(|_| came_to_its_end) {
            progress.step = progress.of;
        }
    }
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provisioned {
    /// The request's ID.
    pub application_id: String,
    /// Where it is.
    pub region: String,
    /// When it was done, RFC 3339, in UTC; empty if that was not said.
    #[serde(default)]
    pub completion_date_time: String,
    /// What was done, a sentence each.
    #[serde(default)]
    pub summary: Vec<String>,
    /// What the requester gets, each thing by its name.
    #[serde(default)]
    pub outputs: BTreeMap<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_work_adds_up() {
        let progress = |step, of, label: &str| Progress { step, of, label: label.to_owned() };
        let mut one = Underway::default();
        assert_eq!(one.sum(), None);
        one.says("", progress(3, 8, "Tagging"));
        assert_eq!(one.sum(), Some(progress(3, 8, "Tagging")));
        let mut many = Underway::default();
        many.says("assets", progress(3, 8, "Tagging"));
        many.says("site", progress(1, 4, "Creating"));
        assert_eq!(many.sum(), Some(progress(4, 12, "assets: Tagging")));
        many.ends("assets", true);
        assert_eq!(many.sum(), Some(progress(9, 12, "site: Creating")), "all its steps are done");
        many.ends("site", false);
        assert_eq!(many.sum(), Some(progress(9, 12, "site: Creating")), "one that failed stays where it was");
    }
}
