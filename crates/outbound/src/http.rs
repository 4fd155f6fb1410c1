//! [`Client`]: the one HTTP client for whatever is neither Slack's Web API nor AWS, whose
//! libraries bring their own and take [`https`](crate::https) alone.
//!
//! An answer is read whole, within a deadline and up to a size; whatever its status is, it
//! is an answer. Nobody is followed elsewhere: a redirect is an answer, too. Calls go by the
//! proxy to those that are not exempt, and over TLS that trusts the system's certificates
//! (`SSL_CERT_FILE` names others).

use std::error::Error;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::{Request, Response};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use crate::https::{Https, https_or_http};
use crate::proxy::Proxy;

/// How long a call may take, unless [`Client::within`] says otherwise.
const WITHIN: Duration = Duration::from_secs(10);
/// The largest answer, in bytes, unless [`Client::at_most`] says otherwise.
const AT_MOST: usize = 1024 * 1024;

/// Makes calls. A clone shares the connections.
#[derive(Clone, Debug)]
pub struct Client {
    calls: legacy::Client<Https, Full<Bytes>>,
    within: Duration,
    at_most: usize,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// It did not come in time, or not whole.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Late(Duration),
    /// It is larger than this.
    #[error("an answer of more than {0} bytes")]
    TooLarge(usize),
    /// Nobody is there, or the connection broke.
    #[error(transparent)]
    Broken(Box<dyn Error + Send + Sync>),
}

impl Client {
    /// A client that goes by this proxy, or directly.
    ///
    /// # Errors
    /// Where the certificates of the system cannot be read.
    pub fn new(proxy: Option<&Proxy>) -> anyhow::Result<Self> {
        let calls = legacy::Client::builder(TokioExecutor::new()).build(https_or_http(proxy)?);
        Ok(Self { calls, within: WITHIN, at_most: AT_MOST })
    }

    /// The same, with another deadline for each call.
    pub fn within(&self, within: Duration) -> Self {
        Self { within, ..self.clone() }
    }

    /// The same, with another size for each answer, in bytes.
    pub fn at_most(&self, at_most: usize) -> Self {
        Self { at_most, ..self.clone() }
    }

    /// What is at an address.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn get(&self, address: &str) -> Result<Response<Bytes>, NoAnswer> {
        let request = Request::get(address).body(Bytes::new()).map_err(|error| NoAnswer::Broken(error.into()))?;
        self.send(request).await
    }

    /// Sends a request, and waits for the whole answer.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let answer = async {
            let answer = self.calls.request(request.map(Full::new)).await;
            let (head, body) = answer.map_err(|error| NoAnswer::Broken(error.into()))?.into_parts();
            match Limited::new(body, self.at_most).collect().await {
                Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
                Err(error) if error.is::<LengthLimitError>() => Err(NoAnswer::TooLarge(self.at_most)),
                Err(error) => Err(NoAnswer::Broken(error)),
            }
        };
        timeout(self.within, answer).await.unwrap_or(Err(NoAnswer::Late(self.within)))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const SOON: Duration = Duration::from_millis(200);

    /// Somebody who takes every request and says this.
    async fn saying(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                });
            }
        });
        address
    }

    fn client() -> Client {
        Client::new(None).expect("a client").within(Duration::from_secs(20)).at_most(5)
    }

    #[tokio::test]
    async fn an_answer_is_one_whatever_its_status() {
        for (answer, status, body) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", 200, "hello"),
            ("HTTP/1.1 503 Away\r\ncontent-length: 0\r\n\r\n", 503, ""),
            // Nobody is there, so that to follow it would be an error.
            ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 2\r\n\r\nno", 302, "no"),
        ] {
            let got = client().get(&saying(answer).await).await.expect("an answer");
            assert_eq!((got.status().as_u16(), &got.body()[..]), (status, body.as_bytes()));
        }
        let request = Request::post(saying("HTTP/1.1 204 Done\r\n\r\n").await).body(Bytes::from("hello"));
        assert_eq!(client().send(request.expect("a request")).await.expect("an answer").status(), 204);
    }

    #[tokio::test]
    async fn what_is_too_large_late_or_broken_is_none() {
        let no_answer = async |client: Client, answer| {
            let address = saying(answer).await;
            client.get(&address).await.expect_err(answer)
        };
        let large = no_answer(client(), "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello!").await;
        assert!(matches!(large, NoAnswer::TooLarge(5)), "{large:?}");
        for silent in ["", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell"] {
            let late = no_answer(client().within(SOON), silent).await;
            assert_eq!(late.to_string(), "no answer within 0.2 s");
        }
        let broken = no_answer(client(), "nothing of HTTP\r\n\r\n").await;
        assert!(matches!(broken, NoAnswer::Broken(_)), "{broken:?}");
        for nobody in ["http://127.0.0.1:1/", "no address", "/"] {
            let none = client().get(nobody).await.expect_err(nobody);
            assert!(matches!(none, NoAnswer::Broken(_)), "{nobody}: {none:?}");
        }
        // Why it broke is told behind it, for those who tell it.
        let none = client().get("http://127.0.0.1:1/").await.expect_err("nobody");
        assert!(format!("{:#}", anyhow::Error::from(none)).contains("refused"));
    }
}
