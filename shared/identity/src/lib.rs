//! Who is calling: bearer tokens of an OpenID issuer, verified against its published keys.
//!
//! One code verifies everywhere, locally and deployed. The algorithm is pinned by configuration, never
//! read from the token; what a token must say and where is in [`terms`]. Time is the market's own: the
//! library's clock is not asked. Whom it names becomes an id that names no person ([`subjects`]), before anything
//! else sees it. On AWS the gateway's authorizer verifies, and hands on what it found ([`VerifiedCaller`]): whoever
//! receives that decides again whether it still holds.

mod keys;
mod refused;
mod scopes;
pub mod subjects;
pub mod terms;
mod verified;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use keys::IssuerKeys;
pub use refused::Refused;
pub use scopes::{NoScopes, Scopes};
pub use subjects::{SubjectRule, Subjects};
pub use terms::{ClaimName, NotBefore, Terms};
pub use verified::VerifiedCaller;

/// In what capacity someone calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A merchant, for its own account: its id is the account's.
    Merchant,
    /// A provider, for itself.
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
    /// Who: the id that the token's subject became. A merchant's is its account's, a provider's its provider id.
    pub subject: String,
    /// What of its role's rights the token has.
    pub scopes: Scopes,
}

/// The token of an `Authorization` header's value, where its scheme is `Bearer` (RFC 6750).
#[must_use]
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The claims of a token for the market, under their usual names.
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
    /// What of its role's rights the token has; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_scope: Option<String>,
}

/// Why a caller was not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The token is not one of ours, or not valid now.
    #[error("invalid token: {0}")]
    Invalid(#[from] Refused),
    /// The issuer's keys cannot be had, so nothing can be said of the token.
    #[error("the issuer's keys cannot be had: {0}")]
    Unavailable(String),
    /// The token is good, and the key by which its subject becomes an id cannot be had.
    #[error("the key of subjects cannot be had: {0}")]
    NoSubjectKey(String),
}

/// Verifies tokens of one issuer for one audience.
#[derive(Debug)]
pub struct Verifier {
    keys: IssuerKeys,
    terms: Terms,
    validation: Validation,
    subjects: Subjects,
}

impl Verifier {
    /// A verifier of tokens by these terms, whose subjects become ids by this rule.
    #[must_use]
    pub fn new(keys: IssuerKeys, terms: Terms, subjects: Subjects) -> Self {
        let mut validation = Validation::new(terms.algorithm);
        validation.set_issuer(&[&terms.issuer]);
        validation.set_audience(&[&terms.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub"]);
        // The library knows whole seconds and its own clock. Times are read and compared by the terms.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self { keys, terms, validation, subjects }
    }

    /// Verifies a token at an instant.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedCaller, IdentityError> {
        let header = decode_header(token).map_err(|_| Refused::NotReadable)?;
        let kid = header.kid.filter(|_| header.crit.is_none()).ok_or(Refused::NotReadable)?;
        let key = self.keys.get(&kid, now).await?;
        let claims = decode(token, &key, &self.validation).map_err(|error| self.why(&error))?.claims;
        let said = self.terms.read(&claims, now)?;
        let subject = self.subjects.id(said.role, &self.terms.issuer, &said.party, now).await?;
        let principal = Principal { role: said.role, subject, scopes: said.scopes };
        Ok(VerifiedCaller { principal, expires_at: said.expires_at })
    }

    /// Why a token does not pass.
    fn why(&self, error: &jsonwebtoken::errors::Error) -> Refused {
        match error.kind() {
            ErrorKind::InvalidSignature => Refused::Signature,
            ErrorKind::InvalidAlgorithm => Refused::Algorithm(format!("{:?}", self.terms.algorithm)),
            ErrorKind::InvalidIssuer => Refused::Issuer(self.terms.issuer.clone()),
            ErrorKind::InvalidAudience => Refused::Audience(self.terms.audience.clone()),
            ErrorKind::MissingRequiredClaim(name) => Refused::Claim(name.clone()),
            _ => Refused::NotReadable,
        }
    }
}
