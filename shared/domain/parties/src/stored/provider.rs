//! A provider as stored.

use jiff::Timestamp;
use market_kernel::ids::ProviderId;
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::party::StoredContacts;
use market_kernel::stored::values::{Name, Trusted};
use market_kernel::text::Line;
use serde::{Deserialize, Serialize};

use crate::credit_code::CreditCode;
use crate::providers::{Provider, ProviderStatus};

/// See [`Provider`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredProvider {
    id: Trusted<ProviderId>,
    legal_name: Trusted<Line>,
    credit_code: Trusted<CreditCode>,
    contacts: StoredContacts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contacts_changed_at: Option<Timestamp>,
    status: Name<ProviderStatus>,
    applied_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approved_at: Option<Timestamp>,
}

impl Storable for Provider {
    type Form = StoredProvider;
}

impl StoredForm for StoredProvider {
    type State = Provider;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = true;

    fn of(provider: Provider) -> Self {
        let Provider {
            id,
            legal_name,
            credit_code,
            contacts,
            contacts_changed_at,
            status,
            applied_at,
            approved_at,
        } = provider;
        Self {
            id: Trusted(id),
            legal_name: Trusted(legal_name),
            credit_code: Trusted(credit_code),
            contacts: StoredContacts::of(contacts),
            contacts_changed_at,
            status: Name(status),
            applied_at,
            approved_at,
        }
    }

    fn restore(self) -> Provider {
        Provider {
            id: self.id.0,
            legal_name: self.legal_name.0,
            credit_code: self.credit_code.0,
            contacts: self.contacts.restore(),
            contacts_changed_at: self.contacts_changed_at,
            status: self.status.0,
            applied_at: self.applied_at,
            approved_at: self.approved_at,
        }
    }
}
