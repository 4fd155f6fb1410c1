//! Socket Mode as Slack serves it: tickets, web sockets, envelopes and their
//! acknowledgements, and an envelope sent again when its socket went away.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use super::record::Delivery;
use super::simulator::Simulator;
use super::workspace::APP_ID;

/// An app may have this many connections.
pub const CONNECTIONS_MAX: usize = 10;
/// How often Slack pings.
const PING_EVERY: Duration = Duration::from_secs(5);
/// How long a connection lives on after it was told to go.
const GOES_WITHIN: Duration = Duration::from_secs(10);
/// How long Slack says a connection will live, in seconds.
const LIFETIME_SECONDS: u64 = 18_060;

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
    pub number: u64,
    /// It was told to go.
    pub leaving: bool,
    /// Envelopes it acknowledged.
    pub acknowledged: usize,
}

/// The app's connections.
pub(super) struct Sockets {
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
    pub(super) fn new() -> Sockets {
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

/// Serves the connections of `slack` on a port of their own, as Slack's come to a
/// host of their own.
pub(super) async fn serve(slack: Simulator) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    slack.sockets().change(|state| state.address = address);
    Ok(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(slack.clone(), stream));
        }
    }))
}

async fn connection(slack: Simulator, stream: TcpStream) {
    // The response of a refused handshake is tungstenite's type, large as it is.
    #[allow(clippy::result_large_err)]
    let admit = |request: &Request, response: Response| {
        let query = request.uri().query().unwrap_or_default();
        let ticket = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "ticket");
        match ticket {
            Some((_, ticket)) if slack.sockets().change(|state| state.tickets.remove(&*ticket)) => Ok(response),
            _ => {
                let mut refused = ErrorResponse::new(Some("invalid ticket".into()));
                *refused.status_mut() = axum::http::StatusCode::UNAUTHORIZED;
                Err(refused)
            }
        }
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, admit).await else { return };
    let (orders, taken) = mpsc::unbounded_channel();
    let opened = slack.sockets().change(|state| {
        if state.links.len() >= CONNECTIONS_MAX {
            return None;
        }
        state.opened += 1;
        let link = Link { orders, leaving: false, acknowledged: 0, turn: 0 };
        state.links.insert(state.opened, link);
        Some((state.opened, state.links.len()))
    });
    let Some((number, count)) = opened else {
        let _ = socket.send(text(&disconnect("too_many_websockets"))).await;
        let _ = socket.close(None).await;
        return;
    };
    let hello = json!({
        "type": "hello",
        "num_connections": count,
        "connection_info": { "app_id": APP_ID },
        "debug_info": {
            "host": "applink-simulator",
            "build_number": 1,
            "approximate_connection_time": LIFETIME_SECONDS,
        },
    });
    if socket.send(text(&hello)).await.is_ok() {
        converse(&slack, number, socket, taken).await;
    }
    slack.sockets().change(|state| state.remove(number));
}

/// Sends what is ordered, hands acknowledgements to who waits for them, until
/// either side goes. Who still waits then learns that there is none.
async fn converse(
    slack: &Simulator,
    number: u64,
    mut socket: WebSocketStream<TcpStream>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let mut waiting: HashMap<String, oneshot::Sender<Value>> = HashMap::new();
    let mut ping = tokio::time::interval(PING_EVERY);
    let mut gone = std::pin::pin!(futures::future::OptionFuture::<tokio::time::Sleep>::from(None));
    loop {
        let sent = tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Send(frame)) => {
                    if frame["type"] == "disconnect" {
                        gone.set(Some(tokio::time::sleep(GOES_WITHIN)).into());
                    }
                    socket.send(text(&frame)).await
                }
                Some(Order::Deliver { id, envelope, ack }) => {
                    waiting.insert(id, ack);
                    socket.send(text(&envelope)).await
                }
                Some(Order::Break) | None => return,
            },
            frame = socket.next() => match frame {
                Some(Ok(Frame::Text(said))) => {
                    let said: Value = serde_json::from_str(&said).unwrap_or_default();
                    if let Some(ack) = said["envelope_id"].as_str().and_then(|id| waiting.remove(id)) {
                        slack.sockets().change(|state| {
                            if let Some(link) = state.links.get_mut(&number) {
                                link.acknowledged += 1;
                            }
                        });
                        let _ = ack.send(said["payload"].clone());
                    }
                    Ok(())
                }
                Some(Ok(Frame::Close(_))) => {
                    // Nothing goes to a connection that says goodbye.
                    slack.sockets().change(|state| {
                        state.goodbyes += 1;
                        state.remove(number);
                    });
                    let _ = socket.flush().await;
                    return;
                }
                Some(Err(_)) | None => return,
                Some(Ok(_)) => Ok(()),
            },
            _ = ping.tick() => socket.send(Frame::Ping("simulator".into())).await,
            Some(()) = &mut gone => {
                let _ = socket.close(None).await;
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn text(frame: &Value) -> Frame {
    Frame::text(frame.to_string())
}

fn disconnect(reason: &str) -> Value {
    json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "applink-simulator" } })
}

impl Simulator {
    /// A fresh address to connect to, good for one connection.
    pub(super) fn new_socket_url(&self) -> String {
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

    /// Sends an envelope over one of the connections and waits for its
    /// acknowledgement, which is recorded like the answer to an HTTP delivery:
    /// status 200, and the payload as the body.
    pub(super) async fn deliver_envelope(&self, path: &str, kind: &str, payload: &Value) -> Delivery {
        let started = Instant::now();
        let deadline = self.read(|state| state.rules.ack_deadline);
        let mut delivery =
            Delivery { path: path.into(), body: payload.to_string(), at: super::record::now(), ..Delivery::default() };
        match tokio::time::timeout(deadline, self.acknowledged(kind, payload)).await {
            Err(_) => delivery.error = Some("operation_timeout".into()),
            Ok((number, answer)) => {
                delivery.status = Some(200);
                delivery.connection = Some(number);
                // Bolt for JavaScript says nothing with an empty object.
                let says = answer.as_object().is_none_or(|object| !object.is_empty()) && !answer.is_null();
                if accepts_payload(kind, payload) && says {
                    delivery.content_type = "application/json".into();
                    delivery.answer = answer.to_string();
                }
            }
        }
        delivery.latency = started.elapsed();
        self.change(|state| state.deliveries.push(delivery.clone()));
        delivery
    }

    /// Sends it, over another connection each time the last one went away.
    async fn acknowledged(&self, kind: &str, payload: &Value) -> (u64, Value) {
        let id = uuid::Uuid::new_v4().to_string();
        let mut attempt = 0;
        loop {
            let (number, link) = self.sockets().choose().await;
            let fault = self.sockets().change(|state| state.faults.pop_front());
            if fault == Some(SocketFault::BreakBefore) {
                let _ = link.send(Order::Break);
                self.gone(number).await;
                continue;
            }
            let mut envelope = json!({
                "type": kind,
                "envelope_id": id,
                "payload": payload,
                "accepts_response_payload": accepts_payload(kind, payload),
            });
            if kind == "events_api" || attempt > 0 {
                envelope["retry_attempt"] = attempt.into();
                envelope["retry_reason"] = if attempt > 0 { "timeout" } else { "" }.into();
            }
            attempt += 1;
            let (ack, answered) = oneshot::channel();
            let _ = link.send(Order::Deliver { id: id.clone(), envelope, ack });
            match fault {
                Some(SocketFault::BreakAfter) => drop(link.send(Order::Break)),
                Some(SocketFault::LoseAck) => {
                    let _ = answered.await;
                    let _ = link.send(Order::Break);
                    self.gone(number).await;
                    continue;
                }
                _ => {}
            }
            match answered.await {
                Ok(answer) => return (number, answer),
                Err(_) => self.gone(number).await,
            }
        }
    }

    /// Returns when this connection is no more.
    async fn gone(&self, number: u64) {
        let mut changes = self.sockets().changed.subscribe();
        while self.connections().iter().any(|connection| connection.number == number) {
            let _ = changes.changed().await;
        }
    }
}

/// May the acknowledgement carry what an HTTP body would?
fn accepts_payload(kind: &str, payload: &Value) -> bool {
    let answered = ["view_submission", "block_suggestion"];
    kind == "slash_commands" || payload["type"].as_str().is_some_and(|interaction| answered.contains(&interaction))
}

/// The state stays usable after a panic in a test that held it.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
