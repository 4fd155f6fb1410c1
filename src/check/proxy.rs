//! Whether the proxy of `HTTPS_PROXY` lets us through, and whom we reach without it.

use anyhow::Context;
use axum::http::Uri;
use outbound::https::Lines;
use outbound::proxy::Proxy;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::line::{DEADLINE, Line};

const WHAT: &str = "proxy";

/// Asks it for a way to Slack; where Slack needs none, whether it is there at all.
pub(super) async fn probe(proxy: Proxy, slack: String) -> Vec<Line> {
    let slack: Uri = slack.parse().unwrap_or_default();
    let by_proxy = proxy.way(&slack).is_some();
    let port = slack.port_u16().unwrap_or(443);
    let to = format!("{}:{port}", slack.host().unwrap_or_default());
    let tried = async {
        match by_proxy {
            true => Lines::new(Some(&proxy))?.lay(slack).await.map(drop).map_err(anyhow::Error::from_boxed),
            false => {
                let (host, port) = proxy.place();
                TcpStream::connect((host, port)).await.map(drop).context("it cannot be reached")
            }
        }
    };
    let tried = timeout(DEADLINE, tried).await.unwrap_or_else(|_| Err(anyhow::anyhow!("it took too long")));
    let exempt = match proxy.exempt() {
        none if none.is_empty() => "NO_PROXY names nobody".to_owned(),
        some => format!("directly to {some}"),
    };
    vec![match tried {
        Ok(()) if by_proxy => Line::passed(WHAT, format!("{proxy} opens the way to {to}; {exempt}")),
        Ok(()) => Line::passed(WHAT, format!("{proxy} is there, and not asked for Slack; {exempt}")),
        Err(error) => failed(&proxy, &to, &format!("{error:#}")),
    }]
}

fn failed(proxy: &Proxy, to: &str, why: &str) -> Line {
    let said = format!("{proxy} opens no way to {to}: {why}");
    let advice = match why {
        why if why.contains("authorization required") => {
            "Put the user and the password into HTTPS_PROXY, as http://user:password@host:port."
        }
        // It answered, and not with a line.
        why if why.contains("unsuccessful") => {
            "Have the proxy allow CONNECT to this host and to those of AWS, or name them in NO_PROXY."
        }
        _ => "Check HTTPS_PROXY, and that this machine reaches it; or name the hosts that need none in NO_PROXY.",
    };
    Line::failed(WHAT, said, advice)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What is said of a proxy that answers so.
    async fn said(answer: &'static str, slack: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://bot:hush@{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 512]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let proxy = Proxy::parse(&address, "aws.invalid").expect("a proxy");
        let told = proxy.to_string();
        let line = probe(proxy, slack.to_owned()).await.remove(0).to_string();
        assert!(!line.contains("hush"), "{line}");
        line.replace(&told, "PROXY")
    }

    #[tokio::test]
    async fn what_a_proxy_answers_is_told() {
        let slack = "https://slack.invalid/api";
        for (answer, expected) in [
            (
                "HTTP/1.1 200 OK\r\n\r\n",
                "ok   proxy: PROXY opens the way to slack.invalid:443; directly to aws.invalid",
            ),
            (
                "HTTP/1.1 407 Who\r\n\r\n",
                "FAIL proxy: PROXY opens no way to slack.invalid:443: tunnel error: proxy authorization required. Put the user",
            ),
            (
                "HTTP/1.1 403 No\r\n\r\n",
                "FAIL proxy: PROXY opens no way to slack.invalid:443: tunnel error: unsuccessful. Have the proxy allow",
            ),
            (
                "",
                "FAIL proxy: PROXY opens no way to slack.invalid:443: tunnel error: unexpected end of file. Check HTTPS_PROXY",
            ),
        ] {
            let said = said(answer, slack).await;
            assert!(said.starts_with(expected), "{said}");
        }
        assert!(
            said("", "http://127.0.0.1:1/api").await.starts_with("ok   proxy: PROXY is there, and not asked for Slack")
        );
    }

    #[tokio::test]
    async fn a_proxy_that_is_not_there_is_told() {
        let proxy = Proxy::parse("127.0.0.1:1", "").expect("a proxy");
        for slack in ["https://slack.invalid", "http://127.0.0.1:1"] {
            let line = probe(proxy.clone(), slack.to_owned()).await.remove(0).to_string();
            assert!(
                line.starts_with("FAIL proxy: http://127.0.0.1:1 opens no way") && line.contains("Check HTTPS_PROXY"),
                "{line}"
            );
        }
    }
}
