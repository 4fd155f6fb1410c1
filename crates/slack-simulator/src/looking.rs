//! How a test looks into the workspace: the traffic, what was said and read, and waiting
//! for something to come.

use std::time::Duration;

use crate::message::Message;
use crate::record::{Call, Delivery};
use crate::simulator::Simulator;
use crate::workspace::Workspace;

impl Simulator {
    /// Every Web API call so far.
    pub fn calls(&self) -> Vec<Call> {
        self.read(|state| state.calls.clone())
    }

    /// Every Web API call of one method so far.
    pub fn calls_of(&self, method: &str) -> Vec<Call> {
        self.read(|state| state.calls.iter().filter(|call| call.method == method).cloned().collect())
    }

    /// Every delivery to the bot so far.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.read(|state| state.deliveries.clone())
    }

    /// Every message there is, ephemeral ones and threads included, by time.
    pub fn all_messages(&self) -> Vec<Message> {
        let mut messages: Vec<Message> = self.read(|state| state.messages.values().flatten().cloned().collect());
        messages.sort_by(|a, b| a.ts.cmp(&b.ts));
        messages
    }

    /// What the app said and nobody looked at, by time.
    pub fn unread(&self) -> Vec<Message> {
        let mut messages = self.all_messages();
        messages.retain(|message| message.is_from_bot());
        self.read(|state| messages.retain(|message| !state.was_looked_at(message)));
        messages
    }

    /// The modals that are open and nobody looked at, as text. One that answers a command is
    /// what was asked for; any other is looked at by whoever reads it or fills it in.
    pub fn unread_modals(&self) -> Vec<String> {
        let open = self.read(|state| {
            let open = state.modals.values().flatten();
            open.filter(|id| !state.modals_looked_at.contains(*id)).cloned().collect::<Vec<_>>()
        });
        let view = |id: &String| self.read(|state| state.views.get(id).map(|view| view.body.to_string()));
        open.iter().filter_map(view).collect()
    }

    /// Waits until `look` finds something; checks again at every change. On
    /// timeout the error shows everything that was said.
    pub async fn wait_until<T>(
        &self,
        what: &str,
        patience: Duration,
        mut look: impl FnMut(&Workspace) -> Option<T>,
    ) -> anyhow::Result<T> {
        let mut changes = self.changes();
        let search = async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = self.read(&mut look) {
                    return found;
                }
                // The sender lives in `self`: this cannot fail while we wait.
                let _ = changes.changed().await;
            }
        };
        let found = tokio::time::timeout(patience, search).await;
        found.map_err(|_| anyhow::anyhow!("waited {patience:?} in vain for {what}\n{}", self.dump()))
    }
}
