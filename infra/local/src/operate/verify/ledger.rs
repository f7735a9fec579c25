//! The ledger of a grant: its lines can be read.

use market_store::{Store, StoreError};

use super::super::OperateError;
use super::Faults;
use super::thing::Thing;

/// Lines of one read.
const PAGE: u16 = 100;

pub(super) async fn check(store: &Store, thing: &Thing, faults: &mut Faults) -> Result<(), OperateError> {
    let Thing::Grant(grant) = thing else { return Ok(()) };
    let mut after: Option<String> = None;
    loop {
        let page = store.ledger(&grant.account_id, &grant.id, after.as_deref(), PAGE).await?;
        for error in page.unreadable {
            match error {
                StoreError::Corrupt { key, reason } => {
                    faults.say(key, format!("it cannot be read: {reason}"))
                }
                error => return Err(error.into()),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
