//! One connection: what Slack delivers is handled and acknowledged on it, until it ends.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use outbound::https::Line;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::health::SocketHealth;
use crate::doors::slack::Handlers;
use crate::slack::inbound::{self, Inbound};
use crate::slack::origin::Origin;

/// A connection to Slack.
pub(super) type WebSocket = WebSocketStream<MaybeTlsStream<TokioIo<Line>>>;

/// A connection on which nothing was heard for so long is dead. Slack pings more often.
const SILENCE: Duration = Duration::from_secs(30);
/// How often we ask whether the other side is still there.
const PING_EVERY: Duration = Duration::from_secs(10);
/// How long Slack gets to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why a connection is to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// Slack renews it, or it broke after it had brought something: the next is
    /// tried at once.
    Replaced,
    /// It was of no use, or Slack wants no more of it: not too soon.
    Over,
}

/// Serves a connection until it ends, or until `retire` is dropped and everything
/// that arrived is answered. Tells `leave` once another connection is needed.
pub(super) async fn converse(
    mut socket: WebSocket,
    handlers: Handlers,
    reach: SocketHealth,
    leave: oneshot::Sender<Leaving>,
    mut retire: oneshot::Receiver<()>,
) {
    let (acknowledge, mut acknowledgements) = mpsc::unbounded_channel();
    let mut leave = Some(leave);
    let mut tell = |why| {
        if let Some(leave) = leave.take() {
            let _ = leave.send(why);
        }
    };
    let (mut answering, mut retired, mut useful) = (0_usize, false, false);
    let mut ping = tokio::time::interval(PING_EVERY);
    let mut heard = Instant::now();
    let why = loop {
        if retired && answering == 0 {
            break "retired";
        }
        let sent = tokio::select! {
            frame = socket.next() => {
                heard = Instant::now();
                let text = match frame {
                    Some(Ok(Frame::Text(text))) => text,
                    // tungstenite answers pings by itself.
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Binary(_) | Frame::Frame(_))) => continue,
                    Some(Ok(Frame::Close(_))) | None => break "closed by Slack",
                    Some(Err(_)) => break "the socket broke",
                };
                let Ok(envelope) = serde_json::from_str::<Envelope>(&text) else {
                    tracing::warn!("a frame of Slack's could not be read");
                    continue;
                };
                match envelope.r#type.as_str() {
                    "disconnect" if matches!(&*envelope.reason, "warning" | "refresh_requested") => {
                        tracing::info!(reason = envelope.reason, "Slack renews the connection");
                        tell(Leaving::Replaced);
                    }
                    "disconnect" => {
                        tracing::warn!(reason = envelope.reason, "Slack ends the connection");
                        tell(Leaving::Over);
                    }
                    _ if envelope.envelope_id.is_empty() => {}
                    _ => {
                        (answering, useful) = (answering + 1, true);
                        let (handlers, acknowledge) = (handlers.clone(), acknowledge.clone());
                        tokio::spawn(async move {
                            let _ = acknowledge.send(answer(&handlers, envelope, heard).await);
                        });
                    }
                }
                Ok(())
            }
            Some(acknowledgement) = acknowledgements.recv() => {
                answering -= 1;
                match acknowledgement {
                    Some(acknowledgement) => socket.send(Frame::text(acknowledgement)).await,
                    None => Ok(()),
                }
            }
            _ = ping.tick() => match heard.elapsed() < SILENCE {
                true => socket.send(Frame::Ping("provision-bot".into())).await,
                false => break "nothing was heard on the socket",
            },
            _ = &mut retire, if !retired => {
                retired = true;
                Ok(())
            }
        };
        if sent.is_err() {
            break "the socket broke";
        }
    };
    tracing::info!(why, "a connection to Slack ended");
    reach.change(|state| {
        state.connections -= 1;
        state.why_not = why.to_owned();
    });
    tell(if useful { Leaving::Replaced } else { Leaving::Over });
    if retired {
        let goodbye = async {
            let _ = socket.close(None).await;
            while let Some(Ok(_)) = socket.next().await {}
        };
        let _ = timeout(GOODBYE, goodbye).await;
    }
}

/// Handles a delivery; the acknowledgement, or none where it could not be read:
/// then Slack tells the person that the app did not answer. What is for somebody else
/// is acknowledged, so that it is not sent again, and not obeyed.
async fn answer(handlers: &Handlers, envelope: Envelope, arrived: Instant) -> Option<String> {
    let route = match envelope.r#type.as_str() {
        "slash_commands" => "command",
        "interactive" => "interaction",
        _ => "event",
    };
    let origin = Origin::of(&envelope.payload);
    // What is for somebody else is refused as that, whether or not it could be read.
    let (inbound, unread) = match inbound::envelope(&envelope.r#type, envelope.payload) {
        Ok(inbound) => (inbound, None),
        Err(why) => (Inbound::Nothing, Some(why)),
    };
    let (acknowledgement, result) = match (handlers.answer(&origin, inbound, arrived).await, unread) {
        ((Ok(_), _), Some(why)) => {
            tracing::warn!(%why, "a delivery could not be read");
            (None, "malformed")
        }
        ((Ok(reply), result), None) => {
            let acknowledgement = match reply.json().filter(|_| envelope.accepts_response_payload) {
                Some(payload) => json!({ "envelope_id": envelope.envelope_id, "payload": payload }),
                None => json!({ "envelope_id": envelope.envelope_id }),
            };
            (Some(acknowledgement.to_string()), result)
        }
        ((Err(why), result), _) => {
            tracing::warn!(%why, "a delivery was refused");
            (Some(json!({ "envelope_id": envelope.envelope_id }).to_string()), result)
        }
    };
    handlers.metrics.handled(route, result, arrived.elapsed());
    acknowledgement
}

/// What Slack sends: a greeting, a goodbye, or a delivery.
#[derive(Deserialize)]
pub(super) struct Envelope {
    pub(super) r#type: String,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    envelope_id: String,
    #[serde(default)]
    payload: Value,
    #[serde(default)]
    accepts_response_payload: bool,
    /// Of a greeting.
    pub(super) connection_info: Option<ConnectionInfo>,
}

#[derive(Deserialize)]
pub(super) struct ConnectionInfo {
    pub(super) app_id: Option<String>,
}
