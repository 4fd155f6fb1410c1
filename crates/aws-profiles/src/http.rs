//! How the AWS SDK dials out: as it does by default, but by the proxy it is told of
//! and no other, and trusting whom it is told to.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use outbound::proxy::Proxy;

/// The client of all services, and of whoever provides credentials. `authorities`, in PEM
/// form, take the place of those that the system trusts.
pub fn client(proxy: Option<&Proxy>, authorities: Option<&[u8]>) -> SharedHttpClient {
    let (proxy, tls) = (config(proxy), context(authorities));
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(proxy.clone()));
        connector.set_tls_context(tls.clone());
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

/// The SDK panics at what is no certificate, so it gets what [`outbound::trust`] found.
fn context(authorities: Option<&[u8]>) -> TlsContext {
    let trusted = match authorities {
        Some(pem) => TrustStore::empty().with_pem_certificate(pem),
        None => TrustStore::default(),
    };
    TlsContext::builder().with_trust_store(trusted).build().unwrap_or_default()
}
