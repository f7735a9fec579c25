//! A termination as stored, with its cascade's cursor.

use jiff::Timestamp;
use market_kernel::ids::{AccountId, EventId, TerminationId};
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::period::StoredTrace;
use market_kernel::stored::reminders::StoredReminders;
use market_kernel::stored::values::Trusted;
use market_kernel::text::{Line, Prose};
use market_parties::stored::in_the_first_period;
use serde::{Deserialize, Serialize};

use crate::terminations::{Cascade, Cause, Termination, TerminationStatus};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StoredCause {
    ByNotice { reason: Trusted<Prose>, period: StoredTrace },
    Natural { event_id: Trusted<EventId>, agreement: Trusted<Line> },
}

impl StoredCause {
    fn of(cause: Cause) -> Self {
        match cause {
            Cause::ByNotice { reason, period } => {
                Self::ByNotice { reason: Trusted(reason), period: StoredTrace::of(period) }
            }
            Cause::Natural { event_id, agreement } => {
                Self::Natural { event_id: Trusted(event_id), agreement: Trusted(agreement) }
            }
        }
    }

    fn restore(self) -> Cause {
        match self {
            Self::ByNotice { reason, period } => {
                Cause::ByNotice { reason: reason.0, period: period.restore() }
            }
            Self::Natural { event_id, agreement } => {
                Cause::Natural { event_id: event_id.0, agreement: agreement.0 }
            }
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum StoredProgress {
    Served {
        reminders: StoredReminders,
    },
    Withdrawn {
        at: Timestamp,
    },
    Superseded {
        at: Timestamp,
    },
    Ending {
        cursor: Option<String>,
        since: Timestamp,
        #[serde(default)]
        again: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        aside: Vec<String>,
    },
    Completed {
        at: Timestamp,
    },
}

impl StoredProgress {
    fn of(progress: TerminationStatus) -> Self {
        match progress {
            TerminationStatus::Served { reminders } => {
                Self::Served { reminders: StoredReminders::of(reminders) }
            }
            TerminationStatus::Withdrawn { at } => Self::Withdrawn { at },
            TerminationStatus::Superseded { at } => Self::Superseded { at },
            TerminationStatus::Ending(Cascade { cursor, since, again, aside }) => {
                Self::Ending { cursor, since, again, aside }
            }
            TerminationStatus::Completed { at } => Self::Completed { at },
        }
    }

    fn restore(self) -> TerminationStatus {
        match self {
            Self::Served { reminders } => TerminationStatus::Served { reminders: reminders.restore() },
            Self::Withdrawn { at } => TerminationStatus::Withdrawn { at },
            Self::Superseded { at } => TerminationStatus::Superseded { at },
            Self::Ending { cursor, since, again, aside } => {
                TerminationStatus::Ending(Cascade { cursor, since, again, aside })
            }
            Self::Completed { at } => TerminationStatus::Completed { at },
        }
    }
}

/// See [`Termination`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredTermination {
    id: Trusted<TerminationId>,
    account_id: Trusted<AccountId>,
    agreement_period: u32,
    cause: StoredCause,
    recorded_at: Timestamp,
    ends_at: Timestamp,
    #[serde(flatten)]
    progress: StoredProgress,
}

impl Storable for Termination {
    type Form = StoredTermination;
}

impl StoredForm for StoredTermination {
    type State = Termination;
    const UPCASTERS: &'static [Upcaster] = &[in_the_first_period];
    const IS_PERSONAL: bool = true;

    fn of(termination: Termination) -> Self {
        let Termination { id, account_id, agreement_period, cause, recorded_at, ends_at, status } =
            termination;
        Self {
            id: Trusted(id),
            account_id: Trusted(account_id),
            agreement_period,
            cause: StoredCause::of(cause),
            recorded_at,
            ends_at,
            progress: StoredProgress::of(status),
        }
    }

    fn restore(self) -> Termination {
        Termination {
            id: self.id.0,
            account_id: self.account_id.0,
            agreement_period: self.agreement_period,
            cause: self.cause.restore(),
            recorded_at: self.recorded_at,
            ends_at: self.ends_at,
            status: self.progress.restore(),
        }
    }
}
