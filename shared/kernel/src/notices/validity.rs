//! Whether a notice is still true when it is about to be sent.
//!
//! A channel that is down for hours holds notices back while the world goes on. So before a notice leaves, its cause is
//! checked: the thing that the notice is about. A notice that is no longer true is superseded and never sent; one that
//! is true in other words (fewer days are left) is drafted again.

use jiff::Timestamp;

use super::{Message, Notice};
use crate::aggregate::Aggregate;
use crate::ids::{AccountId, ProviderId};
use crate::keys::Key;
use crate::party::Party;
use crate::reminders::{Reminders, Rhythm};

/// Whether what a notice says is still true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It stands.
    Stands,
    /// It is no longer true, or no longer asked for.
    Gone,
    /// It is true, but the wording has to change.
    Outdated,
}

impl Validity {
    /// Stands while something is so.
    #[must_use]
    pub const fn while_so(is_so: bool) -> Self {
        if is_so { Self::Stands } else { Self::Gone }
    }

    /// Of a reminder: it stands until a newer one of its rhythm has come, and is put otherwise where it counts other days
    /// by now than when it was drafted.
    #[must_use]
    pub fn of_reminder(
        rhythm: Rhythm,
        date: Timestamp,
        notice: &Notice,
        now: Timestamp,
        days: fn(Timestamp, Timestamp) -> u32,
    ) -> Self {
        if Reminders::is_overtaken(rhythm, date, notice.drafted_at, now) {
            Self::Gone
        } else if days(date, notice.drafted_at) == days(date, now) {
            Self::Stands
        } else {
            Self::Outdated
        }
    }
}

/// An aggregate that notices are about, and that may have changed before a notice is sent.
pub trait Notified: Aggregate {
    /// What has become of that which a notice said of it.
    fn validity(&self, notice: &Notice, now: Timestamp) -> Validity;

    /// The merchant that owns it and the provider that it concerns, for aggregates that have reminders.
    fn parties(&self) -> Option<(&AccountId, Option<&ProviderId>)> {
        None
    }

    /// A reminder about this, in today's wording.
    fn reminder(
        &self,
        _about: &str,
        _account: &dyn Party,
        _provider: Option<&dyn Party>,
        _now: Timestamp,
    ) -> Option<Box<dyn Message>> {
        None
    }
}

/// The chain and the record that caused a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CausingRecord {
    /// The kind of the thing whose chain it is.
    pub kind: String,
    /// Where the thing lies.
    pub key: Key,
    /// The record's number.
    pub number: u64,
}

impl CausingRecord {
    /// What a chain is called, followed by `@` and a record's number; `None` for anything else.
    #[must_use]
    pub fn of(cause: &str) -> Option<Self> {
        let (chain, number) = cause.rsplit_once('@')?;
        let (kind, key) = chain.split_once(':')?;
        let (partition, sort) = key.split_once('/')?;
        Some(Self { kind: kind.to_owned(), key: Key::stored(partition, sort), number: number.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_a_kind_a_place_and_a_number() {
        let chain = CausingRecord::of("termination:account#shop-1/termination#t-1@2").unwrap();
        assert_eq!((chain.kind.as_str(), chain.number), ("termination", 2));
        assert_eq!(chain.key, Key::stored("account#shop-1", "termination#t-1"));
        for other in ["", "c@1", "termination:account#shop-1@1", "termination:account#shop-1/x@y", "a:b/c"] {
            assert_eq!(CausingRecord::of(other), None, "{other}");
        }
    }
}
