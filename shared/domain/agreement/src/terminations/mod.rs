//! The end of a market agreement (clause 10.1), and everything that ends with it.
//!
//! By notice (10.1.2): `served → ending → completed`, or `withdrawn`. The end is reckoned with its
//! trace, written into the account when the notice is served, and never takes effect before its period
//! has fully run: the account compares it with the present whenever it is read. Where a holiday schedule was still to
//! come, it is reckoned again when that appears (`reckoned_again`).
//! Naturally (10.1.1): the upstream platform says when its own agreement ended; this one ended at that
//! same instant, however late the event arrives.
//!
//! The cascade over grants and orders is part of this aggregate: a cursor, one target in each
//! transaction together with the cursor's step, so that a crash neither skips nor repeats a target.

mod cascade;
mod commands;
mod deadlines;
mod notices;
mod reckoned_again;

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Due, Lane};
use market_kernel::ids::{AccountId, EventId, TerminationId};
use market_kernel::keys::{Key, ListEntry, ListName, Place};
use market_kernel::periods::{Length, Trace};
use market_kernel::reminders::{Reminders, Rhythm};
use market_kernel::stored::values::Named;
use market_kernel::text::{Line, Prose};
use market_parties::accounts::{AccountStatus, MarketAccount};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The period of notice (10.1.2): 15 full days.
pub const NOTICE: Length = Length::Days(15);

/// Reminders before the end.
pub(crate) const REMINDERS: Rhythm = Rhythm::Before(&[7, 3, 1]);

/// Why the agreement ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The operator served notice (10.1.2).
    ByNotice {
        /// The reason given.
        reason: Prose,
        /// How the end was reckoned.
        period: Trace,
    },
    /// The agreement with the upstream platform ended (10.1.1).
    Natural {
        /// The upstream platform's id of the event.
        event_id: EventId,
        /// The upstream agreement that ended.
        agreement: Line,
    },
}

/// How far a termination has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminationStatus {
    /// Notice is served; its period runs.
    Served {
        /// Reminders sent.
        reminders: Reminders,
    },
    /// The notice was withdrawn before it took effect.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
    /// Another termination took effect first.
    Superseded {
        /// When.
        at: Timestamp,
    },
    /// The agreement has ended; grants and orders are being ended, one by one.
    Ending(Cascade),
    /// Everything has ended.
    Completed {
        /// When the last target was dealt with.
        at: Timestamp,
    },
}

/// Where a termination stands, and no more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminationStanding {
    /// Notice is served; its period runs.
    Served,
    /// The notice was withdrawn before it took effect.
    Withdrawn,
    /// Another termination took effect first.
    Superseded,
    /// The agreement has ended; grants and orders are being ended.
    Ending,
    /// Everything has ended.
    Completed,
}

impl TerminationStanding {
    /// The list of the terminations that stand so.
    #[must_use]
    pub fn list(self) -> ListName {
        ListName::new("terminations#", self.name())
    }
}

impl TerminationStatus {
    /// Where it stands.
    #[must_use]
    pub const fn standing(&self) -> TerminationStanding {
        match self {
            Self::Served { .. } => TerminationStanding::Served,
            Self::Withdrawn { .. } => TerminationStanding::Withdrawn,
            Self::Superseded { .. } => TerminationStanding::Superseded,
            Self::Ending(_) => TerminationStanding::Ending,
            Self::Completed { .. } => TerminationStanding::Completed,
        }
    }
}

/// The ending of everything that ends with an agreement, one thing at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cascade {
    /// The last thing that was looked at: what lies before it has ended, or is set aside.
    pub cursor: Option<String>,
    /// When the next step is due. While somebody is at it, that lies ahead: nobody else is woken, unless they die.
    pub since: Timestamp,
    /// Whether it looks a second time, for what was decided before the end and committed after it.
    pub again: bool,
    /// Things that could not be read when their turn came, by their sort keys. They hold up none of the others, and the
    /// cascade is not complete before they have ended too.
    pub aside: Vec<String>,
}

/// Who takes the cascade's next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Whoever took this one.
    Same,
    /// Whoever is woken next: it is due at once.
    Anyone,
}

/// A termination of one market account's agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Termination {
    /// Its id.
    pub id: TerminationId,
    /// The account.
    pub account_id: AccountId,
    /// The agreement period of the account that it ends.
    pub agreement_period: u32,
    /// Why.
    pub cause: Cause,
    /// When the notice was served, or the event arrived.
    pub recorded_at: Timestamp,
    /// When the agreement ends or ended.
    pub ends_at: Timestamp,
    /// How far it has come.
    pub status: TerminationStatus,
}

/// The end of the agreement with the upstream platform, as that platform reports it (10.1.1).
#[derive(Debug, Clone)]
pub struct UpstreamEnd {
    /// The id of the termination that follows from it.
    pub id: TerminationId,
    /// The upstream platform's id of the event.
    pub event_id: EventId,
    /// The upstream agreement that ended.
    pub agreement: Line,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// Why a notice of termination was not served or withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TerminateRefusal {
    /// The account has ended already.
    #[error("the agreement has ended already")]
    AlreadyEnded,
    /// Another notice is running.
    #[error("notice has been served already: {0}")]
    AlreadyServed(TerminationId),
    /// It has taken effect or was withdrawn.
    #[error("the notice is no longer running")]
    NotRunning,
    /// The end cannot be reckoned.
    #[error("the end of the period cannot be reckoned")]
    Unreckonable,
    /// An upstream event lies in the future.
    #[error("the event lies in the future")]
    InTheFuture,
}

impl Aggregate for Termination {
    type Id = (AccountId, TerminationId);
    const KIND: &'static str = "termination";
    const PLACE: Place = Place::Within("termination#");

    fn key_of((account, id): &Self::Id) -> Key {
        Self::PLACE.within(account, id)
    }

    fn key(&self) -> Key {
        Self::key_of(&(self.account_id.clone(), self.id.clone()))
    }

    fn next_due(&self) -> Option<Due> {
        self.due_with(Reminders::next, self.open_period().and_then(Trace::next_look))
    }

    /// In the list of where it stands.
    fn list_entry(&self) -> Option<ListEntry> {
        Some(ListEntry { list: self.status.standing().list(), place: self.id.to_string() })
    }
}

impl Termination {
    fn due_with(
        &self,
        next: fn(Reminders, Rhythm, Timestamp) -> Option<Timestamp>,
        look: Option<Timestamp>,
    ) -> Option<Due> {
        match &self.status {
            TerminationStatus::Served { reminders } => {
                let at = next(*reminders, REMINDERS, self.ends_at).unwrap_or(self.ends_at);
                let at = look.map_or(at, |look| look.min(at));
                Some(Due::new(at, Lane::TerminateAccount).by(self.ends_at))
            }
            TerminationStatus::Ending(cascade) => Some(Due::new(cascade.since, Lane::TerminateAccount)),
            TerminationStatus::Withdrawn { .. }
            | TerminationStatus::Superseded { .. }
            | TerminationStatus::Completed { .. } => None,
        }
    }

    /// The timer that releases before 0.4.0 gave it: they kept to no daytime, and looked for no holiday schedule.
    #[must_use]
    pub fn former_due(&self) -> Option<Due> {
        self.due_with(Reminders::next_at_any_hour, None)
    }
}

fn ended(account: &MarketAccount, at: Timestamp) -> MarketAccount {
    MarketAccount { status: AccountStatus::Terminated, ends_at: Some(at), ..account.clone() }
}
