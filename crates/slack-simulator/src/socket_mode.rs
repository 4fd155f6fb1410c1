//! Socket Mode as Slack serves it: tickets, web sockets, envelopes and their
//! acknowledgements, and an envelope sent again when its socket went away.

mod connection;
mod envelope;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use self::connection::serve;
use crate::identity::APP_ID;
use crate::simulator::Simulator;

/// An app may have this many connections.
pub const CONNECTIONS_MAX: usize = 10;

/// What can go wrong with the socket around one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketFault {
    /// It breaks before the envelope is sent.
    BreakBefore,
    /// It breaks as soon as the envelope was sent.
    BreakAfter,
    /// The bot's acknowledgement is lost, and the socket with it.
    LoseAck,
}

/// A connection, as a test sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Its number, in the order in which they were opened, from 1.
    pub number: u64,
    /// It was told to go.
    pub leaving: bool,
    /// Envelopes it acknowledged.
    pub acknowledged: usize,
}

/// The app's connections.
pub(crate) struct Sockets {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    address: String,
    tickets: BTreeSet<String>,
    links: BTreeMap<u64, Link>,
    opened: u64,
    gaps: usize,
    goodbyes: usize,
    faults: VecDeque<SocketFault>,
}

struct Link {
    orders: mpsc::UnboundedSender<Order>,
    leaving: bool,
    acknowledged: usize,
    /// The turn in which it was last chosen, so that all take their share.
    turn: u64,
}

/// What the task of a connection is told to do.
enum Order {
    Send(Value),
    Deliver { id: String, envelope: Value, ack: oneshot::Sender<Value> },
    Break,
}

impl Sockets {
    pub(crate) fn new() -> Sockets {
        Sockets { state: Mutex::default(), changed: watch::Sender::new(0) }
    }

    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = act(&mut lock(&self.state));
        self.changed.send_modify(|revision| *revision += 1);
        result
    }

    /// A connection for the next envelope, once there is one: the one that waited
    /// longest, and one that was told to go only when there is no other.
    async fn choose(&self) -> (u64, mpsc::UnboundedSender<Order>) {
        let mut changes = self.changed.subscribe();
        loop {
            changes.mark_unchanged();
            if let Some(chosen) = lock(&self.state).next_in_turn() {
                return chosen;
            }
            let _ = changes.changed().await;
        }
    }
}

impl State {
    fn next_in_turn(&mut self) -> Option<(u64, mpsc::UnboundedSender<Order>)> {
        let turn = self.links.values().map(|link| link.turn).max().unwrap_or_default() + 1;
        let (number, link) = self.links.iter_mut().min_by_key(|(_, link)| (link.leaving, link.turn))?;
        link.turn = turn;
        Some((*number, link.orders.clone()))
    }

    /// It is gone, if it was not before.
    fn remove(&mut self, number: u64) {
        if self.links.remove(&number).is_some() && self.links.is_empty() {
            self.gaps += 1;
        }
    }
}

fn disconnect(reason: &str) -> Value {
    json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "applink-simulator" } })
}

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
        let state = lock(&self.sockets().state);
        let seen = |(number, link): (&u64, &Link)| Connection {
            number: *number,
            leaving: link.leaving,
            acknowledged: link.acknowledged,
        };
        state.links.iter().map(seen).collect()
    }

    /// How often the app lost its last connection.
    pub fn gaps(&self) -> usize {
        lock(&self.sockets().state).gaps
    }

    /// How many connections the app ended in order, with a closing frame.
    pub fn goodbyes(&self) -> usize {
        lock(&self.sockets().state).goodbyes
    }

    /// Waits until the app's connections are as wanted.
    pub async fn wait_for_connections(
        &self,
        what: &str,
        patience: Duration,
        wanted: impl Fn(&[Connection]) -> bool,
    ) -> anyhow::Result<Vec<Connection>> {
        let mut changes = self.sockets().changed.subscribe();
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

/// The state stays usable after a panic in a test that held it.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
