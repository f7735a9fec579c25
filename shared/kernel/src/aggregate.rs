//! What the store needs to know of a piece of state, and nothing of what it means.
//!
//! An aggregate names its key, what is due of it next and the lists it appears in. All are derived
//! from the state on every write, so none of them can disagree with it: cancelling a timer is changing
//! the state.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hash::Sha256Hash;
use crate::keys::{Key, ListEntry, Place};
use crate::stored::form::{AsRead, Storable};
use crate::stored::values::Named;

macro_rules! lanes {
    ($($(#[doc = $about:literal])+ $lane:ident = $name:literal,)+) => {
        /// A lane on which due work travels: a part of the due index, a queue with its dead letters, a worker, alarms. Which
        /// job a wake-up is for is told by the kind of the thing that it names, not by its lane.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        // As clients know it.
        #[schemars(rename = "Job", description = "The jobs of the market; each has its queue and its worker.")]
        pub enum Lane {
            $($(#[doc = $about])+ #[serde(rename = $name)] $lane,)+
        }

        impl Lane {
            /// Every lane.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$lane),+];
        }

        impl Named for Lane {
            const ALL: &'static [Self] = &Self::ALL;

            fn name(self) -> &'static str {
                match self { $(Self::$lane => $name),+ }
            }
        }
    };
}

// The one list of lanes. What AWS runs for each is made from it; its names are stored, and never change.
lanes! {
    /// Send one notice on one channel and record the proof.
    Notify = "notify",
    /// Remind of a grant's expiry, and end it at the instant.
    ExpireGrant = "expire_grant",
    /// Remind both sides of a deletion demand, mark it overdue.
    RemindDeletion = "remind_deletion",
    /// Remind of a termination, make it effective, run its cascade.
    TerminateAccount = "terminate_account",
    // Every deadline that has no lane of its own.
    /// The next step of a case with a deadline: an unpaid order closes, a paid one expires.
    AdvanceCase = "advance_case",
    // From a later release on what is due of a ledger goes by `advance_case`, and this lane ends (docs/decisions/0059).
    /// Seal the lines of a grant's ledger of a day that is over.
    SealLedger = "seal_ledger",
}

impl Lane {
    /// The name under which queues, handlers, logs and the due index know it: the one that is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        Named::name(self)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Lane {
    type Err = UnknownLane;

    fn from_str(name: &str) -> Result<Self, UnknownLane> {
        Self::ALL.into_iter().find(|lane| lane.name() == name).ok_or(UnknownLane)
    }
}

/// No lane has that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no lane has that name")]
pub struct UnknownLane;

/// What is due of an aggregate next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Not before this instant.
    pub at: Timestamp,
    /// The lane by which it goes to its job.
    pub lane: Lane,
    /// When more than a reminder is due of it, where this is one: work that keeps failing is not put off beyond it.
    pub end: Option<Timestamp>,
}

impl Due {
    /// Work that no later instant waits behind.
    #[must_use]
    pub const fn new(at: Timestamp, lane: Lane) -> Self {
        Self { at, lane, end: None }
    }

    /// The same, at the latest at this instant, at which more than a reminder is due.
    #[must_use]
    pub fn by(self, end: Timestamp) -> Self {
        Self { at: self.at.min(end), lane: self.lane, end: (self.at < end).then_some(end) }
    }
}

/// A piece of state that is read and written whole.
pub trait Aggregate: Storable + Send + Sync {
    /// What names one.
    type Id: Send + Sync;
    /// The name of its kind, as evidence and logs show it.
    const KIND: &'static str;
    /// Where they lie.
    const PLACE: Place;
    /// Whether what happens to one is told in the timeline of the account that has it. What happens to it by itself, again and
    /// again, is not.
    const IS_TOLD: bool = true;

    /// Where the aggregate with this id lives.
    fn key_of(id: &Self::Id) -> Key;
    /// Where this one lives.
    fn key(&self) -> Key;
    /// Where the rest of it lies, of one that is not stored whole: another of its kind, which is, and never loses it.
    fn rest(&self) -> Option<Key> {
        None
    }
    /// Takes from that one what it lacks.
    fn complete(&mut self, _rest: &Self) {}
    /// What is due of it next, if anything.
    fn next_due(&self) -> Option<Due> {
        None
    }
    /// The list that another party reads it in.
    fn list_entry(&self) -> Option<ListEntry> {
        None
    }
    /// The list that tells where it stands, of which there is one for each state (index `desk`). An item has one place:
    /// where it is in both lists, it has the same in both.
    fn desk_entry(&self) -> Option<ListEntry> {
        None
    }
}

/// An aggregate as it was read: its state, and what a write must still find in place.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    /// The state.
    pub state: A,
    /// Its version; a write succeeds only while this is still the newest.
    pub version: u64,
    /// The hash of the newest evidence record of its chain.
    pub head: Sha256Hash,
    /// The instant of that record, where the item tells it: no later one of the chain lies before it.
    pub changed_at: Option<Timestamp>,
    /// What was stored, so that a write keeps what this version does not know.
    pub as_read: AsRead,
}

impl<A> Loaded<A> {
    /// A state as if it had been read: what a test loads, without a table.
    #[must_use]
    pub fn new(state: A, version: u64, head: Sha256Hash) -> Self {
        Self { state, version, head, changed_at: None, as_read: AsRead::default() }
    }
}

impl<A> std::ops::Deref for Loaded<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}
