//! A termination as lists show it. Why, and how its end was reckoned, is read with the termination itself.

use market_agreement::terminations::{Termination, TerminationStanding};
use market_kernel::ids::{AccountId, TerminationId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::time::Instant;

/// A termination in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TerminationSummary {
    /// Its id.
    id: TerminationId,
    /// The account whose agreement ends.
    account_id: AccountId,
    /// When the notice was served, or the event arrived.
    recorded_at: Instant,
    /// From this very instant on the agreement has ended, unless it is withdrawn before.
    ends_at: Instant,
    /// How far it has come.
    status: TerminationStanding,
}

impl From<Termination> for TerminationSummary {
    fn from(termination: Termination) -> Self {
        let Termination { id, account_id, recorded_at, ends_at, status, .. } = termination;
        Self {
            id,
            account_id,
            recorded_at: recorded_at.into(),
            ends_at: ends_at.into(),
            status: status.standing(),
        }
    }
}
