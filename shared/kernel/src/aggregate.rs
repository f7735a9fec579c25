//! What the store needs to know of a piece of state, and nothing of what it means.
//!
//! An aggregate names its key, what is due of it next and the list it appears in. All three are derived
//! from the state on every write, so none of them can disagree with it: cancelling a timer is changing
//! the state.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hash::Sha256Hash;
use crate::stored::form::{AsRead, Storable};
use crate::stored::values::Named;

/// The primary key of an item. Everything of one party lives in that party's partition, so that a
/// party's things are read together, strongly consistent, and never contend with another party's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The owner: `account#…`, `provider#…`, `document#…`, `listing#…` or `announcements`.
    pub partition: String,
    /// The thing within it: `state`, `order#…`, `grant#…`.
    pub sort: String,
}

impl Key {
    /// A key from its two parts.
    #[must_use]
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self { partition: partition.into(), sort: sort.into() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.sort)
    }
}

/// The jobs of the market; each has its queue and its worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Send one notice on one channel and record the proof.
    Notify,
    /// Remind of a grant's expiry, and end it at the instant.
    ExpireGrant,
    /// Remind both sides of a deletion demand, mark it overdue.
    RemindDeletion,
    /// Remind of a termination, make it effective, run its cascade.
    TerminateAccount,
    /// The next step of a case with a deadline: an unpaid order closes, a paid one expires.
    AdvanceCase,
    /// Seal the lines of a grant's ledger of a day that is over.
    SealLedger,
}

impl Job {
    /// Every job.
    pub const ALL: [Self; 6] = [
        Self::Notify,
        Self::ExpireGrant,
        Self::RemindDeletion,
        Self::TerminateAccount,
        Self::AdvanceCase,
        Self::SealLedger,
    ];

    /// The name under which queues, handlers, logs and the due index know it: the one that is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        Named::name(self)
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Job {
    type Err = UnknownJob;

    fn from_str(name: &str) -> Result<Self, UnknownJob> {
        Self::ALL.into_iter().find(|job| job.name() == name).ok_or(UnknownJob)
    }
}

/// No job has that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no job has that name")]
pub struct UnknownJob;

/// What is due of an aggregate next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Not before this instant.
    pub at: Timestamp,
    /// The job that will look at it.
    pub job: Job,
    /// When more than a reminder is due of it, where this is one: work that keeps failing is not put off beyond it.
    pub end: Option<Timestamp>,
}

impl Due {
    /// Work that no later instant waits behind.
    #[must_use]
    pub const fn new(at: Timestamp, job: Job) -> Self {
        Self { at, job, end: None }
    }

    /// The same, at the latest at this instant, at which more than a reminder is due.
    #[must_use]
    pub fn by(self, end: Timestamp) -> Self {
        Self { at: self.at.min(end), job: self.job, end: (self.at < end).then_some(end) }
    }
}

/// A place in a list that another party than the owner reads (a provider's grants, the catalogue).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The list.
    pub list: String,
    /// The place in it.
    pub place: String,
}

/// A piece of state that is read and written whole.
pub trait Aggregate: Storable + Send + Sync {
    /// What names one.
    type Id: Send + Sync;
    /// The name of its kind, as evidence and logs show it.
    const KIND: &'static str;

    /// Where the aggregate with this id lives.
    fn key_of(id: &Self::Id) -> Key;
    /// Where this one lives.
    fn key(&self) -> Key;
    /// What is due of it next, if anything.
    fn next_due(&self) -> Option<Due> {
        None
    }
    /// The list that another party reads it in.
    fn view(&self) -> Option<View> {
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
