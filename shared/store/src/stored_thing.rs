//! Items of any kind as verification reads them: with their places in the indexes.
//!
//! A timer and a place in a list are attributes of an item, made from its state by every write. No hash is of
//! them, so they are compared with what the state answers now.

use std::collections::HashMap;
use std::fmt;

use jiff::SignedDuration;
use market_kernel::Timestamp;
use market_kernel::aggregate::Due;
use market_kernel::hash::Sha256Hash;
use market_kernel::keys::{Key, ListEntry, Partition};

use crate::Store;
use crate::attributes::{
    BODY, DESK, DUE_AT, HEAD, KIND, LIST, PLACE, SCHEMA, SHARD, TRIES, TTL, VERSION, WAKE_AT, key_attributes,
    n, s,
};
use crate::commit::EVIDENCE;
use crate::due::{self, LONGEST_LEASE, PARKED_FOR};
use crate::error::StoreError;
use crate::item::Reader;
use crate::meter::Direction;
use crate::read::{Asked, Consistency, Page, Record};

/// An aggregate of any kind, as it is compared with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredThing {
    /// Where it is.
    pub key: Key,
    /// Its kind.
    pub kind: String,
    /// Its version.
    pub version: u64,
    /// The hash of the newest evidence record of its chain.
    pub head: Sha256Hash,
    /// The instant of that record, where the item tells it.
    pub changed_at: Option<Timestamp>,
    /// The schema of its state.
    pub schema: u32,
    /// Its state, exactly as hashed.
    pub body: String,
    /// Its place in the due index.
    pub timer: Timer,
    /// Its place in the lists that others read.
    pub listed: Listed,
}

/// What an item has of the attributes that index `due` is made of, as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    shard: Option<String>,
    wake_at: Option<String>,
    due_at: Option<String>,
    tries: Option<String>,
}

/// What an item has of the attributes that the indexes of lists are made of, as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    list: Option<String>,
    desk: Option<String>,
    place: Option<String>,
}

/// A timer that is not the one that the state asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongTimer {
    /// Something is due of it, and no job will look at it.
    Absent,
    /// Nothing is due of it, and it waits for a job.
    Needless,
    /// It waits for another job, or where no sweep looks for it.
    OtherJob,
    /// It is due at another instant.
    OtherTime,
    /// It will be handed out later than any lease lasts.
    PutOff,
    /// It waits for a human, and was not tried often enough for that.
    GivenUpEarly,
}

impl fmt::Display for WrongTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "its timer is gone: no job will look at it",
            Self::Needless => "it has a timer, and nothing is due of it",
            Self::OtherJob => "its timer waits where its job does not look",
            Self::OtherTime => "its timer says another instant than its state",
            Self::PutOff => "its timer is put off longer than it can be",
            Self::GivenUpEarly => "its job was given up on, and has tries left",
        })
    }
}

impl Timer {
    fn of(reader: &Reader) -> Self {
        let [shard, wake_at, due_at, tries] = [SHARD, WAKE_AT, DUE_AT, TRIES].map(|name| reader.plain(name));
        Self { shard, wake_at, due_at, tries }
    }

    /// What is wrong with the timer of what lies at this key, if this is due of it. One that was handed out waits
    /// for the end of a lease; one that was given up on waits for a human, or the next day; both are as they should be.
    #[must_use]
    pub fn fault(&self, key: &Key, due: Option<Due>, now: Timestamp) -> Option<WrongTimer> {
        let Some(due) = due else {
            let is_empty =
                [&self.shard, &self.wake_at, &self.due_at, &self.tries].into_iter().all(Option::is_none);
            return (!is_empty).then_some(WrongTimer::Needless);
        };
        let (Some(shard), Some(wake_at)) = (&self.shard, &self.wake_at) else {
            return Some(WrongTimer::Absent);
        };
        let is_parked = *shard == due::parked_name(due.lane);
        if !is_parked && *shard != due::shard_name(due.lane, due::shard_of(key)) {
            return Some(WrongTimer::OtherJob);
        }
        if self.due_at.as_ref().and_then(|due_at| due_at.parse().ok()) != Some(due::millis(due.at)) {
            return Some(WrongTimer::OtherTime);
        }
        let tries = self.tries.as_ref().and_then(|tries| tries.parse::<u32>().ok()).unwrap_or_default();
        if is_parked && tries < due::MAX_TRIES {
            return Some(WrongTimer::GivenUpEarly);
        }
        let longest = if is_parked { PARKED_FOR } else { LONGEST_LEASE };
        let latest = now.max(due.at).saturating_add(longest).and_then(|at| at.saturating_add(CLOCKS_DIFFER));
        let is_in_time = match (wake_at.split('#').next().and_then(|ms| ms.parse::<i64>().ok()), latest) {
            (Some(wake_ms), Ok(latest)) => wake_ms <= due::millis(latest),
            (wake_ms, _) => wake_ms.is_some(),
        };
        (!is_in_time).then_some(WrongTimer::PutOff)
    }
}

/// How far the clock that took a lease may be ahead of the clock that verifies.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

impl Listed {
    fn of(reader: &Reader) -> Self {
        let [list, desk, place] = [LIST, DESK, PLACE].map(|name| reader.plain(name));
        Self { list, desk, place }
    }

    /// Whether it stands in these two lists, or in none where there is none.
    #[must_use]
    pub fn is(&self, list: Option<&ListEntry>, desk: Option<&ListEntry>) -> bool {
        self.list.as_deref() == list.map(|entry| entry.list.as_str())
            && self.desk.as_deref() == desk.map(|entry| entry.list.as_str())
            && self.place.as_ref() == list.or(desk).map(|entry| &entry.place)
    }

    /// Whether it is what a release before 0.5.0 leaves, which knows of the first list alone: the second is absent, or that
    /// of another state of the same kind.
    #[must_use]
    pub fn is_former(&self, list: Option<&ListEntry>, desk: Option<&ListEntry>) -> bool {
        let kind = |list: &str| list.split('#').next().map(str::to_owned);
        let is_stale = match (&self.desk, desk) {
            (None, _) => true,
            (Some(stands), Some(entry)) => kind(stands) == kind(entry.list.as_str()),
            (Some(_), None) => false,
        };
        let bare = Self { desk: None, ..self.clone() };
        is_stale && bare.is(list, None)
    }
}

/// Something in a partition.
#[derive(Debug)]
pub enum PartitionItem {
    /// A thing with a chain.
    Thing(StoredThing),
    /// A record of a chain.
    Record(Record),
    /// An item that has no chain: a text, a version, a ledger line.
    Content(Key),
}

impl Reader {
    pub(crate) fn stored_thing(&self) -> Result<StoredThing, StoreError> {
        Ok(StoredThing {
            key: self.key.clone(),
            kind: self.text(KIND)?.to_owned(),
            version: self.version()?,
            head: self.head()?,
            changed_at: self.changed_at()?,
            schema: self.schema()?,
            body: self.text(BODY)?.to_owned(),
            timer: Timer::of(self),
            listed: Listed::of(self),
        })
    }

    /// A thing keeps one of these attributes whatever else was done to it.
    fn is_thing(&self) -> bool {
        [KIND, VERSION, HEAD].into_iter().any(|name| self.plain(name).is_some())
    }

    fn found(&self) -> Result<PartitionItem, StoreError> {
        // Only replies have one: the table itself would delete what has another.
        if self.plain(TTL).is_some() {
            return Err(self.corrupt("it has a time to live, and would be dropped"));
        }
        if self.key.sort.starts_with(EVIDENCE) {
            return self.record().map(PartitionItem::Record);
        }
        if self.is_thing() {
            return self.stored_thing().map(PartitionItem::Thing);
        }
        // Whether it is of a schema that is known is asked where it is read.
        let _: u32 = self.schema().map_err(|_| self.corrupt(format!("no number {SCHEMA}")))?;
        Ok(PartitionItem::Content(self.key.clone()))
    }
}

impl Store {
    /// Reads one aggregate of any kind by its key, without understanding it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn stored_thing(&self, key: &Key) -> Result<Option<StoredThing>, StoreError> {
        self.item(key).await?.map(|reader| reader.stored_thing()).transpose()
    }

    /// Reads many aggregates of any kind. One that cannot be read is told by its own error.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn stored_things(
        &self,
        keys: impl IntoIterator<Item = Key>,
    ) -> Result<HashMap<Key, Result<StoredThing, StoreError>>, StoreError> {
        let found = self.batch(keys.into_iter().collect(), Consistency::Strong).await?;
        Ok(found.into_iter().map(|(key, reader)| (key, reader.stored_thing())).collect())
    }

    /// Puts a thing into the lists that its state asks for, where nobody has written it since it was read. Its state and its
    /// version stay. False where it was written meanwhile: then it stands where it should.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn put_in_lists(
        &self,
        thing: &StoredThing,
        list: Option<&ListEntry>,
        desk: Option<&ListEntry>,
    ) -> Result<bool, StoreError> {
        let place = list.or(desk).map(|entry| entry.place.as_str());
        let wanted = [
            (LIST, list.map(|entry| entry.list.as_str())),
            (DESK, desk.map(|entry| entry.list.as_str())),
            (PLACE, place),
        ];
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(&thing.key)))
            .condition_expression("#v = :read")
            .expression_attribute_names("#v", VERSION)
            .expression_attribute_values(":read", n(thing.version));
        let (mut set, mut removed) = (Vec::new(), Vec::new());
        for (name, value) in wanted {
            update = update.expression_attribute_names(format!("#{name}"), name);
            match value {
                Some(value) => {
                    set.push(format!("#{name} = :{name}"));
                    update = update.expression_attribute_values(format!(":{name}"), s(value));
                }
                None => removed.push(format!("#{name}")),
            }
        }
        let parts = [("SET", set), ("REMOVE", removed)].into_iter().filter(|(_, names)| !names.is_empty());
        let expression: Vec<_> = parts.map(|(verb, names)| format!("{verb} {}", names.join(", "))).collect();
        let sent = update
            .update_expression(expression.join(" "))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.meter.count(Direction::Write, done.consumed_capacity.as_slice());
                Ok(true)
            }
            Err(error) => StoreError::of_condition(&error),
        }
    }

    /// A page of everything that lies in a partition, in its order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn everything(
        &self,
        partition: &Partition,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<PartitionItem>, StoreError> {
        Ok(self.page(partition, "", Asked::page(after, limit)).await?.of(Reader::found))
    }
}

#[cfg(test)]
mod tests {
    use market_kernel::aggregate::Lane;

    use super::*;

    fn key() -> Key {
        Key::stored("account#shop-1", "order#1")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn timer(shard: &str, wake_ms: i64, due_ms: i64) -> Timer {
        let [shard, wake_at, due_at] =
            [shard.to_owned(), format!("{wake_ms:015}"), due_ms.to_string()].map(Some);
        Timer { shard, wake_at, due_at, tries: None }
    }

    #[test]
    fn a_timer_in_its_time_leased_or_parked_is_right_and_any_other_is_not() {
        let own = due::shard_name(Lane::AdvanceCase, due::shard_of(&key()));
        let other_shard = due::shard_name(Lane::AdvanceCase, (due::shard_of(&key()) + 1) % due::SHARDS);
        let due = Some(Due::new(at(1_000), Lane::AdvanceCase));
        let none = Timer { shard: None, wake_at: None, due_at: None, tries: None };
        for (timer, due, wrong) in [
            (timer(&own, 1_000_000, 1_000_000), due, None),
            (timer(&own, 1_060_000, 1_000_000), due, None),
            (timer(&own, 5_600_000, 1_000_000), due, None),
            (
                Timer { tries: Some("10".to_owned()), ..timer("parked#advance_case", 88_400_000, 1_000_000) },
                due,
                None,
            ),
            (
                Timer {
                    tries: Some("10".to_owned()),
                    ..timer("parked#advance_case", 9_999_999_999, 1_000_000)
                },
                due,
                Some(WrongTimer::PutOff),
            ),
            (timer("parked#advance_case", 1_000_000, 1_000_000), due, Some(WrongTimer::GivenUpEarly)),
            (none.clone(), None, None),
            (none.clone(), due, Some(WrongTimer::Absent)),
            (Timer { wake_at: None, ..timer(&own, 0, 1_000_000) }, due, Some(WrongTimer::Absent)),
            (timer(&own, 1_000_000, 1_000_000), None, Some(WrongTimer::Needless)),
            (Timer { tries: Some("3".to_owned()), ..none }, None, Some(WrongTimer::Needless)),
            (timer("due#notify#0", 1_000_000, 1_000_000), due, Some(WrongTimer::OtherJob)),
            (timer(&other_shard, 1_000_000, 1_000_000), due, Some(WrongTimer::OtherJob)),
            (timer("parked#notify", 1_000_000, 1_000_000), due, Some(WrongTimer::OtherJob)),
            (timer(&own, 1_000_000, 1_000_001), due, Some(WrongTimer::OtherTime)),
            (Timer { due_at: None, ..timer(&own, 1_000_000, 0) }, due, Some(WrongTimer::OtherTime)),
            (timer(&own, 9_999_999_999, 1_000_000), due, Some(WrongTimer::PutOff)),
            (
                Timer { wake_at: Some("x".to_owned()), ..timer(&own, 0, 1_000_000) },
                due,
                Some(WrongTimer::PutOff),
            ),
        ] {
            assert_eq!(timer.fault(&key(), due, at(2_000)), wrong, "{timer:?}");
        }
    }
}
