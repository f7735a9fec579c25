//! The provider's tokens for a grant: each names the grant and carries a secret of 256 bits.
//!
//! Only the secrets' hashes are stored, and they are stored beside the grant: however often a provider asks for a
//! token, it never writes the item that the merchant must be able to end. A token holds only while its grant, read
//! with it, is active. So ending the grant kills every token, and nothing else has to be written for it.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, GrantId};
use market_kernel::keys::{Key, Place};
use market_kernel::occasion::Occasion;
use market_parties::accounts::MarketAccount;

use super::Grant;
use crate::events;

/// How long a token stays good after the one that replaces it, so that two workers that ask at once both work.
pub const OVERLAP: SignedDuration = SignedDuration::from_secs(60);
/// The most tokens of one grant that are good at once.
pub const MAX_TOKENS: usize = 16;

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

/// The tokens of one grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantTokens {
    /// The merchant.
    pub account_id: AccountId,
    /// The grant.
    pub grant_id: GrantId,
    /// Those that may still be good, in the order in which they were issued.
    pub digests: Vec<TokenDigest>,
}

/// Why a token was not issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueRefusal {
    /// The grant is over.
    #[error("the grant is not active")]
    Ended,
    /// Too many are good already.
    #[error("{MAX_TOKENS} tokens of this grant were issued within {} seconds", OVERLAP.as_secs())]
    TooMany,
}

impl GrantTokens {
    /// Issues a token. The one before stays good for [`OVERLAP`].
    ///
    /// The change names neither the grant nor the account: the merchant must be able to end both, whatever the
    /// provider repeats. A token that is issued while its grant ends is dead with it.
    ///
    /// # Errors
    /// See [`IssueRefusal`].
    pub fn issue(
        loaded: Option<&Loaded<Self>>,
        grant: &Grant,
        account: &MarketAccount,
        digest: TokenDigest,
        occasion: &Occasion,
    ) -> Result<(Self, Change), IssueRefusal> {
        if !grant.is_active_at(account, occasion.at) {
            return Err(IssueRefusal::Ended);
        }
        let mut digests = good(grant, loaded.map(|tokens| &tokens.state), occasion.at);
        if digests.len() >= MAX_TOKENS {
            return Err(IssueRefusal::TooMany);
        }
        let event = Event::of(events::TokenIssued { replaces: !digests.is_empty() });
        digests.push(digest);
        let tokens = Self { account_id: grant.account_id.clone(), grant_id: grant.id.clone(), digests };
        let change = match loaded {
            Some(loaded) => Change::on(occasion).update(loaded, &tokens, event),
            None => Change::on(occasion).create(&tokens, event),
        };
        Ok((tokens, change))
    }
}

/// The digests of the tokens that are good at an instant, as long as their grant is active: the newest, and those
/// that were replaced less than [`OVERLAP`] ago. A grant may hold one itself, from when it held all of them.
#[must_use]
pub fn good(grant: &Grant, tokens: Option<&GrantTokens>, at: Timestamp) -> Vec<TokenDigest> {
    let beside = tokens.map(|tokens| tokens.digests.as_slice()).unwrap_or_default();
    let mut all: Vec<_> = grant
        .token
        .iter()
        .chain(beside.iter().filter(|one| grant.token.as_ref() != Some(one)))
        .cloned()
        .collect();
    all.sort_by_key(|digest| digest.issued_at);
    let replaced_at: Vec<_> = all.iter().skip(1).map(|next| next.issued_at).map(Some).chain([None]).collect();
    all.into_iter()
        .zip(replaced_at)
        .filter(|(_, replaced_at)| replaced_at.is_none_or(|replaced_at| at < until(replaced_at)))
        .map(|(digest, _)| digest)
        .collect()
}

fn until(replaced_at: Timestamp) -> Timestamp {
    replaced_at.saturating_add(OVERLAP).unwrap_or(replaced_at)
}

impl Aggregate for GrantTokens {
    type Id = (AccountId, GrantId);
    const KIND: &'static str = "token";
    const PLACE: Place = Place::Within("token#");

    fn key_of((account, grant): &Self::Id) -> Key {
        Self::PLACE.within(account, grant)
    }

    fn key(&self) -> Key {
        Self::key_of(&(self.account_id.clone(), self.grant_id.clone()))
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
