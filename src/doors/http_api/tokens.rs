//! Whose token it is: a client's own, known by its digest, or one that an issuer signed.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::StatusCode;
use sha2::{Digest, Sha256};

use super::answer::Refused;
use super::oidc::{Issuers, NotProven};
use crate::domain::client::{Client, Proof};
use outbound::http::Client as Http;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;

/// The clients, by what they are known by.
pub(super) struct Tokens {
    by_digest: HashMap<[u8; 32], Arc<Client>>,
    issuers: Issuers,
}

impl Tokens {
    pub(super) fn new(clients: &[Client], http: &Http) -> Self {
        let clients: Vec<_> = clients.iter().cloned().map(Arc::new).collect();
        let by_digest = clients.iter().filter_map(|client| match &client.proof {
            Proof::Token(digest) => Some((*digest, client.clone())),
            Proof::Oidc(_) => None,
        });
        Self { by_digest: by_digest.collect(), issuers: Issuers::new(&clients, http) }
    }

    /// The client whose token the header `Authorization` brings.
    ///
    /// # Errors
    /// 401, or 503 where an issuer cannot be asked.
    pub(super) async fn client(&self, authorization: Option<&str>) -> Result<Arc<Client>, Refused> {
        let unauthorized = |said: &str| Refused::new(StatusCode::UNAUTHORIZED, said);
        let Some(authorization) = authorization else {
            return Err(unauthorized("Send a token: Authorization: Bearer <token>."));
        };
        let token = match authorization.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => return Err(unauthorized("Send the token so: Authorization: Bearer <token>.")),
        };
        if token.is_empty() || token.len() > LONGEST {
            return Err(unauthorized("This is no token of any client."));
        }
        // Looked up by its digest, how long that takes tells nothing of the token.
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(client) = self.by_digest.get(&digest) {
            return Ok(client.clone());
        }
        match self.issuers.client(token).await {
            Ok(client) => Ok(client),
            Err(NotProven::Away(issuer)) => Err(Refused::away(&format!("The issuer {issuer}"))),
            Err(NotProven::Refused(why)) => Err(unauthorized(why)),
        }
    }
}
