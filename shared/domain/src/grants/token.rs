//! The provider's token for a grant: it names the grant and carries a secret of 256 bits.
//!
//! Only the secret's hash is stored, and it is stored in the grant: ending the grant and killing the
//! token are one write of one item. A token is checked by loading the grant that it names.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::hash::Sha256Hash;
use crate::ids::{AccountId, GrantId};

/// What is stored of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDigest {
    /// The hash of its secret.
    pub sha256: Sha256Hash,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// A token in full; only its holder has it.
#[derive(Clone, PartialEq, Eq)]
pub struct GrantToken {
    /// The merchant.
    pub account_id: AccountId,
    /// The grant.
    pub grant_id: GrantId,
    secret: String,
}

/// Not a token of this market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a grant token")]
pub struct NotAToken;

impl GrantToken {
    /// A token from a fresh secret.
    #[must_use]
    pub fn new(account_id: AccountId, grant_id: GrantId, secret: [u8; 32]) -> Self {
        Self { account_id, grant_id, secret: hex::encode(secret) }
    }

    /// What to store of it.
    #[must_use]
    pub fn digest(&self, issued_at: Timestamp) -> TokenDigest {
        TokenDigest { sha256: Sha256Hash::of(self.secret.as_bytes()), issued_at }
    }

    /// Whether it is the token of this digest. Hashes are compared, so timing tells nothing of the secret.
    #[must_use]
    pub fn matches(&self, digest: &TokenDigest) -> bool {
        Sha256Hash::of(self.secret.as_bytes()) == digest.sha256
    }
}

impl fmt::Debug for GrantToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrantToken({}/{}/…)", self.account_id, self.grant_id)
    }
}

impl fmt::Display for GrantToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mgt~{}~{}~{}", self.account_id, self.grant_id, self.secret)
    }
}

impl FromStr for GrantToken {
    type Err = NotAToken;

    fn from_str(raw: &str) -> Result<Self, NotAToken> {
        let mut parts = raw.split('~');
        match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("mgt"), Some(account), Some(grant), Some(secret), None)
                if secret.len() == 64 && secret.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) =>
            {
                Ok(Self {
                    account_id: account.parse().map_err(|_| NotAToken)?,
                    grant_id: grant.parse().map_err(|_| NotAToken)?,
                    secret: secret.to_owned(),
                })
            }
            _ => Err(NotAToken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_being_written_and_read_and_hides_its_secret_from_logs() {
        let grant = GrantId::new(Timestamp::UNIX_EPOCH, [7; 10]);
        let token = GrantToken::new("shop-1".parse().unwrap(), grant, [9; 32]);
        let read: GrantToken = token.to_string().parse().unwrap();
        assert!(read == token && read.matches(&token.digest(Timestamp::UNIX_EPOCH)));
        assert!(!format!("{token:?}").contains("0909"));
    }

    #[test]
    fn anything_else_is_not_a_token() {
        for bad in ["", "mgt~a~b", "mgt~a~grt_0~00", "jwt.a.b", "mgt~a#b~grt~00"] {
            assert!(bad.parse::<GrantToken>().is_err(), "{bad:?}");
        }
    }
}
