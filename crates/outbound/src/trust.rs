//! Whom a TLS connection trusts where that is not what the system trusts: certificates
//! from a file in PEM form, as companies give them out.

use std::path::Path;

use base64::Engine;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The certificates of a file, in PEM form: those that can vouch for others. What else is
/// in the file does not matter, or what is wrong with it, as the end of a sentence.
pub fn certificates(path: &Path) -> Result<Vec<u8>, String> {
    let text = std::fs::read(path).map_err(|error| format!("cannot be read ({})", error.kind()))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text).collect();
    let mut pem = String::new();
    for certificate in found.into_iter().flatten() {
        if RootCertStore::empty().add(certificate.clone()).is_ok() {
            let body = base64::engine::general_purpose::STANDARD.encode(&certificate);
            pem += &format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        }
    }
    match pem.is_empty() {
        false => Ok(pem.into_bytes()),
        true => Err("holds no certificate in PEM form".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_found_among_other_things() {
        let dir = tempfile::tempdir().expect("a folder");
        let read = |text: &str| {
            let path = dir.path().join("bundle.pem");
            std::fs::write(&path, text).expect("written");
            certificates(&path).map(|pem| String::from_utf8(pem).expect("text").matches("BEGIN").count())
        };
        let authority = include_str!("../../../tests/fixtures/tls/authority.pem");
        let server = include_str!("../../../tests/fixtures/tls/server.pem");
        let key = include_str!("../../../tests/fixtures/tls/server.key");
        assert_eq!(read(authority), Ok(1));
        assert_eq!(read(&format!("# Subject: me\n{authority}\n{key}{server}")), Ok(2));
        let broken = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        assert_eq!(read(&format!("{broken}{authority}")), Ok(1));
        for nothing in ["", "hello", key, broken, "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n"] {
            assert_eq!(read(nothing), Err("holds no certificate in PEM form".to_owned()), "{nothing}");
        }
        let missing = certificates(&dir.path().join("none.pem"));
        assert_eq!(missing, Err("cannot be read (entity not found)".to_owned()));
    }
}
