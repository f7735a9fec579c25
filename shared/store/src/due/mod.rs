//! The due index: what waits for which lane, in the order of its time.
//!
//! It is sparse (only what has something due is in it) and sharded by the item's key. An entry's place is
//! `wake_at`, the instant at which the sweep will next hand it out: the due time itself, or the end of a
//! lease. Whoever hands an entry out moves it a lease ahead first, so a wake-up that is lost comes back,
//! and one that keeps failing comes back ever more rarely until it is *parked* for a human: then it is handed out once
//! a day. Where what fails is a reminder, it comes back when the end that it reminds of is due. Every commit of the
//! item recomputes its entry from its state. What is due at once when it is written belongs to the relay, and so is
//! written with the lease already taken.

mod entry;

use futures_util::future::try_join_all;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;

pub use self::entry::{
    DueEntry, LEASE, MAX_TRIES, PARKED_FOR, SHARDS, Shard, bare_item, due_at_once, wakes_at,
};
use self::entry::{EntryPosition, entry, place};
pub(crate) use self::entry::{LONGEST_LEASE, encode, millis, parked_name, shard_name, shard_of};
use crate::Store;
use crate::attributes::{SHARD, TRIES, WAKE_AT, key_attributes, n, s};
use crate::error::StoreError;
use crate::item::Reader;
use crate::meter::Direction;
use crate::schema::DUE_INDEX;

/// What became of an attempt to lease an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// It is the caller's to hand out.
    Taken,
    /// Someone else has it, or its state has changed (or the answer to a first attempt was lost: then it comes
    /// back when the lease ends).
    Lost,
    /// It was handed out too often, and now waits for a human.
    Parked,
}

impl Store {
    /// A page of the entries of one shard whose time has come by `until`, leased ones among them, in their
    /// order and after another entry's place.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn due(
        &self,
        lane: Lane,
        shard: Shard,
        until: Timestamp,
        after: Option<&DueEntry>,
        limit: u16,
    ) -> Result<Vec<DueEntry>, StoreError> {
        self.query_due(shard.name(lane), Some(until), after, limit).await
    }

    /// The entries that were given up on and wait for a human, the oldest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn parked(&self, lane: Lane, limit: u16) -> Result<Vec<DueEntry>, StoreError> {
        self.query_due(parked_name(lane), None, None, limit).await
    }

    /// How many entries were given up on and wait for a human, over all lanes, at most so many of each.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn count_parked(&self, most: u16) -> Result<usize, StoreError> {
        let parked = try_join_all(Lane::ALL.map(|lane| self.parked(lane, most))).await?;
        Ok(parked.iter().map(Vec::len).sum())
    }

    /// When the sweep will next have something to hand out, over all jobs and shards.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn next_wake(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.wakes(Shard::of_all_lanes()).await?.into_iter().flatten().min())
    }

    /// When it will next have something to hand out in each of these shards, in their order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn wakes(
        &self,
        shards: impl IntoIterator<Item = (Lane, Shard)>,
    ) -> Result<Vec<Option<Timestamp>>, StoreError> {
        let shards = shards.into_iter().map(|(lane, shard)| shard.name(lane));
        let firsts = try_join_all(shards.map(|shard| self.query_due(shard, None, None, 1))).await?;
        let wake = |first: &DueEntry| Timestamp::from_millisecond(first.wake_ms()).ok();
        Ok(firsts.iter().map(|found| found.first().and_then(wake)).collect())
    }

    async fn query_due(
        &self,
        shard: String,
        until: Option<Timestamp>,
        after: Option<&DueEntry>,
        limit: u16,
    ) -> Result<Vec<DueEntry>, StoreError> {
        let start = after.map(|entry| {
            let mut start = key_attributes(&entry.key);
            start.insert(SHARD.to_owned(), s(&entry.shard));
            start.insert(WAKE_AT.to_owned(), s(&entry.wake_at));
            start
        });
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .expression_attribute_names("#shard", SHARD)
            .expression_attribute_values(":shard", s(shard))
            .set_exclusive_start_key(start)
            .limit(i32::from(limit))
            .set_return_consumed_capacity(self.meter.wish());
        let query = match until {
            // Everything of that very millisecond sorts before its successor's bare number.
            Some(until) => query
                .key_condition_expression("#shard = :shard AND #wake < :until")
                .expression_attribute_names("#wake", WAKE_AT)
                .expression_attribute_values(":until", s(format!("{:015}", until.as_millisecond() + 1))),
            None => query.key_condition_expression("#shard = :shard"),
        };
        let answer = query.send().await.map_err(|error| StoreError::from_sdk(&error, false))?;
        self.meter.count(Direction::Read, answer.consumed_capacity.as_slice());
        answer.items.unwrap_or_default().into_iter().map(|item| entry(&Reader::new(item)?)).collect()
    }

    /// Takes a lease on an entry before it is handed out. One that was handed out too often is parked instead; one that
    /// is parked is handed out, and waits another day.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn lease(&self, entry: &DueEntry, now: Timestamp) -> Result<Lease, StoreError> {
        let (shard, wake_at) = entry.leased(now);
        let lease = if shard == entry.shard { Lease::Taken } else { Lease::Parked };
        let tries = entry.tries.saturating_add(1);
        Ok(if self.move_entry(&entry.place(), (&shard, &wake_at), tries).await? {
            lease
        } else {
            Lease::Lost
        })
    }

    /// Releases a lease that was taken at `now`: its wake-up could not be sent, so it does not count as a try.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn give_back(&self, entry: &DueEntry, now: Timestamp) -> Result<bool, StoreError> {
        let (shard, wake_at) = entry.leased(now);
        let leased = EntryPosition { key: &entry.key, shard: &shard, wake_at: &wake_at };
        self.move_entry(&leased, (&entry.shard, &entry.wake_at), entry.tries).await
    }

    /// Hands a parked entry back to the sweep, as if for the first time.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn redrive(&self, entry: &DueEntry, now: Timestamp) -> Result<bool, StoreError> {
        let shard = shard_name(entry.lane, shard_of(&entry.key));
        self.move_entry(&entry.place(), (&shard, &place(now, entry.end_ms)), 0).await
    }

    async fn move_entry(
        &self,
        from: &EntryPosition<'_>,
        (shard, wake_at): (&str, &str),
        tries: u32,
    ) -> Result<bool, StoreError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(from.key)))
            .update_expression("SET #shard = :shard, #wake = :wake, #tries = :tries")
            .condition_expression("#shard = :old_shard AND #wake = :old_wake")
            .expression_attribute_names("#shard", SHARD)
            .expression_attribute_names("#wake", WAKE_AT)
            .expression_attribute_names("#tries", TRIES)
            .expression_attribute_values(":shard", s(shard))
            .expression_attribute_values(":wake", s(wake_at))
            .expression_attribute_values(":tries", n(tries))
            .expression_attribute_values(":old_shard", s(from.shard))
            .expression_attribute_values(":old_wake", s(from.wake_at))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.meter.count(Direction::Write, done.consumed_capacity.as_slice());
                Ok(true)
            }
            // A concurrent write of the item also rewrites its entry.
            Err(error) => match StoreError::of_condition(&error) {
                Err(StoreError::Contended(_)) => Ok(false),
                outcome => outcome,
            },
        }
    }
}
