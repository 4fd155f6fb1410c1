//! The app's connections by Socket Mode as they stand: tickets, links, whose turn it is, and
//! the faults ordered for them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

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
pub(crate) struct State {
    pub(crate) address: String,
    pub(crate) tickets: BTreeSet<String>,
    pub(crate) links: BTreeMap<u64, Link>,
    pub(crate) opened: u64,
    pub(crate) gaps: usize,
    pub(crate) goodbyes: usize,
    pub(crate) faults: VecDeque<SocketFault>,
}

pub(crate) struct Link {
    pub(crate) orders: mpsc::UnboundedSender<Order>,
    pub(crate) leaving: bool,
    pub(crate) acknowledged: usize,
    /// The turn in which it was last chosen, so that all take their share.
    pub(crate) turn: u64,
}

/// What the task of a connection is told to do.
pub(crate) enum Order {
    Send(Value),
    Deliver { id: String, envelope: Value, ack: oneshot::Sender<Value> },
    Break,
}

impl Sockets {
    pub(crate) fn new() -> Sockets {
        Sockets { state: Mutex::default(), changed: watch::Sender::new(0) }
    }

    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = act(&mut self.now());
        self.changed.send_modify(|revision| *revision += 1);
        result
    }

    /// How they stand. The state stays usable after a panic in a test that held it.
    pub(crate) fn now(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of changes so far, to follow them.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// A connection for the next envelope, once there is one: the one that waited
    /// longest, and one that was told to go only when there is no other.
    pub(crate) async fn choose(&self) -> (u64, mpsc::UnboundedSender<Order>) {
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            if let Some(chosen) = self.now().next_in_turn() {
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
    pub(crate) fn remove(&mut self, number: u64) {
        if self.links.remove(&number).is_some() && self.links.is_empty() {
            self.gaps += 1;
        }
    }
}
