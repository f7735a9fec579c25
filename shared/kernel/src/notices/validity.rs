//! Whether what a notice says still stands when it is about to leave.
//!
//! A channel that is down for hours holds notices back while the world goes on. So before a notice leaves, its cause is
//! asked: the thing that the parties were told of. What no longer stands is superseded and never sent; what stands in
//! other words (a reminder's days have passed) is drafted anew.

use jiff::Timestamp;

use super::{Message, Notice};
use crate::aggregate::Aggregate;
use crate::ids::{AccountId, ProviderId};
use crate::keys::Key;
use crate::party::Party;
use crate::reminders::{Reminders, Rhythm};

/// What has become of that which a notice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It stands.
    Stands,
    /// It is no longer so, or no longer asked for.
    Gone,
    /// It stands, and is put otherwise by now.
    Outdated,
}

impl Validity {
    /// Stands while something is so.
    #[must_use]
    pub const fn while_so(is_so: bool) -> Self {
        if is_so { Self::Stands } else { Self::Gone }
    }

    /// Of a reminder: it stands until a newer one of its plan has come, and is put otherwise where it counts other days
    /// by now than when it was drafted.
    #[must_use]
    pub fn of_reminder(
        plan: Rhythm,
        date: Timestamp,
        notice: &Notice,
        now: Timestamp,
        days: fn(Timestamp, Timestamp) -> u32,
    ) -> Self {
        if Reminders::is_overtaken(plan, date, notice.drafted_at, now) {
            Self::Gone
        } else if days(date, notice.drafted_at) == days(date, now) {
            Self::Stands
        } else {
            Self::Outdated
        }
    }
}

/// Something that parties are told of, and that may have moved on before the word has left.
pub trait Notified: Aggregate {
    /// What has become of that which a notice said of it.
    fn validity(&self, notice: &Notice, now: Timestamp) -> Validity;

    /// The merchant that it belongs to, and the provider that it involves, where it has reminders.
    fn parties(&self) -> Option<(&AccountId, Option<&ProviderId>)> {
        None
    }

    /// A reminder about this, as it is put now.
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
