//! Slack over Socket Mode: the bot dials out, so that it needs no public address.
//! What arrives is handled as over HTTP, and acknowledged in the same time.
//!
//! The connection is tokio-tungstenite's. slack-morphism has a Socket Mode of its
//! own, but waits 30 seconds before each new connection, drops the old one before
//! the new one stands, sets no deadline to a handler, and reads payloads into its
//! own models, which refuse what they do not know.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::http::Uri;
use futures::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use super::handlers::Handlers;
use super::http::BODY_MAX;
use super::inbound::{self, Inbound};
use super::origin::Origin;
use super::web_api::{SlackApi, SlackError};
use crate::https::{self, Line, Lines};

/// How long a new connection may take until Slack greets us.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// A connection on which nothing was heard for so long is dead. Slack pings more often.
const SILENCE: Duration = Duration::from_secs(30);
/// How often we ask whether the other side is still there.
const PING_EVERY: Duration = Duration::from_secs(10);
/// A connection that lived so long was a good one: the next is tried at once.
const LIVED: Duration = Duration::from_secs(10);
/// The pause once two tries failed; it doubles from try to try…
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// …up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long Slack gets to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

type WebSocket = WebSocketStream<MaybeTlsStream<TokioIo<Line>>>;

/// Whether Slack can reach us, for whoever asks.
#[derive(Clone, Debug)]
pub struct SocketHealth(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    connections: usize,
    why_not: String,
}

impl Default for SocketHealth {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { connections: 0, why_not: "not connected yet".to_owned() })))
    }
}

impl SocketHealth {
    /// Why nothing arrives now, if so.
    pub fn problem(&self) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (state.connections == 0).then(|| format!("Socket Mode: {}", state.why_not))
    }

    fn change(&self, act: impl FnOnce(&mut State)) {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Why a connection is to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    /// Slack renews it, or it broke after it had brought something: the next is
    /// tried at once.
    Replaced,
    /// It was of no use, or Slack wants no more of it: not too soon.
    Over,
}

/// Serves Slack over one connection after the other until `stopping` says true;
/// then answers what has arrived, and says goodbye.
pub async fn serve(api: SlackApi, handlers: Handlers, reach: SocketHealth, mut stopping: watch::Receiver<bool>) {
    let mut conversations = JoinSet::new();
    // Dropping it lets the connection before end, once its answers are given.
    let mut current: Option<oneshot::Sender<()>> = None;
    let mut tries = 0;
    loop {
        let opened = tokio::select! {
            opened = open(&api, &handlers) => opened,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let mut pause = pause(tries);
        tries += 1;
        match opened {
            Ok(socket) => {
                tracing::info!("connected to Slack");
                let since = Instant::now();
                let (keep, retire) = oneshot::channel();
                let (leave, leaving) = oneshot::channel();
                reach.change(|state| state.connections += 1);
                conversations.spawn(converse(socket, handlers.clone(), reach.clone(), leave, retire));
                current = Some(keep);
                let why = tokio::select! {
                    why = leaving => why.unwrap_or(Leaving::Over),
                    _ = stopping.wait_for(|stop| *stop) => break,
                };
                if why == Leaving::Replaced || since.elapsed() >= LIVED {
                    (tries, pause) = (0, Duration::ZERO);
                }
            }
            Err(error) => {
                let why = format!("{error:#}");
                tracing::warn!(error = why, "no connection to Slack");
                reach.change(|state| state.why_not = why);
                if let Some(SlackError::RateLimited { retry_after, .. }) = error.downcast_ref() {
                    pause = pause.max(*retry_after);
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|stop| *stop) => break,
        }
        while conversations.try_join_next().is_some() {}
    }
    drop(current);
    while conversations.join_next().await.is_some() {}
}

fn pause(tries: u32) -> Duration {
    match tries {
        0 => Duration::ZERO,
        more => FIRST_PAUSE.saturating_mul(1 << (more - 1).min(10)).min(LONGEST_PAUSE),
    }
}

/// A new connection, greeted by Slack.
async fn open(api: &SlackApi, handlers: &Handlers) -> anyhow::Result<WebSocket> {
    let url = api.open_connection().await?;
    let greeted = async {
        let mut socket = dial(&api.lines()?, &url).await?;
        loop {
            match socket.next().await {
                Some(Ok(Frame::Text(text))) => match serde_json::from_str::<Envelope>(&text)
                    .map_err(|_| anyhow::anyhow!("Slack's greeting cannot be read"))?
                {
                    Envelope { r#type, connection_info, .. } if r#type == "hello" => {
                        let app = connection_info.and_then(|info| info.app_id);
                        handlers.slack.learn_app(&app.unwrap_or_default());
                        return Ok(socket);
                    }
                    Envelope { reason, .. } => anyhow::bail!("Slack refused the socket: {reason}"),
                },
                Some(Ok(Frame::Close(_))) | None => anyhow::bail!("Slack closed the socket"),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error).context("the socket broke"),
            }
        }
    };
    timeout(HELLO_WITHIN, greeted).await.context("no greeting from Slack")?
}

/// The lines, the certificates and the cryptography of the Web API's calls. The URL
/// is a ticket, which is why no error repeats it.
async fn dial(lines: &Lines, url: &str) -> anyhow::Result<WebSocket> {
    let limits = WebSocketConfig::default().max_message_size(Some(BODY_MAX));
    // The same host and port as a page has them, and nothing of the ticket.
    let place = url.parse::<Uri>().ok().filter(|url| url.host().is_some()).context("the address is none")?;
    let scheme = if place.scheme_str() == Some("ws") { "http" } else { "https" };
    let place = Uri::builder().scheme(scheme).authority(place.authority().map_or("", |it| it.as_str()));
    let place = place.path_and_query("/").build().context("the address is none")?;
    let line = lines.lay(place).await.map_err(anyhow::Error::from_boxed).context("the socket cannot be reached")?;
    let connector = Connector::Rustls(Arc::new(https::tls()?));
    let dialled = client_async_tls_with_config(url, TokioIo::new(line), Some(limits), Some(connector)).await;
    Ok(dialled.context("the socket cannot be opened")?.0)
}

/// What Slack sends: a greeting, a goodbye, or a delivery.
#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    envelope_id: String,
    #[serde(default)]
    payload: Value,
    #[serde(default)]
    accepts_response_payload: bool,
    /// Of a greeting.
    connection_info: Option<ConnectionInfo>,
}

#[derive(Deserialize)]
struct ConnectionInfo {
    app_id: Option<String>,
}

/// Serves a connection until it ends, or until `retire` is dropped and everything
/// that arrived is answered. Tells `leave` once another connection is needed.
async fn converse(
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::proxy::Proxy;

    #[test]
    fn pauses_grow_and_end_growing() {
        let pauses: Vec<u64> = (0..10).map(|tries| pause(tries).as_millis() as u64).collect();
        assert_eq!(pauses, [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }

    #[tokio::test]
    async fn wss_speaks_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("wss://localhost:{}/link", listener.local_addr().expect("an address").port());
        let lines = Lines::new(None).expect("lines");
        let dialling = tokio::spawn(async move { dial(&lines, &url).await.map(|_| ()) });
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut first = [0; 2];
        stream.read_exact(&mut first).await.expect("a greeting");
        assert_eq!(first, [0x16, 0x03], "a TLS handshake");
        drop(stream);
        dialling.await.expect("no panic").expect_err("nobody answered");
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_the_host_and_hears_no_ticket() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("bot:hush@127.0.0.1:{}", listener.local_addr().expect("an address").port());
        let lines = Lines::new(Some(&Proxy::parse(&address, "").expect("a proxy"))).expect("lines");
        let url = "wss://wss-primary.slack.invalid/link/?ticket=hush";
        let dialling = tokio::spawn(async move { dial(&lines, url).await.map(|_| ()) });
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(stream.read_u8().await.expect("a request"));
        }
        let asked = String::from_utf8(asked).expect("text");
        assert!(asked.starts_with("CONNECT wss-primary.slack.invalid:443 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("Proxy-Authorization: Basic Ym90Omh1c2g=\r\n"), "{asked}");
        assert!(!asked.contains("hush"), "{asked}");
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.expect("an answer");
        let mut first = [0; 2];
        stream.read_exact(&mut first).await.expect("a greeting");
        assert_eq!(first, [0x16, 0x03], "a TLS handshake with Slack, not with the proxy");
        drop(stream);
        let error = dialling.await.expect("no panic").expect_err("nobody answered");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}
