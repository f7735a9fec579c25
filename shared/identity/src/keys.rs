//! The issuer's keys (JWKS, RFC 7517), kept for an hour. A key id that is not among them fetches them again.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use market_outside::{Kept, Web};

use crate::{IdentityError, Refused};

const FRESH_FOR: SignedDuration = SignedDuration::from_hours(1);

/// An issuer's published keys.
pub struct IssuerKeys(Source);

enum Source {
    /// Fetched, and kept.
    At { url: String, web: Web, keys: Kept<Keys> },
    /// Known from the start.
    Given(Keys),
}

type Keys = HashMap<String, DecodingKey>;

impl std::fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Source::At { url, .. } => f.debug_struct("IssuerKeys").field("url", url).finish_non_exhaustive(),
            Source::Given(_) => f.write_str("IssuerKeys(given)"),
        }
    }
}

impl IssuerKeys {
    /// The keys at a JWKS address.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self(Source::At { url: url.into(), web: Web::default(), keys: Kept::fresh_for(FRESH_FOR) })
    }

    /// These keys, of an issuer in the same process.
    #[must_use]
    pub fn given(set: &JwkSet) -> Self {
        Self(Source::Given(named(set)))
    }

    pub(crate) async fn get(&self, kid: &str, now: Timestamp) -> Result<DecodingKey, IdentityError> {
        let found = match &self.0 {
            Source::At { url, web, keys } => keys
                .get(now, |keys| keys.contains_key(kid), async || fetch(web, url).await)
                .await
                .map_err(|error| IdentityError::Unavailable(error.to_string()))?
                .get(kid)
                .cloned(),
            Source::Given(keys) => keys.get(kid).cloned(),
        };
        found.ok_or(IdentityError::Invalid(Refused::UnknownKey))
    }
}

async fn fetch(web: &Web, url: &str) -> Result<Keys, String> {
    let read = |body: &[u8]| -> Result<_, String> {
        let set: JwkSet = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        Ok(named(&set))
    };
    web.get(url, read).await.map_err(|error| error.to_string())
}

/// The keys that can be used, by their names.
fn named(set: &JwkSet) -> Keys {
    let keys = set.keys.iter();
    keys.filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?))).collect()
}
