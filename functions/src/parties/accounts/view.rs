//! A market account, as its parties read it. A field is shown only if it is named
//! here.

use market_kernel::Timestamp;
use market_kernel::ids::{AccountId, TerminationId};
use market_kernel::text::Line;
use market_parties::accounts::{AccountStatus, MarketAccount};
use market_parties::credit_code::CreditCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::parties::ContactsForm;

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
    #[schemars(with = "String")]
    applied_at: Timestamp,
    /// The newest version of the market agreement that it accepted.
    agreement_version: Option<u32>,
    /// When the agreement ends or ended, once that is known.
    #[schemars(with = "Option<String>")]
    ends_at: Option<Timestamp>,
    /// The termination that set `ends_at`.
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
            applied_at,
            agreement_version,
            ends_at,
            termination_id,
        }
    }
}
