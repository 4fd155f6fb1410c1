//! Modals and Home tabs over the state: opening, updating, pushing, closing.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::values::{Values, view_state};
use crate::view::View;
use crate::workspace::Workspace;
use crate::{blocks, storing};

/// A modal stack holds at most three views.
pub const STACK_LIMIT: usize = 3;

impl Workspace {
    /// The visible modal of a person.
    pub fn top_modal(&self, user: &str) -> Option<&View> {
        self.views.get(self.modals.get(user)?.last()?)
    }

    /// Is the view a modal that its person has open?
    pub fn is_open(&self, view: &str) -> bool {
        self.modals.values().any(|stack| stack.iter().any(|id| id == view))
    }

    /// Opens a modal, in place of whatever this person has open.
    pub fn open_modal(&mut self, user: &str, body: &Value) -> String {
        for old in self.modals.remove(user).unwrap_or_default() {
            self.views.remove(&old);
        }
        self.add_view(user, body, None)
    }

    /// Puts a modal on top of the open ones; none when three are open.
    pub fn push_modal(&mut self, user: &str, body: &Value) -> Option<String> {
        let stack = self.modals.get(user).cloned().unwrap_or_default();
        (stack.len() < STACK_LIMIT).then(|| self.add_view(user, body, stack.last().cloned()))
    }

    fn add_view(&mut self, user: &str, body: &Value, previous: Option<String>) -> String {
        let id = self.new_id("V0");
        let root = previous.as_ref().and_then(|id| self.views.get(id)).map_or_else(|| id.clone(), |v| v.root.clone());
        let view = self.build_view(id.clone(), user, body, &Values::new());
        self.views.insert(id.clone(), View { previous, root, ..view });
        self.modals.entry(user.to_string()).or_default().push(id.clone());
        id
    }

    /// Publishes a person's Home tab.
    pub fn publish_home(&mut self, user: &str, body: &Value) -> String {
        let id = self.homes.get(user).cloned().unwrap_or_else(|| self.new_id("V0HOME"));
        let before = self.views.get(&id).map(|view| view.values.clone()).unwrap_or_default();
        let view = self.build_view(id.clone(), user, body, &before);
        self.views.insert(id.clone(), view);
        self.homes.insert(user.to_string(), id.clone());
        id
    }

    /// Replaces a view's content; what was typed stays where ids stay.
    pub fn update_view(&mut self, id: &str, body: &Value) -> bool {
        let Some(old) = self.views.get(id).cloned() else { return false };
        let mut view = self.build_view(id.to_string(), &old.user, body, &old.values);
        if view.external_id.is_empty() {
            view.external_id = old.external_id;
        }
        self.views.insert(id.to_string(), View { previous: old.previous, root: old.root, ..view });
        true
    }

    fn build_view(&mut self, id: String, user: &str, body: &Value, before: &Values) -> View {
        let mut body = body.clone();
        storing::fill_text_defaults(&mut body);
        let sent = body["blocks"].as_array().cloned().unwrap_or_default();
        let stored = storing::stored(&sent, || self.new_id("b"));
        let values = view_state(&stored, before);
        body["blocks"] = stored.into();
        View {
            root: id.clone(),
            id,
            user: user.to_string(),
            hash: self.new_hash(),
            external_id: blocks::string(&body, "/external_id"),
            previous: None,
            values,
            errors: BTreeMap::new(),
            trouble: None,
            body,
        }
    }

    /// Closes one modal; the one below shows again.
    pub fn close_modal(&mut self, id: &str) {
        self.modals.values_mut().for_each(|stack| stack.retain(|open| open != id));
        self.views.remove(id);
    }

    /// Closes all modals of a person.
    pub fn clear_modals(&mut self, user: &str) {
        for id in self.modals.remove(user).unwrap_or_default() {
            self.views.remove(&id);
        }
    }

    /// Is this external id taken by another open view?
    pub fn external_id_taken(&self, external_id: &str, except: Option<&str>) -> bool {
        !external_id.is_empty()
            && self.views.values().any(|view| view.external_id == external_id && Some(view.id.as_str()) != except)
    }
}
