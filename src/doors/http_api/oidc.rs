//! Tokens of OpenID Connect: signed by an issuer that a client names, for its audience, and
//! saying of their bearer what the client's claims ask for.
//!
//! What a token says of itself is not believed before its signature is checked, but for the
//! issuer whose keys that takes, which has to be one of the configured ones. Where its
//! header says that keys are found (`jku`, `jwk`, `x5u`, `x5c`) is never looked at.

mod keys;
mod ring;

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};

use self::keys::Keys;
use crate::domain::client::{Client, Oidc, Proof};
use outbound::http::Client as Http;

/// Both are signed with a private key: what only shows that somebody knows a shared secret,
/// or nothing at all, is not taken.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::RS256, Algorithm::ES256];
/// By how much clocks may differ, in seconds.
const SKEW: u64 = 60;

/// The issuers that clients name.
pub(super) struct Issuers(HashMap<String, Issuer>);

struct Issuer {
    keys: Keys,
    /// In the order of the file.
    clients: Vec<(Oidc, Arc<Client>)>,
}

/// Why a token shows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotProven {
    Refused(&'static str),
    /// This issuer does not tell its keys.
    Away(String),
}

impl Issuers {
    pub(super) fn new(clients: &[Arc<Client>], http: &Http) -> Self {
        let mut issuers = HashMap::new();
        for client in clients {
            let Proof::Oidc(oidc) = &client.proof else { continue };
            let issuer = issuers
                .entry(oidc.issuer.clone())
                .or_insert_with(|| Issuer { keys: Keys::of(&oidc.issuer, http), clients: Vec::new() });
            issuer.clients.push((oidc.clone(), client.clone()));
        }
        if !issuers.is_empty() {
            ring::install();
        }
        Self(issuers)
    }

    /// The first client that this token fits.
    pub(super) async fn client(&self, token: &str) -> Result<Arc<Client>, NotProven> {
        let unknown = NotProven::Refused("This is no token of any client.");
        let (Some(says), Some(header)) = (part(token, 1), part(token, 0)) else { return Err(unknown) };
        let named = says.get("iss").and_then(Value::as_str);
        let Some((name, issuer)) = named.and_then(|name| self.0.get_key_value(name)) else { return Err(unknown) };
        if header.contains_key("crit") {
            return Err(NotProven::Refused("The token asks for what is not understood here (\"crit\")."));
        }
        let claims = issuer.verified(name, token).await?;
        let fitting = issuer.clients.iter().find(|(oidc, _)| fits(oidc, &claims));
        let misfit = "No client has the audience and the claims of this token.";
        fitting.map(|(_, client)| client.clone()).ok_or(NotProven::Refused(misfit))
    }
}

impl Issuer {
    /// What a token says, once it is plain that the issuer has signed it.
    async fn verified(&self, name: &str, token: &str) -> Result<Map<String, Value>, NotProven> {
        let signature = NotProven::Refused("The token is not signed as it has to be, with RS256 or ES256.");
        let header = decode_header(token).map_err(|_| signature.clone())?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(signature);
        }
        let keys = self.keys.for_token(header.kid.as_deref(), header.alg).await;
        let keys = keys.ok_or_else(|| NotProven::Away(name.to_owned()))?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = SKEW;
        validation.validate_nbf = true;
        // Whose audience it is, is seen when its client is looked for.
        validation.validate_aud = false;
        validation.set_issuer(&[name]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        let mut why = NotProven::Refused("The token is signed with a key that its issuer does not have.");
        for key in keys {
            match decode::<Map<String, Value>>(token, &key, &validation) {
                Ok(read) => return Ok(read.claims),
                Err(error) => why = refusal(&error),
            }
        }
        Err(why)
    }
}

fn refusal(error: &jsonwebtoken::errors::Error) -> NotProven {
    use jsonwebtoken::errors::ErrorKind;
    NotProven::Refused(match error.kind() {
        ErrorKind::ExpiredSignature => "The token has expired.",
        ErrorKind::ImmatureSignature => "The token is not valid yet.",
        ErrorKind::MissingRequiredClaim(_) => "The token lacks a claim that it has to have.",
        _ => "The token is not signed by its issuer, or cannot be read.",
    })
}

/// Whether a token is for this client: its audience, and each of its claims, equal or in a
/// list.
fn fits(oidc: &Oidc, claims: &Map<String, Value>) -> bool {
    let is = |name: &str, wanted: &Value| match claims.get(name) {
        Some(Value::Array(list)) => list.contains(wanted),
        Some(value) => value == wanted,
        None => false,
    };
    is("aud", &Value::from(oidc.audience.as_str())) && oidc.claims.iter().all(|(name, wanted)| is(name, wanted))
}

/// A part of a token, before anything of it is believed.
fn part(token: &str, number: usize) -> Option<Map<String, Value>> {
    let parts: Vec<_> = token.split('.').collect();
    let [_, _, _] = &*parts else { return None };
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(parts[number]).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn audience_and_claims_are_equal_or_in_a_list() {
        let oidc = Oidc {
            issuer: "https://issuer.example".into(),
            audience: "bot".into(),
            claims: [("repository".to_owned(), json!("acme/shop")), ("run".to_owned(), json!(7))].into(),
        };
        let fits = |claims: Value| fits(&oidc, claims.as_object().unwrap());
        for good in [
            json!({ "aud": "bot", "repository": "acme/shop", "run": 7 }),
            json!({ "aud": ["a", "bot"], "repository": ["acme/shop"], "run": 7, "more": 1 }),
        ] {
            assert!(fits(good.clone()), "{good}");
        }
        for bad in [
            json!({ "aud": "bot", "repository": "acme/shop" }),
            json!({ "aud": "bots", "repository": "acme/shop", "run": 7 }),
            json!({ "repository": "acme/shop", "run": 7 }),
            json!({ "aud": ["a"], "repository": "acme/shop", "run": 7 }),
            json!({ "aud": "bot", "repository": "acme/shop-2", "run": 7 }),
            json!({ "aud": "bot", "repository": { "0": "acme/shop" }, "run": 7 }),
            json!({ "aud": "bot", "repository": "acme/shop", "run": "7" }),
            json!({ "aud": "bot", "repository": ["acme/sho", "p"], "run": 7 }),
        ] {
            assert!(!fits(bad.clone()), "{bad}");
        }
    }
}
