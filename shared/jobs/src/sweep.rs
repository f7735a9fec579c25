//! The sweep: hands out what has become due.
//!
//! It looks at each shard of the due index up to a horizon, takes a lease on every entry it finds and
//! sends a wake-up with the delay that is left. A pass costs one query for each shard, however many timers
//! are pending, and one update and a tenth of a message for each one that is due. It looks at the clock for each page:
//! a pass that has much to do neither cuts leases short nor is cut short itself.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_store::due::{DueEntry, Lease, Shard};
use market_store::{Store, StoreError};

use crate::{Outgoing, Queues, Unsent, WakeUp};

/// Entries of one query.
const PAGE: u16 = 100;
/// Leases and queries under way at once.
const PARALLEL: usize = 16;

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Wake-ups sent.
    pub sent: usize,
    /// Entries that wait for a human: given up on in this pass, or looked at again and still there.
    pub parked: usize,
    /// How late the most overdue entry was when it was found.
    pub lateness: Option<SignedDuration>,
    /// Shards that the pass had no time for, or not for all of; the next one goes on with them.
    pub left: usize,
}

/// Why a shard could not be handed out whole; the next pass goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The index could not be read or leased from.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue did not take a wake-up.
    #[error(transparent)]
    Queue(#[from] Unsent),
}

/// A pass in which a shard failed. The others were handed out all the same: no lane waits for another's trouble.
#[derive(Debug, thiserror::Error)]
#[error("{failed} shards could not be handed out: {first}")]
pub struct BrokenPass {
    /// What it did nevertheless.
    pub swept: Swept,
    /// Shards that failed.
    pub failed: usize,
    /// Why the first of them did.
    #[source]
    pub first: SweepError,
}

/// A pass: what it hands out, where to, and how far.
#[derive(Debug)]
pub struct Sweep<'a, Q, C> {
    /// The table.
    pub store: &'a Store,
    /// Where wake-ups go.
    pub queues: &'a Q,
    /// What time it is.
    pub now: C,
    /// How far ahead of its time an entry is handed out, for the queue to keep until then.
    pub horizon: Duration,
    /// No page is begun from this instant on; none where a pass may take as long as it does.
    pub stops_at: Option<Timestamp>,
}

impl<Q: Queues, C: Fn() -> Timestamp + Sync> Sweep<'_, Q, C> {
    /// Hands out everything that is due by now and the horizon.
    ///
    /// # Errors
    /// See [`BrokenPass`].
    pub async fn pass(&self) -> Result<Swept, BrokenPass> {
        self.pass_over(Shard::of_all_lanes().collect()).await
    }

    /// The same of these shards only, for whoever knows that nothing is due in the others.
    ///
    /// # Errors
    /// See [`BrokenPass`].
    pub async fn pass_over(&self, shards: Vec<(Lane, Shard)>) -> Result<Swept, BrokenPass> {
        let mut passes = stream::iter(shards)
            .map(async |(lane, shard)| {
                let mut swept = Swept::default();
                let outcome = self.shard(lane, shard, &mut swept).await;
                (swept, outcome)
            })
            .buffer_unordered(PARALLEL);
        let (mut swept, mut failed, mut first) = (Swept::default(), 0, None);
        while let Some((pass, outcome)) = passes.next().await {
            swept.sent += pass.sent;
            swept.parked += pass.parked;
            swept.lateness = swept.lateness.max(pass.lateness);
            swept.left += pass.left;
            if let Err(error) = outcome {
                failed += 1;
                first.get_or_insert(error);
            }
        }
        match first {
            None => Ok(swept),
            Some(first) => Err(BrokenPass { swept, failed, first }),
        }
    }

    async fn shard(&self, lane: Lane, shard: Shard, swept: &mut Swept) -> Result<(), SweepError> {
        let mut last: Option<DueEntry> = None;
        let mut failure = None;
        loop {
            let now = (self.now)();
            if self.stops_at.is_some_and(|stop| now >= stop) {
                swept.left += 1;
                break;
            }
            let until = SignedDuration::try_from(self.horizon)
                .ok()
                .and_then(|horizon| now.saturating_add(horizon).ok())
                .unwrap_or(now);
            let entries = self.store.due(lane, shard, until, last.as_ref(), PAGE).await?;
            let is_last_page = entries.len() < usize::from(PAGE);
            last = entries.last().cloned();
            // The horizon is for what was never handed out; what was belongs to its lease until that ends.
            let free = entries.into_iter().filter(|entry| !entry.is_leased_at(now)).collect();
            failure = self.hand_out(free, now, swept).await.err().or(failure);
            // A queue that takes nothing, or a table that leases nothing, does no better with the next page.
            if is_last_page || failure.is_some() {
                break;
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Leases and sends a page.
    async fn hand_out(
        &self,
        free: Vec<DueEntry>,
        now: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), SweepError> {
        swept.lateness = swept.lateness.max(free.iter().map(|entry| now.duration_since(entry.due_at)).max());
        let mut leases = stream::iter(free)
            .map(async |entry| (self.store.lease(&entry, now).await, entry))
            .buffer_unordered(PARALLEL);
        let (mut taken, mut failure) = (Vec::new(), None);
        while let Some((lease, entry)) = leases.next().await {
            match lease {
                Ok(Lease::Taken) => {
                    swept.parked += usize::from(entry.is_parked());
                    taken.push(entry);
                }
                Ok(Lease::Parked) => {
                    tracing::error!(lane = %entry.lane, item = %entry.key, "given up on; a human has to look at it");
                    swept.parked += 1;
                }
                Ok(Lease::Lost) => {}
                // What was leased beside it is sent all the same.
                Err(error) => failure = Some(error.into()),
            }
        }
        let outgoing = taken.iter().map(|entry| Outgoing {
            wake_up: WakeUp { lane: entry.lane, key: entry.key.clone() },
            delay: Duration::try_from(entry.due_at.duration_since(now)).unwrap_or_default(),
        });
        let unsent = self.queues.send(outgoing.collect()).await;
        swept.sent += taken.len() - unsent.len();
        // Entries that could not be sent do not count a try, so a queue that is down for hours parks nothing.
        let back = stream::iter(unsent.iter().filter_map(|unsent| taken.get(unsent.place)));
        back.for_each_concurrent(PARALLEL, async |entry| {
            if let Err(error) = self.store.give_back(entry, now).await {
                tracing::warn!(%error, item = %entry.key, "an unsent entry comes back when its lease ends");
            }
        })
        .await;
        failure.or_else(|| Some(unsent.into_iter().next()?.into())).map_or(Ok(()), Err)
    }
}

/// A whole pass at one instant, as benchmarks and tests have it.
///
/// # Errors
/// See [`BrokenPass`].
pub async fn sweep<Q: Queues>(
    store: &Store,
    queues: &Q,
    now: Timestamp,
    horizon: Duration,
) -> Result<Swept, BrokenPass> {
    Sweep { store, queues, now: || now, horizon, stops_at: None }.pass().await
}
