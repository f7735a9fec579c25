//! Payment callbacks are signed by the Standard Webhooks scheme: HMAC-SHA256 over id, timestamp and body.
//!
//! Several keys can be in force, so that one can be rotated without a gap. The library signs, and the two
//! signatures are compared by their hashes, so timing tells nothing; its own check of the timestamp asks
//! the machine's clock and is not used.

use axum::http::HeaderMap;
use market_domain::Timestamp;
use market_domain::hash::Sha256Hash;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

use crate::problem::{Code, Problem};

/// How far a callback's timestamp may lie from the market's time, in seconds.
pub const SIGNATURE_TOLERANCE_SECONDS: i64 = 300;

/// The keys that the payment system signs with.
pub struct PaymentKeys(Vec<Webhook>);

impl std::fmt::Debug for PaymentKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} payment keys", self.0.len())
    }
}

/// A key that is not one (`whsec_` and base64).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment key must be `whsec_` followed by base64")]
pub struct BadKey;

impl PaymentKeys {
    /// The keys in force.
    ///
    /// # Errors
    /// Where one of them is not a key.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, BadKey> {
        keys.into_iter().map(|key| Webhook::new(key).map_err(|_| BadKey)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether one of the keys signed these bytes, lately.
    ///
    /// # Errors
    /// `invalid-signature`, whatever is wrong with it.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Problem> {
        let invalid = || Problem::new(Code::InvalidSignature);
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).ok_or_else(invalid);
        let id = header(HEADER_WEBHOOK_ID)?;
        let timestamp: i64 = header(HEADER_WEBHOOK_TIMESTAMP)?.parse().map_err(|_| invalid())?;
        let given = header(HEADER_WEBHOOK_SIGNATURE)?;
        if now.as_second().abs_diff(timestamp) > SIGNATURE_TOLERANCE_SECONDS.unsigned_abs() {
            return Err(invalid());
        }
        let genuine = self.0.iter().filter_map(|key| key.sign(id, timestamp, body).ok()).any(|signature| {
            let expected = Sha256Hash::of(signature.as_bytes());
            given.split(' ').any(|candidate| Sha256Hash::of(candidate.as_bytes()) == expected)
        });
        if genuine { Ok(()) } else { Err(invalid()) }
    }
}
