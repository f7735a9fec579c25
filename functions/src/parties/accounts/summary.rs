//! A market account as lists show it. How to reach its merchant is read with the account itself.

use market_kernel::Timestamp;
use market_kernel::ids::AccountId;
use market_kernel::text::Line;
use market_parties::accounts::{AccountStatus, MarketAccount};
use schemars::JsonSchema;
use serde::Serialize;

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
    #[schemars(with = "String")]
    applied_at: Timestamp,
    /// When the agreement ends or ended, once that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    ends_at: Option<Timestamp>,
}

impl From<MarketAccount> for AccountSummary {
    fn from(account: MarketAccount) -> Self {
        let MarketAccount { id, legal_name, status, applied_at, ends_at, .. } = account;
        Self { id, legal_name, status, applied_at, ends_at }
    }
}
