//! The keys of an issuer, fetched where its discovery document says, and kept for a while.

use std::time::Duration;

use anyhow::{Context, ensure};
use axum::body::Bytes;
use axum::http::StatusCode;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use outbound::http::Client;
use outbound::https::is_confidential;

/// For so long keys are not asked for again.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// For so long they are good if the issuer is away.
const GOOD: Duration = Duration::from_secs(60 * 60);
/// An unknown key has them fetched again, this often at most; and so does an issuer that
/// is away.
const AGAIN: Duration = Duration::from_secs(10);
/// How long fetching a document may take: there are two, and whoever calls waits.
const FETCH: Duration = Duration::from_millis(1_800);
/// A document is no larger, in bytes.
const LARGEST: usize = 1024 * 1024;

/// The keys of one issuer.
pub(super) struct Keys {
    issuer: String,
    http: Client,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: Vec<Jwk>,
    /// When they were fetched.
    fetched: Option<Instant>,
    /// When that was tried last, and whether it failed.
    tried: Option<Instant>,
    failed: bool,
}

impl Keys {
    pub(super) fn of(issuer: &str, http: &Client) -> Self {
        Self { issuer: issuer.to_owned(), http: http.within(FETCH).at_most(LARGEST), known: Mutex::default() }
    }

    /// The keys that may have signed such a token; none: there is no such key. `None`: the
    /// issuer does not tell.
    pub(super) async fn for_token(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Vec<DecodingKey>> {
        // One asks for all who wait.
        let mut known = self.known.lock().await;
        let stale = known.fetched.is_none_or(|at| at.elapsed() > FRESH);
        let missing = kid.is_some_and(|kid| known.keys.iter().all(|key| key.common.key_id.as_deref() != Some(kid)));
        let tried_lately = known.tried.is_some_and(|at| at.elapsed() < AGAIN);
        if (stale || missing) && !tried_lately {
            known.tried = Some(Instant::now());
            match self.fetch().await {
                Ok(keys) => (known.keys, known.fetched, known.failed) = (keys, Some(Instant::now()), false),
                Err(error) => {
                    known.failed = true;
                    let error = format!("{error:#}");
                    tracing::warn!(issuer = self.issuer, error, "the keys of an issuer cannot be fetched");
                }
            }
        }
        known.fetched.filter(|at| at.elapsed() <= GOOD)?;
        let is_unknown = kid.is_some_and(|kid| known.keys.iter().all(|key| key.common.key_id.as_deref() != Some(kid)));
        // It may be one of those that the issuer does not tell now.
        if is_unknown && known.failed {
            return None;
        }
        let fitting = known.keys.iter().filter(|key| fits(key, kid, algorithm));
        Some(fitting.filter_map(|key| DecodingKey::from_jwk(key).ok()).collect())
    }

    async fn fetch(&self) -> anyhow::Result<Vec<Jwk>> {
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let place = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let found: Discovery = serde_json::from_slice(&self.get(&place).await?).context("the discovery document")?;
        ensure!(found.issuer == self.issuer, "the discovery document is of another issuer, {:?}", found.issuer);
        // What is fetched in the clear is anybody's.
        ensure!(
            Url::parse(&found.jwks_uri).is_ok_and(|url| is_confidential(&url)),
            "the keys are at {:?}, which is not https",
            found.jwks_uri
        );
        let set: Set = serde_json::from_slice(&self.get(&found.jwks_uri).await?).context("the keys")?;
        // One that is not understood is none of those that count.
        Ok(set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
    }

    /// A document. Nobody is followed elsewhere.
    async fn get(&self, place: &str) -> anyhow::Result<Bytes> {
        let answer = self.http.get(place).await.with_context(|| place.to_owned())?;
        ensure!(answer.status() == StatusCode::OK, "{place}: the answer is {}", answer.status());
        Ok(answer.into_body())
    }
}

/// Whether a key may have signed a token of this algorithm.
fn fits(key: &Jwk, kid: Option<&str>, algorithm: Algorithm) -> bool {
    let is_of_it = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256) => true,
        (AlgorithmParameters::EllipticCurve(it), Algorithm::ES256) => it.curve == EllipticCurve::P256,
        _ => false,
    };
    let named = kid.is_none_or(|kid| key.common.key_id.as_deref() == Some(kid));
    let for_it = key.common.key_algorithm.as_ref().is_none_or(|its| its.to_string() == format!("{algorithm:?}"));
    let signs = key.common.public_key_use.as_ref().is_none_or(|its| *its == PublicKeyUse::Signature);
    is_of_it && named && for_it && signs
}
