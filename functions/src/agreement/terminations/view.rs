//! A termination as the parties see it: without what its cascade and its reminders count by. A field is shown
//! only if it is named here.

use market_agreement::terminations::{Cause, Termination, TerminationStatus};
use market_kernel::ids::{AccountId, EventId, TerminationId};
use market_kernel::text::{Line, Prose};
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::periods::TraceView;
use crate::wire::time::Instant;

/// Why the agreement ends.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(rename = "Cause")]
enum CauseView {
    /// The operator served notice (10.1.2).
    ByNotice {
        /// The reason given.
        reason: Prose,
        /// How the end was reckoned.
        period: TraceView,
    },
    /// The agreement with the upstream platform ended (10.1.1).
    Natural {
        /// The upstream platform's id of the event.
        event_id: EventId,
        /// The upstream agreement that ended.
        agreement: Line,
    },
}

impl From<Cause> for CauseView {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::ByNotice { reason, period } => Self::ByNotice { reason, period: period.into() },
            Cause::Natural { event_id, agreement } => Self::Natural { event_id, agreement },
        }
    }
}

/// How far it has come.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TerminationStatus")]
enum StatusView {
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
    cause: CauseView,
    recorded_at: Instant,
    /// From this very instant on the agreement has ended.
    ends_at: Instant,
    status: StatusView,
}

impl From<TerminationStatus> for StatusView {
    fn from(status: TerminationStatus) -> Self {
        match status {
            TerminationStatus::Served { reminders: _ } => Self::Served,
            TerminationStatus::Withdrawn { at: _ } => Self::Withdrawn,
            TerminationStatus::Superseded { at: _ } => Self::Superseded,
            TerminationStatus::Ending(_) => Self::Ending,
            TerminationStatus::Completed { at: _ } => Self::Completed,
        }
    }
}

impl From<Termination> for TerminationView {
    fn from(termination: Termination) -> Self {
        let Termination { id, account_id, cause, recorded_at, ends_at, status, agreement_period: _ } =
            termination;
        Self {
            id,
            account_id,
            cause: cause.into(),
            recorded_at: recorded_at.into(),
            ends_at: ends_at.into(),
            status: status.into(),
        }
    }
}
