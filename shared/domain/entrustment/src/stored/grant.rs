//! A grant as stored.

use jiff::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, GrantId, ListingId, OrderId, ProviderId};
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::reminders::StoredReminders;
use market_kernel::stored::values::{Name, Trusted, each};
use market_kernel::text::Line;
use market_trade::stored::StoredScope;
use serde::{Deserialize, Serialize};

use super::token::StoredDigest;
use crate::grants::{EndCause, Grant, GrantStatus};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum StoredStatus {
    Active,
    Ended { cause: Name<EndCause>, ended_at: Timestamp },
}

/// See [`Grant`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredGrant {
    id: Trusted<GrantId>,
    account_id: Trusted<AccountId>,
    order_id: Trusted<OrderId>,
    provider_id: Trusted<ProviderId>,
    listing_id: Trusted<ListingId>,
    listing_name: Trusted<Line>,
    scopes: Vec<StoredScope>,
    page_sha256: Trusted<Sha256Hash>,
    granted_at: Timestamp,
    expires_at: Timestamp,
    token: Option<StoredDigest>,
    reminders: StoredReminders,
    #[serde(flatten)]
    status: StoredStatus,
}

impl Storable for Grant {
    type Form = StoredGrant;
}

impl StoredForm for StoredGrant {
    type State = Grant;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(grant: Grant) -> Self {
        let Grant {
            id,
            account_id,
            order_id,
            provider_id,
            listing_id,
            listing_name,
            scopes,
            page_sha256,
            granted_at,
            expires_at,
            token,
            reminders,
            status,
        } = grant;
        Self {
            id: Trusted(id),
            account_id: Trusted(account_id),
            order_id: Trusted(order_id),
            provider_id: Trusted(provider_id),
            listing_id: Trusted(listing_id),
            listing_name: Trusted(listing_name),
            scopes: each(scopes, StoredScope::of),
            page_sha256: Trusted(page_sha256),
            granted_at,
            expires_at,
            token: token.map(StoredDigest::of),
            reminders: StoredReminders::of(reminders),
            status: match status {
                GrantStatus::Active => StoredStatus::Active,
                GrantStatus::Ended { cause, ended_at } => {
                    StoredStatus::Ended { cause: Name(cause), ended_at }
                }
            },
        }
    }

    fn restore(self) -> Grant {
        Grant {
            id: self.id.0,
            account_id: self.account_id.0,
            order_id: self.order_id.0,
            provider_id: self.provider_id.0,
            listing_id: self.listing_id.0,
            listing_name: self.listing_name.0,
            scopes: each(self.scopes, StoredScope::restore),
            page_sha256: self.page_sha256.0,
            granted_at: self.granted_at,
            expires_at: self.expires_at,
            token: self.token.map(StoredDigest::restore),
            reminders: self.reminders.restore(),
            status: match self.status {
                StoredStatus::Active => GrantStatus::Active,
                StoredStatus::Ended { cause, ended_at } => GrantStatus::Ended { cause: cause.0, ended_at },
            },
        }
    }
}
