//! How calls are dialled: HTTPS with the certificates of the system, by the proxy
//! where there is one.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context as Waker, Poll};

use anyhow::Context;
use hyper::Uri;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;
use url::{Host, Url};

use crate::proxy::Proxy;

/// The connector of every call over HTTPS.
pub type Https = HttpsConnector<Lines>;
/// A line to a server, or through a proxy, which may speak TLS itself.
pub type Line = MaybeHttpsStream<TokioIo<TcpStream>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Lays lines to servers, through the proxy to those that are not exempt.
#[derive(Clone, Debug)]
pub struct Lines {
    tcp: HttpConnector,
    to_proxy: HttpsConnector<HttpConnector>,
    proxy: Option<Proxy>,
}

/// Plain HTTP too, for a Slack simulator or a collector on this machine.
pub fn https_or_http(proxy: Option<&Proxy>) -> anyhow::Result<Https> {
    let lines = Lines::new(proxy)?;
    Ok(https(tls()?, lines))
}

/// Whether what is said to this address is between the two: by HTTPS, or on this machine.
/// A token, or keys that are to be believed, go no other way.
pub fn is_confidential(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// Trusts the certificates of the system, which are read once: there are more than a hundred.
pub fn tls() -> anyhow::Result<ClientConfig> {
    static CONFIG: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_native_roots()
        .context("the system's certificates cannot be read")?
        .with_no_client_auth();
    Ok(CONFIG.get_or_init(|| config).clone())
}

fn https<T>(tls: ClientConfig, lines: T) -> HttpsConnector<T> {
    HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(lines)
}

impl Lines {
    /// Lines through this proxy, or direct ones.
    pub fn new(proxy: Option<&Proxy>) -> anyhow::Result<Self> {
        let mut tcp = HttpConnector::new();
        // TLS is not TCP's to judge.
        tcp.enforce_http(false);
        // A small call is sent at once, not held until the one before is acknowledged.
        tcp.set_nodelay(true);
        Ok(Self { to_proxy: https(tls()?, tcp.clone()), tcp, proxy: proxy.cloned() })
    }

    /// A line to the host and port of an `https` or `http` address, where TLS is
    /// still to be spoken.
    pub async fn lay(&self, to: Uri) -> Result<Line, BoxError> {
        let mut tcp = self.tcp.clone();
        let Some(way) = self.proxy.as_ref().and_then(|proxy| proxy.way(&to)) else {
            return Ok(MaybeHttpsStream::Http(tcp.call(to).await?));
        };
        let tunnel = Tunnel::new(way.uri().clone(), self.to_proxy.clone());
        let mut tunnel = match way.basic_auth() {
            Some(header) => tunnel.with_auth(header.clone()),
            None => tunnel,
        };
        Ok(tunnel.call(to).await?)
    }
}

impl Service<Uri> for Lines {
    type Response = Line;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Line, BoxError>> + Send>>;

    fn poll_ready(&mut self, waker: &mut Waker<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(waker).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let lines = self.clone();
        Box::pin(async move { lines.lay(to).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_confidential() {
        let is = |url: &str| is_confidential(&url.parse().expect("an address"));
        for good in
            ["https://a.example", "http://localhost:1", "http://127.9.9.9", "http://[::1]:9", "https://10.0.0.1"]
        {
            assert!(is(good), "{good}");
        }
        for bad in
            ["http://a.example", "http://localhost.example.com", "http://10.0.0.1", "file:///etc", "ftp://localhost"]
        {
            assert!(!is(bad), "{bad}");
        }
    }
}
