//! How far a ledger is sealed, as stored.

use jiff::civil::Date;
use market_kernel::ids::{AccountId, GrantId};
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::values::Trusted;
use serde::{Deserialize, Serialize};

use crate::grants::ledger::Ledger;

/// See [`Ledger`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredLedger {
    account_id: Trusted<AccountId>,
    grant_id: Trusted<GrantId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed_through: Option<Date>,
    #[serde(flatten)]
    waiting: Waiting,
}

/// The days that wait, under a name that says where their lines are. A release that knows the first name alone reads
/// partition 0 alone: it must not seal the days of a ledger that is spread, and cannot.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Waiting {
    Waiting(Vec<Date>),
    WaitingSpread(Vec<Date>),
}

impl Storable for Ledger {
    type Form = StoredLedger;
}

impl StoredForm for StoredLedger {
    type State = Ledger;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(ledger: Ledger) -> Self {
        let Ledger { account_id, grant_id, sealed_through, waiting, is_spread } = ledger;
        let waiting = if is_spread { Waiting::WaitingSpread(waiting) } else { Waiting::Waiting(waiting) };
        Self { account_id: Trusted(account_id), grant_id: Trusted(grant_id), sealed_through, waiting }
    }

    fn restore(self) -> Ledger {
        let (waiting, is_spread) = match self.waiting {
            Waiting::Waiting(days) => (days, false),
            Waiting::WaitingSpread(days) => (days, true),
        };
        Ledger {
            account_id: self.account_id.0,
            grant_id: self.grant_id.0,
            sealed_through: self.sealed_through,
            waiting,
            is_spread,
        }
    }
}

#[cfg(test)]
mod tests {
    use market_kernel::ids::GrantId;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_release_that_knows_one_partition_reads_every_ledger_but_those_that_are_spread() {
        /// What 0.3.0 reads.
        #[derive(Deserialize)]
        struct Before {
            waiting: Vec<Date>,
        }
        let day: Date = "2026-01-05".parse().unwrap();
        for (is_spread, name) in [(false, "waiting"), (true, "waiting_spread")] {
            let ledger = Ledger {
                account_id: "shop-1".parse().unwrap(),
                grant_id: GrantId::new(jiff::Timestamp::UNIX_EPOCH, [0; 10]),
                sealed_through: None,
                waiting: vec![day],
                is_spread,
            };
            let stored = serde_json::to_value(StoredLedger::of(ledger.clone())).unwrap();
            assert_eq!(stored[name], json!(["2026-01-05"]));
            let read = serde_json::from_value::<StoredLedger>(stored.clone()).unwrap();
            assert_eq!(read.restore(), ledger);
            let before = serde_json::from_value::<Before>(stored).ok();
            assert_eq!(before.map(|before| before.waiting), (!is_spread).then(|| vec![day]));
        }
        let neither = json!({ "account_id": "shop-1", "grant_id": Value::Null });
        assert!(serde_json::from_value::<StoredLedger>(neither).is_err());
    }
}
