//! The issuer's keys (JWKS, RFC 7517), kept for an hour. A key id that is not among them fetches them again.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use market_outside::{Kept, Web};

use crate::{IdentityError, Refused};

const FRESH_FOR: SignedDuration = SignedDuration::from_hours(1);

/// An issuer's published keys.
pub struct IssuerKeys {
    url: String,
    web: Web,
    keys: Kept<HashMap<String, DecodingKey>>,
}

impl std::fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuerKeys").field("url", &self.url).finish_non_exhaustive()
    }
}

impl IssuerKeys {
    /// The keys at a JWKS address.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), web: Web::default(), keys: Kept::fresh_for(FRESH_FOR) }
    }

    pub(crate) async fn get(&self, kid: &str, now: Timestamp) -> Result<DecodingKey, IdentityError> {
        self.keys
            .get(now, |keys| keys.contains_key(kid), async || self.fetch().await)
            .await
            .map_err(|error| IdentityError::Unavailable(error.to_string()))?
            .get(kid)
            .cloned()
            .ok_or(IdentityError::Invalid(Refused::UnknownKey))
    }

    async fn fetch(&self) -> Result<HashMap<String, DecodingKey>, String> {
        let read = |body: &[u8]| -> Result<_, String> {
            let set: JwkSet = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            let named = set
                .keys
                .iter()
                .filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)));
            Ok(named.collect())
        };
        self.web.get(&self.url, read).await.map_err(|error| error.to_string())
    }
}
