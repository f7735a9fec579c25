//! A grant as the parties see it, without what is stored of its token, and its ledger as the merchant reads
//! it. A field is shown only if it is named here.

use market_entrustment::grants::access::{AccessEntry, CheckOutcome};
use market_entrustment::grants::token::GrantTokens;
use market_entrustment::grants::{EndCause, Grant, GrantStatus};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, GrantId, ListingId, OrderId, ProviderId, ScopeName};
use market_kernel::text::Line;
use schemars::JsonSchema;
use serde::Serialize;

use crate::trade::listings::ScopeForm;
use crate::wire::time::Instant;

/// Where a grant stands. What is recorded; whether it is active is [`Grant::is_active_at`].
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schemars(rename = "GrantStatus")]
enum GrantStatusView {
    /// Given, and its end not recorded yet.
    Active,
    /// Over.
    Ended {
        /// Why.
        cause: EndCause,
        /// When it ended.
        ended_at: Instant,
    },
}

impl From<GrantStatus> for GrantStatusView {
    fn from(status: GrantStatus) -> Self {
        match status {
            GrantStatus::Active => Self::Active,
            GrantStatus::Ended { cause, ended_at } => Self::Ended { cause, ended_at: ended_at.into() },
        }
    }
}

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
    scopes: Vec<ScopeForm>,
    /// The SHA-256 of the authorization page that was shown, as it was sent.
    page_sha256: Sha256Hash,
    granted_at: Instant,
    /// From this very instant on it is refused, whatever `status` says.
    expires_at: Instant,
    /// Whether the provider holds a token.
    has_token: bool,
    /// What is recorded; `active` until its end is, too.
    #[serde(flatten)]
    status: GrantStatusView,
}

impl GrantView {
    /// A grant, and the tokens beside it.
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
            page_sha256,
            granted_at,
            expires_at,
            token: _,
            reminders: _,
            status,
        } = grant;
        Self {
            id,
            account_id,
            order_id,
            provider_id,
            listing_id,
            listing_name,
            scopes: scopes.into_iter().map(ScopeForm::from).collect(),
            page_sha256,
            granted_at: granted_at.into(),
            expires_at: expires_at.into(),
            has_token,
            status: status.into(),
        }
    }
}

/// One line of the ledger: the checks of one hour, scope and outcome.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccessEntry")]
pub struct AccessEntryView {
    /// The grant.
    grant_id: GrantId,
    /// Who asked to use the data.
    provider_id: ProviderId,
    /// The beginning of the hour.
    hour_starts_at: Instant,
    /// The scope asked for.
    scope: ScopeName,
    /// The answer.
    outcome: CheckOutcome,
    /// How many times.
    count: u64,
    /// The first check.
    first_at: Instant,
    /// The last check.
    last_at: Instant,
}

impl From<AccessEntry> for AccessEntryView {
    fn from(entry: AccessEntry) -> Self {
        let AccessEntry { grant_id, provider_id, hour, scope, outcome, count, first_at, last_at } = entry;
        Self {
            grant_id,
            provider_id,
            hour_starts_at: hour.into(),
            scope,
            outcome,
            count,
            first_at: first_at.into(),
            last_at: last_at.into(),
        }
    }
}
