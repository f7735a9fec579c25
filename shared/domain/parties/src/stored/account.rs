//! A market account as stored.

use jiff::Timestamp;
use market_kernel::ids::{AccountId, TerminationId};
use market_kernel::stored::StoredCitations;
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::party::StoredContacts;
use market_kernel::stored::values::{Name, Trusted};
use market_kernel::text::Line;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::accounts::{AccountStatus, MarketAccount};
use crate::credit_code::CreditCode;

/// See [`MarketAccount`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredAccount {
    id: Trusted<AccountId>,
    legal_name: Trusted<Line>,
    credit_code: Trusted<CreditCode>,
    contacts: StoredContacts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contacts_changed_at: Option<Timestamp>,
    status: Name<AccountStatus>,
    applied_at: Timestamp,
    agreement_period: u32,
    agreement_version: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    citations: Option<StoredCitations>,
    ends_at: Option<Timestamp>,
    termination_id: Option<Trusted<TerminationId>>,
}

/// What belongs to an account's agreement says to which: until periods had numbers there was only the first.
pub fn in_the_first_period(fields: &mut Map<String, Value>) {
    fields.entry("agreement_period").or_insert(1.into());
}

impl Storable for MarketAccount {
    type Form = StoredAccount;
}

impl StoredForm for StoredAccount {
    type State = MarketAccount;
    const UPCASTERS: &'static [Upcaster] = &[in_the_first_period];
    const IS_PERSONAL: bool = true;

    fn of(account: MarketAccount) -> Self {
        let MarketAccount {
            id,
            legal_name,
            credit_code,
            contacts,
            contacts_changed_at,
            status,
            applied_at,
            agreement_period,
            agreement_version,
            citations,
            ends_at,
            termination_id,
        } = account;
        Self {
            id: Trusted(id),
            legal_name: Trusted(legal_name),
            credit_code: Trusted(credit_code),
            contacts: StoredContacts::of(contacts),
            contacts_changed_at,
            status: Name(status),
            applied_at,
            agreement_period,
            agreement_version,
            citations: citations.map(StoredCitations::of),
            ends_at,
            termination_id: termination_id.map(Trusted),
        }
    }

    fn restore(self) -> MarketAccount {
        MarketAccount {
            id: self.id.0,
            legal_name: self.legal_name.0,
            credit_code: self.credit_code.0,
            contacts: self.contacts.restore(),
            contacts_changed_at: self.contacts_changed_at,
            status: self.status.0,
            applied_at: self.applied_at,
            agreement_period: self.agreement_period,
            agreement_version: self.agreement_version,
            citations: self.citations.map(StoredCitations::restore),
            ends_at: self.ends_at,
            termination_id: self.termination_id.map(|id| id.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_before_periods_had_numbers_belongs_to_the_first() {
        let mut fields = Map::new();
        in_the_first_period(&mut fields);
        assert_eq!(fields["agreement_period"], 1);
        fields.insert("agreement_period".to_owned(), 2.into());
        in_the_first_period(&mut fields);
        assert_eq!(fields["agreement_period"], 2, "a number that is there stands");
    }
}
