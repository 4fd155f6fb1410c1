//! An S3 whose certificate a company's own authority vouches for.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::setup::{Backends, Setup};

const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/authority.pem");

/// Speaks TLS before an HTTP server; ends with the set.
async fn tls_before(server: &str) -> (String, JoinSet<()>) {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("../../../fixtures/tls/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../../fixtures/tls/server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = server.trim_start_matches("http://").to_owned();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut lines = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), server.clone());
            lines.spawn(async move {
                if let Ok(mut client) = acceptor.accept(client).await {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    drop(copy_bidirectional(&mut client, &mut server).await);
                }
            });
        }
    });
    (url, serving)
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_where_it_is_named() {
    let backends = Backends::start().await;
    let (url, _serving) = tls_before(&backends.s3.endpoint()).await;
    let mut setup = Setup::healthy(&backends).await;
    setup.set("AWS_ENDPOINT_URL_S3", url);

    let aws = |said: &str| said.lines().filter(|line| line.contains(" AWS ")).map(str::to_owned).collect::<Vec<_>>();
    let stranger = aws(&setup.check(&[]).await.said);
    assert_eq!(stranger.len(), 2);
    for line in stranger {
        assert!(line.starts_with("FAIL") && line.contains("certificate") && line.contains("AWS_CA_BUNDLE"), "{line}");
    }

    // By the profile alone.
    setup.replace("credentials", "[sandbox]\n", &format!("[sandbox]\nca_bundle = {AUTHORITY}\n"));
    let by_profile = aws(&setup.check(&[]).await.said);
    assert!(
        by_profile[0].starts_with("ok   AWS sandbox") && by_profile[1].starts_with("FAIL AWS production"),
        "{by_profile:?}"
    );

    // The environment has the last word.
    setup.replace("credentials", AUTHORITY, "/no/such.pem");
    let missing = aws(&setup.check(&[]).await.said);
    assert!(missing[0].contains("the file that its ca_bundle names cannot be read"), "{missing:?}");
    setup.set("AWS_CA_BUNDLE", AUTHORITY);
    let outcome = setup.check(&[]).await;
    assert_eq!(outcome.code, Some(0), "{}", outcome.said);
}
