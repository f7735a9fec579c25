//! A grant as the parties see it: without what is stored of its token.

use market_domain::Timestamp;
use market_domain::grants::{Grant, GrantStatus};
use market_domain::hash::Sha256Hash;
use market_domain::ids::{AccountId, GrantId, ListingId, OrderId, ProviderId};
use market_domain::listings::Scope;
use market_domain::text::Line;
use schemars::JsonSchema;
use serde::Serialize;

/// A merchant's permission to use named data.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Grant")]
pub struct GrantView {
    id: GrantId,
    account_id: AccountId,
    order_id: OrderId,
    provider_id: ProviderId,
    listing_id: ListingId,
    listing_name: Line,
    /// What is granted, with purpose and method, as it was shown.
    scopes: Vec<Scope>,
    /// The hash of the authorization page that was shown.
    page_sha256: Sha256Hash,
    #[schemars(with = "String")]
    granted_at: Timestamp,
    /// From this very instant on it is refused, whatever `status` says.
    #[schemars(with = "String")]
    expires_at: Timestamp,
    /// Whether the provider holds a token.
    has_token: bool,
    /// What is recorded; `active` until its end is, too.
    #[serde(flatten)]
    status: GrantStatus,
}

impl From<Grant> for GrantView {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id,
            account_id: grant.account_id,
            order_id: grant.order_id,
            provider_id: grant.provider_id,
            listing_id: grant.listing_id,
            listing_name: grant.listing_name,
            scopes: grant.scopes,
            page_sha256: grant.page_sha256,
            granted_at: grant.granted_at,
            expires_at: grant.expires_at,
            has_token: grant.token.is_some(),
            status: grant.status,
        }
    }
}
