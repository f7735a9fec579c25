//! The tokens of a grant as stored: their secrets' hashes.

use jiff::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, GrantId};
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::values::{Trusted, each};
use serde::{Deserialize, Serialize};

use crate::grants::token::{GrantTokens, TokenDigest};

#[derive(Debug, Serialize, Deserialize)]
pub struct StoredDigest {
    sha256: Trusted<Sha256Hash>,
    issued_at: Timestamp,
}

impl StoredDigest {
    pub fn of(digest: TokenDigest) -> Self {
        let TokenDigest { sha256, issued_at } = digest;
        Self { sha256: Trusted(sha256), issued_at }
    }

    pub fn restore(self) -> TokenDigest {
        TokenDigest { sha256: self.sha256.0, issued_at: self.issued_at }
    }
}

/// See [`GrantTokens`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredGrantTokens {
    account_id: Trusted<AccountId>,
    grant_id: Trusted<GrantId>,
    digests: Vec<StoredDigest>,
}

impl Storable for GrantTokens {
    type Form = StoredGrantTokens;
}

impl StoredForm for StoredGrantTokens {
    type State = GrantTokens;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(tokens: GrantTokens) -> Self {
        let GrantTokens { account_id, grant_id, digests } = tokens;
        Self {
            account_id: Trusted(account_id),
            grant_id: Trusted(grant_id),
            digests: each(digests, StoredDigest::of),
        }
    }

    fn restore(self) -> GrantTokens {
        GrantTokens {
            account_id: self.account_id.0,
            grant_id: self.grant_id.0,
            digests: each(self.digests, StoredDigest::restore),
        }
    }
}
