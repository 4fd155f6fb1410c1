//! Whether a delivery over HTTP is Slack's: its signature, and when that was made.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far the clocks may be apart (Slack, "Verifying requests from Slack").
pub const WINDOW_SECONDS: i64 = 300;

/// Why a delivery is not Slack's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSlack {
    #[error("the signature or its timestamp is missing")]
    Missing,
    #[error("the timestamp is more than five minutes away")]
    Stale,
    #[error("the signature does not match")]
    Wrong,
}

/// What the head of a delivery says of its signature: enough to refuse many
/// before any of the body is read.
#[derive(Clone, Debug)]
pub struct Signed<'head> {
    timestamp: &'head str,
    claimed: Vec<u8>,
}

/// Reads the two headers of a signature that was made not more than five minutes
/// from `now` (Unix seconds).
pub fn signed<'head>(
    timestamp: Option<&'head str>,
    signature: Option<&str>,
    now: i64,
) -> Result<Signed<'head>, NotSlack> {
    let (Some(timestamp), Some(signature)) = (timestamp, signature) else { return Err(NotSlack::Missing) };
    let sent: i64 = timestamp.parse().map_err(|_| NotSlack::Missing)?;
    if now.checked_sub(sent).and_then(i64::checked_abs).is_none_or(|apart| apart > WINDOW_SECONDS) {
        return Err(NotSlack::Stale);
    }
    let claimed = signature.strip_prefix("v0=").and_then(|text| hex::decode(text).ok());
    let claimed = claimed.filter(|claimed| claimed.len() == SIGNATURE_BYTES).ok_or(NotSlack::Wrong)?;
    Ok(Signed { timestamp, claimed })
}

/// HMAC-SHA256.
const SIGNATURE_BYTES: usize = 32;

impl Signed<'_> {
    /// Checks that `body` was signed by Slack with `secret`. The comparison takes
    /// constant time.
    pub fn verify(&self, secret: &[u8], body: &[u8]) -> Result<(), NotSlack> {
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| NotSlack::Wrong)?;
        mac.update(b"v0:");
        mac.update(self.timestamp.as_bytes());
        mac.update(b":");
        mac.update(body);
        mac.verify_slice(&self.claimed).map_err(|_| NotSlack::Wrong)
    }
}
