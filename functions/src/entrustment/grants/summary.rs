//! A grant as lists show it: what is granted by its names alone. Purposes and methods are read with the grant
//! itself.

use market_entrustment::grants::token::GrantTokens;
use market_entrustment::grants::{EndCause, Grant, GrantStatus};
use market_kernel::ids::{AccountId, GrantId, ListingId, OrderId, ProviderId, ScopeName};
use market_kernel::text::Line;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::cursor::ListQuery;
use crate::wire::time::Instant;

/// Where a grant stands, as it is recorded. From `expires_at` on it is refused, whatever is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantStanding {
    /// Given, and its end not recorded yet.
    Active,
    /// Over.
    Ended,
}

impl GrantStanding {
    const fn of(status: &GrantStatus) -> Self {
        match status {
            GrantStatus::Active => Self::Active,
            GrantStatus::Ended { .. } => Self::Ended,
        }
    }
}

/// Which of a party's grants.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantsQuery {
    /// Only those that stand so.
    #[serde(default)]
    status: Option<GrantStanding>,
    /// Only those of this order.
    #[serde(default)]
    order_id: Option<OrderId>,
    #[serde(flatten)]
    pub page: ListQuery,
}

impl GrantsQuery {
    /// Whether it chooses among grants at all.
    #[must_use]
    pub const fn is_of_all(&self) -> bool {
        self.status.is_none() && self.order_id.is_none()
    }

    /// Whether a grant is one of those.
    #[must_use]
    pub fn is_of(&self, grant: &Grant) -> bool {
        self.status.is_none_or(|status| GrantStanding::of(&grant.status) == status)
            && self.order_id.as_ref().is_none_or(|order| grant.order_id == *order)
    }
}

/// A grant in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GrantSummary {
    /// Its id.
    id: GrantId,
    /// The merchant.
    account_id: AccountId,
    /// The order that it was given under.
    order_id: OrderId,
    /// The provider, who was given it.
    provider_id: ProviderId,
    /// The listing.
    listing_id: ListingId,
    /// The listing's name.
    listing_name: Line,
    /// What is granted.
    scopes: Vec<ScopeName>,
    /// When it was given.
    granted_at: Instant,
    /// From this very instant on it is refused, whatever `status` says.
    expires_at: Instant,
    /// Whether the provider holds a token.
    has_token: bool,
    /// What is recorded; `active` until its end is, too.
    status: GrantStanding,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<EndCause>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Instant>,
}

impl GrantSummary {
    /// A grant, and the tokens beside it.
    #[must_use]
    pub fn of(grant: Grant, tokens: Option<&GrantTokens>) -> Self {
        let has_token = grant.has_token(tokens);
        let Grant {
            id,
            account_id,
            order_id,
            provider_id,
            listing_id,
            listing_name,
            scopes,
            page_sha256: _,
            granted_at,
            expires_at,
            token: _,
            reminders: _,
            status,
        } = grant;
        let standing = GrantStanding::of(&status);
        let (cause, ended_at) = match status {
            GrantStatus::Active => (None, None),
            GrantStatus::Ended { cause, ended_at } => (Some(cause), Some(ended_at)),
        };
        Self {
            id,
            account_id,
            order_id,
            provider_id,
            listing_id,
            listing_name,
            scopes: scopes.into_iter().map(|scope| scope.name).collect(),
            granted_at: granted_at.into(),
            expires_at: expires_at.into(),
            has_token,
            status: standing,
            cause,
            ended_at: ended_at.map(Instant::from),
        }
    }
}
