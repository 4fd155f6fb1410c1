//! Socket Mode as Slack serves it: tickets, web sockets, envelopes and their
//! acknowledgements, and an envelope sent again when its socket went away.

mod connection;
mod envelope;

use std::time::Duration;

use self::connection::disconnect;
pub(crate) use self::connection::serve;
use crate::identity::APP_ID;
use crate::simulator::Simulator;
use crate::sockets::{Connection, Link, Order, SocketFault};

impl Simulator {
    /// A fresh address to connect to, good for one connection.
    pub(crate) fn new_socket_url(&self) -> String {
        let ticket = uuid::Uuid::new_v4().to_string();
        self.sockets().change(|state| {
            state.tickets.insert(ticket.clone());
            format!("ws://{}/link/?ticket={ticket}&app_id={APP_ID}", state.address)
        })
    }

    /// The app's connections now.
    pub fn connections(&self) -> Vec<Connection> {
        let state = self.sockets().now();
        let seen = |(number, link): (&u64, &Link)| Connection {
            number: *number,
            leaving: link.leaving,
            acknowledged: link.acknowledged,
        };
        state.links.iter().map(seen).collect()
    }

    /// How often the app lost its last connection.
    pub fn gaps(&self) -> usize {
        self.sockets().now().gaps
    }

    /// How many connections the app ended in order, with a closing frame.
    pub fn goodbyes(&self) -> usize {
        self.sockets().now().goodbyes
    }

    /// Waits until the app's connections are as wanted.
    pub async fn wait_for_connections(
        &self,
        what: &str,
        patience: Duration,
        wanted: impl Fn(&[Connection]) -> bool,
    ) -> anyhow::Result<Vec<Connection>> {
        let mut changes = self.sockets().changes();
        let search = async {
            loop {
                changes.mark_unchanged();
                let there = self.connections();
                if wanted(&there) {
                    return there;
                }
                let _ = changes.changed().await;
            }
        };
        let found = tokio::time::timeout(patience, search).await;
        found.map_err(|_| anyhow::anyhow!("waited {patience:?} in vain for {what}: {:?}", self.connections()))
    }

    /// The socket of the next delivery has this fault. Orders queue up.
    pub fn break_socket(&self, fault: SocketFault) {
        self.sockets().change(|state| state.faults.push_back(fault));
    }

    /// Breaks every connection, without a word.
    pub fn break_all_sockets(&self) {
        self.order_all(|_| Order::Break);
    }

    /// Tells every connection to go: `warning`, `refresh_requested`, `link_disabled`.
    pub fn disconnect_all(&self, reason: &str) {
        self.order_all(|link| {
            link.leaving = true;
            Order::Send(disconnect(reason))
        });
    }

    fn order_all(&self, order: impl Fn(&mut Link) -> Order) {
        self.sockets().change(|state| {
            for link in state.links.values_mut() {
                let order = order(link);
                let _ = link.orders.send(order);
            }
        });
    }
}
