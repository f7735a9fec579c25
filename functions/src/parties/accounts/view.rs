//! A market account, as its parties read it. A field is shown only if it is named
//! here.

use market_kernel::ids::{AccountId, TerminationId};
use market_kernel::text::Line;
use market_parties::accounts::{AccountStatus, MarketAccount};
use market_parties::credit_code::CreditCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::parties::ContactsForm;
use crate::wire::time::Instant;

/// A merchant's market account.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MarketAccount")]
pub struct AccountView {
    /// The platform account that has opened the market.
    id: AccountId,
    /// The legal entity's name.
    legal_name: Line,
    /// Its unified social credit code.
    credit_code: CreditCode,
    /// How to reach it.
    contacts: ContactsForm,
    /// Where it stands.
    status: AccountStatus,
    /// When it applied.
    applied_at: Instant,
    /// The newest version of the market agreement that it accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement_version: Option<u32>,
    /// When the agreement ends or ended, once that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Instant>,
    /// The termination that set `ends_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    termination_id: Option<TerminationId>,
}

impl From<MarketAccount> for AccountView {
    fn from(account: MarketAccount) -> Self {
        let MarketAccount {
            id,
            legal_name,
            credit_code,
            contacts,
            contacts_changed_at: _,
            status,
            applied_at,
            agreement_version,
            ends_at,
            termination_id,
            agreement_period: _,
            citations: _,
        } = account;
        Self {
            id,
            legal_name,
            credit_code,
            contacts: contacts.into(),
            status,
            applied_at: applied_at.into(),
            agreement_version,
            ends_at: ends_at.map(Instant),
            termination_id,
        }
    }
}
