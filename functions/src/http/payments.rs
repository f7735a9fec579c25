//! Payment callbacks are signed by the Standard Webhooks scheme: HMAC-SHA256 over id, timestamp and body.
//!
//! Several keys can be in force, so that one can be rotated without a gap; a signature by none of them has the
//! secret read again, at most once a minute. The library signs, and the two signatures are compared by their
//! hashes, so timing tells nothing; its own check of the timestamp asks the machine's clock and is not used.

use axum::http::HeaderMap;
use market_kernel::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_outside::secret::FRESH_FOR;
use market_outside::{Kept, Secret, signing};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

use super::problem::Problem;
use super::problems;

/// How far a callback's timestamp may lie from the market's time, in seconds.
pub const SIGNATURE_TOLERANCE_SECONDS: i64 = 300;

/// The keys that the payment system signs with: a secret with one or more, with commas or white space between.
#[derive(Debug)]
pub struct PaymentKeys {
    secret: Secret,
    keys: Kept<Keys>,
}

struct Keys(Vec<Webhook>);

/// What is given are no payment keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadKeys(String);

impl PaymentKeys {
    /// The keys in a secret.
    #[must_use]
    pub fn of(secret: Secret) -> Self {
        Self { secret, keys: Kept::fresh_for(FRESH_FOR) }
    }

    /// The keys as they are.
    ///
    /// # Errors
    /// Where there is none, or one of them is none.
    pub fn given(keys: &str) -> Result<Self, BadKeys> {
        Keys::read(keys).map_err(BadKeys)?;
        Ok(Self::of(Secret::Given(keys.to_owned())))
    }

    /// Whether one of the keys signed these bytes, lately.
    ///
    /// # Errors
    /// `invalid-signature`, whatever is wrong with it; `unavailable` where the keys cannot be had.
    pub async fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Problem> {
        let invalid = || Problem::new(problems::INVALID_SIGNATURE);
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).ok_or_else(invalid);
        let id = header(HEADER_WEBHOOK_ID)?;
        let timestamp: i64 = header(HEADER_WEBHOOK_TIMESTAMP)?.parse().map_err(|_| invalid())?;
        let given = header(HEADER_WEBHOOK_SIGNATURE)?;
        if now.as_second().abs_diff(timestamp) > SIGNATURE_TOLERANCE_SECONDS.unsigned_abs() {
            return Err(invalid());
        }
        let genuine = |keys: &Keys| keys.signed(given, id, timestamp, body);
        let fetch = async || Keys::read(&self.secret.fetch().await?);
        let keys = self.keys.get(now, genuine, fetch).await.map_err(|reason| {
            tracing::error!(%reason, secret = ?self.secret, "the payment keys cannot be had");
            Problem::new(problems::UNAVAILABLE)
        })?;
        if genuine(&keys) { Ok(()) } else { Err(invalid()) }
    }
}

/// The sender's id of a message, which its signature covers: the same for every repeat of it.
#[must_use]
pub fn message_id(headers: &HeaderMap) -> &str {
    headers.get(HEADER_WEBHOOK_ID).and_then(|id| id.to_str().ok()).unwrap_or_default()
}

impl Keys {
    fn read(text: &str) -> Result<Self, String> {
        let keys = text.split([',', ' ', '\n', '\r', '\t']).filter(|key| !key.is_empty());
        let keys: Vec<_> =
            keys.map(|key| signing::key(key).map_err(|error| error.to_string())).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err("the secret holds no payment key".to_owned()) } else { Ok(Self(keys)) }
    }

    fn signed(&self, given: &str, id: &str, timestamp: i64, body: &[u8]) -> bool {
        self.0.iter().filter_map(|key| key.sign(id, timestamp, body).ok()).any(|signature| {
            let expected = Sha256Hash::of(signature.as_bytes());
            given.split(' ').any(|candidate| Sha256Hash::of(candidate.as_bytes()) == expected)
        })
    }
}
