//! Why a token is refused, in words that its bearer may read (RFC 6750, 3.1): what the market wants is no secret, and of
//! keys and signatures nothing is said but that they do not fit.

use jiff::Timestamp;

/// Why a token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read, names no key, or has an extension that would have to be understood (RFC 7515, 4.1.11).
    #[error("it is not a signed JWT that names its key (kid) and no critical extension")]
    NotReadable,
    /// Signed by an algorithm that the issuer does not use.
    #[error("it is not signed by {0}")]
    Algorithm(String),
    /// The issuer publishes no such key.
    #[error("the issuer publishes no key with its kid")]
    UnknownKey,
    /// The signature does not hold.
    #[error("its signature does not hold")]
    Signature,
    /// Another issuer's.
    #[error("its issuer (iss) is not {0}")]
    Issuer(String),
    /// For someone else.
    #[error("its audience (aud) is not {0}")]
    Audience(String),
    /// Its time is over.
    #[error("it expired at {0}")]
    Expired(Timestamp),
    /// Its time has not begun.
    #[error("it holds from {0} on")]
    NotYet(Timestamp),
    /// A claim that it needs.
    #[error("its claim {0} is missing, or is not what it has to be")]
    Claim(String),
}
