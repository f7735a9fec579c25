//! A termination as lists show it. Why, and how its end was reckoned, is read with the termination itself.

use market_agreement::terminations::{Termination, TerminationStanding};
use market_kernel::Timestamp;
use market_kernel::ids::{AccountId, TerminationId};
use schemars::JsonSchema;
use serde::Serialize;

/// A termination in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TerminationSummary {
    /// Its id.
    id: TerminationId,
    /// The account whose agreement ends.
    account_id: AccountId,
    /// When the notice was served, or the event arrived.
    #[schemars(with = "String")]
    recorded_at: Timestamp,
    /// From this very instant on the agreement has ended, unless it is withdrawn before.
    #[schemars(with = "String")]
    ends_at: Timestamp,
    /// How far it has come.
    status: TerminationStanding,
}

impl From<Termination> for TerminationSummary {
    fn from(termination: Termination) -> Self {
        let Termination { id, account_id, recorded_at, ends_at, status, .. } = termination;
        Self { id, account_id, recorded_at, ends_at, status: status.standing() }
    }
}
