//! A termination as the parties see it: without what its cascade and its reminders count by.

use market_domain::Timestamp;
use market_domain::accounts::termination::{Cause, Progress, Termination};
use market_domain::ids::{AccountId, TerminationId};
use schemars::JsonSchema;
use serde::Serialize;

/// How far it has come.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TerminationStatus {
    /// Notice is served; its period runs.
    Served,
    /// The notice was withdrawn.
    Withdrawn,
    /// Another termination took effect first.
    Superseded,
    /// The agreement has ended; grants and orders are being ended.
    Ending,
    /// Everything has ended.
    Completed,
}

/// A termination of a market account's agreement.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Termination")]
pub struct TerminationView {
    id: TerminationId,
    account_id: AccountId,
    /// Why, and for a notice how its end was reckoned.
    cause: Cause,
    #[schemars(with = "String")]
    recorded_at: Timestamp,
    /// From this very instant on the agreement has ended.
    #[schemars(with = "String")]
    ends_at: Timestamp,
    status: TerminationStatus,
}

impl From<Termination> for TerminationView {
    fn from(termination: Termination) -> Self {
        Self {
            id: termination.id,
            account_id: termination.account_id,
            cause: termination.cause,
            recorded_at: termination.recorded_at,
            ends_at: termination.ends_at,
            status: match termination.progress {
                Progress::Served { .. } => TerminationStatus::Served,
                Progress::Withdrawn { .. } => TerminationStatus::Withdrawn,
                Progress::Superseded { .. } => TerminationStatus::Superseded,
                Progress::Ending { .. } => TerminationStatus::Ending,
                Progress::Completed { .. } => TerminationStatus::Completed,
            },
        }
    }
}
