//! How the bot dials out: HTTPS with the certificates of the system.

use anyhow::Context;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;

/// Plain HTTP too, for a Slack simulator or a collector on this machine.
pub fn https_or_http() -> anyhow::Result<HttpsConnector<HttpConnector>> {
    let provider = rustls::crypto::ring::default_provider();
    let mut tcp = HttpConnector::new();
    // TLS is not TCP's to judge.
    tcp.enforce_http(false);
    // A small call is sent at once, not held until the one before is acknowledged.
    tcp.set_nodelay(true);
    Ok(HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(provider)
        .context("the system's certificates cannot be read")?
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp))
}
