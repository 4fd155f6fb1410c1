//! A new connection: its address from Slack, the line by the Web API's way, and the
//! greeting.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::http::Uri;
use futures::StreamExt;
use hyper_util::rt::TokioIo;
use outbound::https::{self, Lines};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, client_async_tls_with_config};

use super::connection::{Envelope, WebSocket};
use crate::doors::slack::Handlers;
use crate::doors::slack::http::BODY_MAX;
use crate::slack::web_api::SlackApi;

/// How long a new connection may take until Slack greets us.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// A new connection, greeted by Slack.
pub(super) async fn open(api: &SlackApi, handlers: &Handlers) -> anyhow::Result<WebSocket> {
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

#[cfg(test)]
mod tests {
    use outbound::proxy::Proxy;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

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
