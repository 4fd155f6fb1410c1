//! The app's connections as Slack serves them: a ticket, a greeting, then what is ordered
//! goes out, and acknowledgements come back, until either side goes.

use std::collections::HashMap;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use crate::identity::APP_ID;
use crate::simulator::Simulator;
use crate::sockets::{CONNECTIONS_MAX, Link, Order};

/// How often Slack pings.
const PING_EVERY: Duration = Duration::from_secs(5);
/// How long a connection lives on after it was told to go.
const GOES_WITHIN: Duration = Duration::from_secs(10);
/// How long Slack says a connection will live, in seconds.
const LIFETIME_SECONDS: u64 = 18_060;

/// Serves the connections of `slack` on a port of their own, as Slack's come to a
/// host of their own.
pub(crate) async fn serve(slack: Simulator) -> anyhow::Result<tokio::task::JoinHandle<()>> {
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

/// What a connection is told that has to go.
pub(super) fn disconnect(reason: &str) -> Value {
    json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "applink-simulator" } })
}
