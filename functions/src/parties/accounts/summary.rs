//! A market account as lists show it. How to reach its merchant is read with the account itself.

use market_kernel::ids::AccountId;
use market_kernel::text::Line;
use market_parties::accounts::{AccountStatus, MarketAccount};
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::time::Instant;

/// A market account in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccountSummary {
    /// The platform account that has opened the market.
    id: AccountId,
    /// The legal entity's name.
    legal_name: Line,
    /// Where it stands.
    status: AccountStatus,
    /// When it applied.
    applied_at: Instant,
    /// When the agreement ends or ended, once that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Instant>,
}

impl From<MarketAccount> for AccountSummary {
    fn from(account: MarketAccount) -> Self {
        let MarketAccount { id, legal_name, status, applied_at, ends_at, .. } = account;
        Self { id, legal_name, status, applied_at: applied_at.into(), ends_at: ends_at.map(Instant::from) }
    }
}
