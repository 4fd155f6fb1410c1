//! How the AWS SDK dials out: as it does by default, but by the proxy it is told of
//! and no other.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::proxy::Proxy;

/// The client of all services, and of whoever provides credentials.
pub fn client(proxy: Option<&Proxy>) -> SharedHttpClient {
    let proxy = config(proxy);
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(proxy.clone()));
        connector.build()
    })
}

/// The SDK's words for it. It knows no ports of `NO_PROXY`: such a host is reached
/// directly at all of them.
fn config(proxy: Option<&Proxy>) -> ProxyConfig {
    proxy
        .and_then(|proxy| Some(ProxyConfig::https(proxy.secret_address()).ok()?.no_proxy(proxy.direct())))
        .unwrap_or_else(ProxyConfig::disabled)
}
