//! The evidence log: what happened, in a chain that cannot be edited unseen.
//!
//! Every aggregate has a chain of its own, so writes of different things never contend. A record carries
//! the hash of the one before and of the state that it led to; the stored bytes are exactly the bytes
//! that were hashed, so verification needs no canonical form. A notice's chain begins at the record that
//! caused the notice. Records name things by id: what identifies a person stays in the aggregate.

use jiff::Timestamp;

use crate::hash::Sha256Hash;
use crate::ids::NoticeId;
use crate::party::{Actor, Channel, Recipient};
use crate::stored::form::{self, Unreadable};

/// One record of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The aggregate: its kind and key.
    pub chain: String,
    /// Its place in the chain, from 1; the aggregate's version after the change.
    pub number: u64,
    /// The hash of the record before.
    pub previous: Sha256Hash,
    /// What happened, in the past tense: `GrantExpired`.
    pub event: String,
    /// The clause of the agreement that it carries out.
    pub clause: String,
    /// When it was decided.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// The request or wake-up in which it was decided.
    pub request: String,
    /// The hash of the aggregate's stored state after the change.
    pub state: Sha256Hash,
    /// What else matters, by name.
    pub facts: serde_json::Map<String, serde_json::Value>,
    /// The notices that it caused.
    pub notices: Vec<NoticeEvidence>,
}

/// A notice as the record of its cause names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeEvidence {
    /// The notice.
    pub id: NoticeId,
    /// Its recipient.
    pub recipient: Recipient,
    /// Its channel.
    pub channel: Channel,
    /// The commitment to its subject and body, salted by the notice's salt where it has one.
    pub content: Sha256Hash,
    /// The hash of its stored body as it was drafted. It says nothing once that is erased: the body has a salt.
    /// Records before 0.3.0 have none.
    pub drafted: Option<Sha256Hash>,
}

impl Evidence {
    /// Reads a record from its stored bytes.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn read(bytes: &str) -> Result<Self, Unreadable> {
        form::form(bytes, form::schema::<Self>())
    }

    /// The bytes that are stored and hashed.
    #[must_use]
    pub fn stored(self) -> String {
        form::bytes(self)
    }
}

/// A chain that does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// A record is missing, or has another's number.
    #[error("record {expected} is missing or out of place (found {found})")]
    OutOfPlace {
        /// The number expected here.
        expected: u64,
        /// The number that does.
        found: u64,
    },
    /// A record does not follow from the one before: one of the two was edited.
    #[error("record {number} does not follow from the one before")]
    Unlinked {
        /// The record.
        number: u64,
    },
    /// What is stored is not an evidence record.
    #[error("record {number} cannot be read")]
    Unreadable {
        /// Where it stands.
        number: u64,
    },
    /// The newest record is not the one the aggregate points to: the end was cut off or replaced.
    #[error("the chain does not end where the aggregate says")]
    WrongHead,
}

/// Checks a whole chain as stored: nothing edited, dropped, swapped or cut off.
///
/// `records` are the stored bytes from the first record on; `head` is what the aggregate points to;
/// `first` is the number its chain begins with (1, or 2 where the creation is another chain's record).
///
/// # Errors
/// The first place where the chain does not hold.
pub fn verify_chain<'a>(
    records: impl IntoIterator<Item = &'a str>,
    first: u64,
    begins_after: &Sha256Hash,
    head: &Sha256Hash,
) -> Result<u64, BrokenChain> {
    let mut previous = begins_after.clone();
    let mut number = first;
    for stored in records {
        let record = Evidence::read(stored).map_err(|_| BrokenChain::Unreadable { number })?;
        if record.number != number {
            return Err(BrokenChain::OutOfPlace { expected: number, found: record.number });
        }
        if record.previous != previous {
            return Err(BrokenChain::Unlinked { number });
        }
        previous = Sha256Hash::of(stored.as_bytes());
        number += 1;
    }
    if previous == *head { Ok(number - first) } else { Err(BrokenChain::WrongHead) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64, previous: &Sha256Hash, event: &str) -> String {
        Evidence {
            chain: "order:account#shop-1/order#1".to_owned(),
            number,
            previous: previous.clone(),
            event: event.to_owned(),
            clause: "4.1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::Payments,
            request: "r".to_owned(),
            state: Sha256Hash::of(event.as_bytes()),
            facts: serde_json::Map::new(),
            notices: Vec::new(),
        }
        .stored()
    }

    fn chain() -> (Vec<String>, Sha256Hash) {
        let mut previous = Sha256Hash::origin();
        let mut records = Vec::new();
        for (number, event) in (1..).zip(["OrderPlaced", "OrderPaid", "OrderExpired"]) {
            let stored = record(number, &previous, event);
            previous = Sha256Hash::of(stored.as_bytes());
            records.push(stored);
        }
        (records, previous)
    }

    fn verify(records: &[String], head: &Sha256Hash) -> Result<u64, BrokenChain> {
        verify_chain(records.iter().map(String::as_str), 1, &Sha256Hash::origin(), head)
    }

    #[test]
    fn an_untouched_chain_holds() {
        let (records, head) = chain();
        assert_eq!(verify(&records, &head), Ok(3));
    }

    #[test]
    fn an_edited_dropped_swapped_or_cut_off_record_is_found() {
        let (records, head) = chain();
        let mut edited = records.clone();
        edited[1] = edited[1].replace("OrderPaid", "OrderGift");
        assert_eq!(verify(&edited, &head), Err(BrokenChain::Unlinked { number: 3 }));
        let mut last = records.clone();
        last[2] = last[2].replace("OrderExpired", "OrderClosed");
        assert_eq!(verify(&last, &head), Err(BrokenChain::WrongHead));
        let dropped = [records[0].clone(), records[2].clone()];
        assert_eq!(verify(&dropped, &head), Err(BrokenChain::OutOfPlace { expected: 2, found: 3 }));
        let swapped = [records[1].clone(), records[0].clone(), records[2].clone()];
        assert_eq!(verify(&swapped, &head), Err(BrokenChain::OutOfPlace { expected: 1, found: 2 }));
        assert_eq!(verify(&records[..2], &head), Err(BrokenChain::WrongHead));
        assert_eq!(verify(&["{".to_owned()], &head), Err(BrokenChain::Unreadable { number: 1 }));
    }
}
