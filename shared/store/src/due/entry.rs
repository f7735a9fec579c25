//! An entry of the index: where it waits, and where a lease moves it.

use std::collections::HashMap;
use std::hash::Hasher;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use market_kernel::Timestamp;
use market_kernel::aggregate::{Due, Lane};
use market_kernel::keys::Key;

use crate::attributes::{DUE_AT, Item, PK, SHARD, SK, TRIES, WAKE_AT, key_attributes, n, s};
use crate::error::StoreError;
use crate::item::Reader;

/// Shards of each lane: a throttled index throttles its table, so load is spread from the first day.
pub const SHARDS: u8 = 8;

/// The first lease; each further one is twice as long, up to an hour.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// The longest of them.
pub(crate) const LONGEST_LEASE: SignedDuration = SignedDuration::from_hours(1);

/// Leases before an entry is parked: about five hours.
pub const MAX_TRIES: u32 = 10;

/// How long a parked entry waits until it is looked at again.
pub const PARKED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Where in the index a lane's entries wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shard {
    /// One of its [`SHARDS`].
    Due(u8),
    /// Apart: what was handed out too often.
    Parked,
}

impl Shard {
    /// All that a lane has.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self::Due).chain([Self::Parked])
    }

    /// All that there are.
    pub fn of_all_lanes() -> impl Iterator<Item = (Lane, Self)> {
        Lane::ALL.into_iter().flat_map(|lane| Self::all().map(move |shard| (lane, shard)))
    }

    fn named(name: &str) -> Option<(Lane, Self)> {
        let mut parts = name.split('#');
        match (parts.next()?, parts.next()?.parse().ok()?, parts.next()) {
            ("due", lane, Some(shard)) => Some((lane, Self::Due(shard.parse().ok()?))),
            ("parked", lane, None) => Some((lane, Self::Parked)),
            _ => None,
        }
    }

    pub(super) fn name(self, lane: Lane) -> String {
        match self {
            Self::Due(shard) => shard_name(lane, shard),
            Self::Parked => parked_name(lane),
        }
    }
}

/// An entry of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueEntry {
    /// The item.
    pub key: Key,
    /// The lane.
    pub lane: Lane,
    /// When it became or becomes due.
    pub due_at: Timestamp,
    /// How often it was handed out.
    pub tries: u32,
    /// When more than a reminder is due of it, in milliseconds.
    pub(super) end_ms: Option<i64>,
    pub(super) shard: String,
    pub(super) wake_at: String,
}

impl DueEntry {
    pub(super) fn place(&self) -> EntryPosition<'_> {
        EntryPosition { key: &self.key, shard: &self.shard, wake_at: &self.wake_at }
    }

    /// Whether it waits for a human.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        self.shard == parked_name(self.lane)
    }

    /// Where a lease that is taken at `now` moves it.
    pub(super) fn leased(&self, now: Timestamp) -> (String, String) {
        // What is handed out ahead of its time is leased from that time on.
        let from = now.max(self.due_at);
        let (shard, until) = if self.is_parked() || self.tries >= MAX_TRIES {
            (parked_name(self.lane), from.saturating_add(PARKED_FOR).unwrap_or(from))
        } else {
            (self.shard.clone(), lease_end(from, self.tries))
        };
        let end = self.end_ms.and_then(|end| Timestamp::from_millisecond(end).ok());
        let until = end.filter(|end| *end > from).map_or(until, |end| until.min(end));
        (shard, place(until, self.end_ms))
    }

    /// Whether it was handed out and its lease still runs.
    #[must_use]
    pub fn is_leased_at(&self, now: Timestamp) -> bool {
        let wake_at = self.wake_ms();
        wake_at > millis(self.due_at) && wake_at > millis(now)
    }

    pub(super) fn wake_ms(&self) -> i64 {
        wake_ms(&self.wake_at)
    }
}

/// Milliseconds, rounded up: never early.
pub(crate) fn millis(at: Timestamp) -> i64 {
    let ms = at.as_millisecond();
    if at.subsec_nanosecond() % 1_000_000 > 0 { ms + 1 } else { ms }
}

/// Its place in the index. Equal ones are told apart by the index itself, by the keys of their items.
pub(super) fn place(at: Timestamp, end_ms: Option<i64>) -> String {
    let end = end_ms.map(|end| format!("#{end}")).unwrap_or_default();
    format!("{:015}{end}", millis(at))
}

pub(crate) fn shard_of(key: &Key) -> u8 {
    // Stable across releases and machines, unlike the standard library's default.
    struct Fnv(u64);
    impl Hasher for Fnv {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.write(key.partition.as_bytes());
    hash.write(key.sort.as_bytes());
    // Folded, because the high bits hardly see a key's last characters.
    let folded = hash.finish() ^ (hash.finish() >> 32);
    (folded % u64::from(SHARDS)) as u8
}

pub(crate) fn shard_name(lane: Lane, shard: u8) -> String {
    format!("due#{lane}#{shard}")
}

pub(crate) fn parked_name(lane: Lane) -> String {
    format!("parked#{lane}")
}

pub(crate) fn encode(item: &mut Item, key: &Key, due: Due, now: Timestamp) {
    let wake_at = if due.at <= now { lease_end(now, 0) } else { due.at };
    item.insert(SHARD.to_owned(), s(shard_name(due.lane, shard_of(key))));
    item.insert(WAKE_AT.to_owned(), s(place(wake_at, due.end.map(millis))));
    item.insert(DUE_AT.to_owned(), n(millis(due.at)));
}

/// Where an entry is: nobody moves it who does not find it there.
pub(super) struct EntryPosition<'a> {
    pub key: &'a Key,
    pub shard: &'a str,
    pub wake_at: &'a str,
}

fn lease_end(now: Timestamp, tries: u32) -> Timestamp {
    let lease = LEASE.saturating_mul(1 << tries.min(6)).min(LONGEST_LEASE);
    now.saturating_add(lease).unwrap_or(now)
}

pub(super) fn entry(reader: &Reader) -> Result<DueEntry, StoreError> {
    let (shard, wake_at) = (reader.text(SHARD)?.to_owned(), reader.text(WAKE_AT)?.to_owned());
    let lane = shard
        .split('#')
        .nth(1)
        .and_then(|lane| lane.parse().ok())
        .ok_or_else(|| reader.corrupt("no such lane"))?;
    // An entry whose due time cannot be read must not hide those behind it: its worker reads the state anyway.
    let due_at = reader.number(DUE_AT).unwrap_or_else(|_| wake_ms(&wake_at));
    Ok(DueEntry {
        key: reader.key.clone(),
        lane,
        due_at: Timestamp::from_millisecond(due_at).unwrap_or(Timestamp::UNIX_EPOCH),
        end_ms: wake_at.split_once('#').and_then(|(_, end)| end.parse().ok()),
        tries: reader.number(TRIES).ok().and_then(|tries| u32::try_from(tries).ok()).unwrap_or(0),
        wake_at,
        shard,
    })
}

fn wake_ms(wake_at: &str) -> i64 {
    wake_at.split('#').next().and_then(|ms| ms.parse().ok()).unwrap_or(0)
}

/// What the relay makes of a written item: the lane that was due at once when it was written, if any.
/// `attribute` gives the new image's texts and numbers by name, whatever type the stream's reader has.
#[must_use]
pub fn due_at_once<'a>(attribute: impl Fn(&str) -> Option<&'a str>) -> Option<(Lane, Key)> {
    // The commit took the lease for the relay; what the sweep leased has its tries counted.
    if attribute(TRIES).is_some() {
        return None;
    }
    let due_at: i64 = attribute(DUE_AT)?.parse().ok()?;
    let wake_at: i64 = attribute(WAKE_AT)?.split('#').next()?.parse().ok()?;
    if wake_at <= due_at {
        return None;
    }
    let lane = attribute(SHARD)?.strip_prefix("due#")?.split('#').next()?.parse().ok()?;
    Some((lane, Key::stored(attribute(PK)?, attribute(SK)?)))
}

/// Where a written item waits and when the sweep will next hand it out, if ever; for those who see every write and so
/// need not look everywhere. `attribute` is as for [`due_at_once`].
#[must_use]
pub fn wakes_at<'a>(attribute: impl Fn(&str) -> Option<&'a str>) -> Option<((Lane, Shard), Timestamp)> {
    let at = Timestamp::from_millisecond(wake_ms(attribute(WAKE_AT)?)).ok()?;
    Some((Shard::named(attribute(SHARD)?)?, at))
}

/// The attributes of an item that the index is made of, waiting for its due time, and no state: for benchmarks,
/// which load a million of them.
#[must_use]
pub fn bare_item(key: &Key, due: Due) -> HashMap<String, AttributeValue> {
    let mut item = key_attributes(key);
    // As if written before all time, so that no lease is taken.
    encode(&mut item, key, due, Timestamp::MIN);
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_time_is_never_rounded_to_an_earlier_one() {
        let at = Timestamp::from_nanosecond(1_500_000_001).unwrap();
        assert_eq!(millis(at), 1_501);
        assert_eq!(millis(Timestamp::from_millisecond(1_500).unwrap()), 1_500);
    }

    #[test]
    fn keys_spread_over_all_shards() {
        let mut seen = [0_u32; SHARDS as usize];
        for n in 0..8_000 {
            seen[usize::from(shard_of(&Key::stored(format!("account#shop-{n}"), "grant#x")))] += 1;
        }
        assert!(seen.iter().all(|count| (800..1_200).contains(count)), "{seen:?}");
    }

    #[test]
    fn leases_grow_and_end() {
        let now = Timestamp::UNIX_EPOCH;
        let total: i64 = (0..MAX_TRIES).map(|tries| lease_end(now, tries).as_second()).sum();
        assert!((4 * 3600..6 * 3600).contains(&total), "{total}");
    }
}
