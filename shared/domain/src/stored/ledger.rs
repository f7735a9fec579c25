//! How far a ledger is sealed, as stored.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::form::{Storable, StoredForm, Upcaster};
use super::values::Trusted;
use crate::grants::ledger::Ledger;
use crate::ids::{AccountId, GrantId};

/// See [`Ledger`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredLedger {
    account_id: Trusted<AccountId>,
    grant_id: Trusted<GrantId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed_through: Option<Date>,
    waiting: Vec<Date>,
}

impl Storable for Ledger {
    type Form = StoredLedger;
}

impl StoredForm for StoredLedger {
    type State = Ledger;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(ledger: Ledger) -> Self {
        let Ledger { account_id, grant_id, sealed_through, waiting } = ledger;
        Self { account_id: Trusted(account_id), grant_id: Trusted(grant_id), sealed_through, waiting }
    }

    fn restore(self) -> Ledger {
        Ledger {
            account_id: self.account_id.0,
            grant_id: self.grant_id.0,
            sealed_through: self.sealed_through,
            waiting: self.waiting,
        }
    }
}
