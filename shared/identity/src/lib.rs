//! Who is calling: bearer tokens of an OpenID issuer, verified against its published keys.
//!
//! One code verifies everywhere, locally and deployed. The algorithm is pinned by configuration, never
//! read from the token; `iss`, `aud`, `exp` and `nbf` must be present and hold. Time is the market's own:
//! the library's clock is not asked. On AWS the gateway's authorizer verifies, and hands on what it found
//! ([`Verified`]): whoever receives that decides again whether it still holds.

mod keys;
mod verified;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use keys::IssuerKeys;
pub use verified::Verified;

/// In what capacity someone calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A merchant, for its own account: the subject is the account's id.
    Merchant,
    /// A provider, for itself: the subject is the provider's id.
    Provider,
    /// The operator's staff.
    Operator,
    /// A platform data API that checks grant tokens.
    DataGateway,
    /// The upstream platform.
    Upstream,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Merchant, Self::Provider, Self::Operator, Self::DataGateway, Self::Upstream];

    /// Its name in tokens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Provider => "provider",
            Self::Operator => "operator",
            Self::DataGateway => "data_gateway",
            Self::Upstream => "upstream",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.name() == name).ok_or(UnknownRole)
    }
}

/// No role has that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no role has that name")]
pub struct UnknownRole;

/// A verified caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// In what capacity.
    pub role: Role,
    /// Who: the token's `sub`.
    pub subject: String,
}

/// The token of an `Authorization` header's value, where its scheme is `Bearer` (RFC 6750).
#[must_use]
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The claims of a token for the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer.
    pub iss: String,
    /// For whom the token is.
    pub aud: String,
    /// Who.
    pub sub: String,
    /// In what capacity.
    pub market_role: Role,
    /// Not before, in seconds.
    pub nbf: i64,
    /// Not at or after, in seconds.
    pub exp: i64,
}

/// What is read of a verified token; the library has compared issuer and audience, which may be a list.
#[derive(Deserialize)]
struct Read {
    sub: String,
    market_role: Role,
    nbf: i64,
    exp: i64,
}

/// Why a caller was not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The token is not one of ours, or not valid now. The text is for logs.
    #[error("invalid token: {0}")]
    Invalid(String),
    /// The issuer's keys cannot be had, so nothing can be said of the token.
    #[error("the issuer's keys cannot be had: {0}")]
    Unavailable(String),
}

/// Verifies tokens of one issuer for one audience.
#[derive(Debug)]
pub struct Verifier {
    keys: IssuerKeys,
    validation: Validation,
}

impl Verifier {
    /// A verifier. `algorithm` is what the issuer signs with; tokens of any other are refused.
    #[must_use]
    pub fn new(keys: IssuerKeys, issuer: &str, audience: &str, algorithm: Algorithm) -> Self {
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "nbf", "sub"]);
        // Presence is required above; the instants are compared with the market's time below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self { keys, validation }
    }

    /// Verifies a token at an instant.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Verified, IdentityError> {
        let invalid = |error: jsonwebtoken::errors::Error| IdentityError::Invalid(error.to_string());
        let kid = decode_header(token)
            .map_err(invalid)?
            .kid
            .ok_or_else(|| IdentityError::Invalid("no kid".to_owned()))?;
        let key = self.keys.get(&kid, now).await?;
        let claims = decode::<Read>(token, &key, &self.validation).map_err(invalid)?.claims;
        if now.as_second() < claims.nbf {
            return Err(IdentityError::Invalid("not valid yet".to_owned()));
        }
        let verified = Verified {
            principal: Principal { role: claims.market_role, subject: claims.sub },
            expires_at: claims.exp,
        };
        verified.at(now)?;
        Ok(verified)
    }
}
