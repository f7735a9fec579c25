//! A provider as itself and the operator read it. A field is shown only if it is named here.

use market_kernel::ids::ProviderId;
use market_kernel::text::Line;
use market_parties::credit_code::CreditCode;
use market_parties::providers::{Provider, ProviderStatus};
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::parties::ContactsForm;
use crate::wire::time::Instant;

/// A seller of applications and services.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Provider")]
pub struct ProviderView {
    /// Its id, which its tokens name it by (`GET /me`).
    id: ProviderId,
    /// The legal entity's name.
    legal_name: Line,
    /// Its unified social credit code.
    credit_code: CreditCode,
    /// How to reach it.
    contacts: ContactsForm,
    /// Where it stands.
    status: ProviderStatus,
    /// When it applied.
    applied_at: Instant,
    /// When it was approved. Those that were approved before 0.5.0 do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<Instant>,
}

impl From<Provider> for ProviderView {
    fn from(provider: Provider) -> Self {
        let Provider {
            id,
            legal_name,
            credit_code,
            contacts,
            contacts_changed_at: _,
            status,
            applied_at,
            approved_at,
        } = provider;
        Self {
            id,
            legal_name,
            credit_code,
            contacts: contacts.into(),
            status,
            applied_at: applied_at.into(),
            approved_at: approved_at.map(Instant::from),
        }
    }
}
