//! The sweep: hands out what has become due.
//!
//! It looks at each shard of the due index up to a horizon, takes a lease on every entry it finds and
//! sends a wake-up with the delay that is left. A pass costs one query for each shard, however many timers
//! are pending, and one update and a tenth of a message for each one that is due.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use market_domain::Timestamp;
use market_domain::aggregate::Job;
use market_store::due::{DueEntry, Lease, SHARDS};
use market_store::{Store, StoreError};

use crate::{Outgoing, QueueError, Queues, WakeUp};

/// Entries of one query.
const PAGE: u16 = 100;
/// Leases and queries under way at once.
const PARALLEL: usize = 16;

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Wake-ups sent.
    pub sent: usize,
    /// Entries given up on: they wait for a human.
    pub parked: usize,
    /// How late the most overdue entry was when it was found.
    pub lateness: Option<SignedDuration>,
}

/// Why a shard could not be handed out whole; what it had leased comes back, and the next pass goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The index could not be read or leased from.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue did not take the wake-ups.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// A pass in which a shard failed. The others were handed out all the same: no job waits for another's trouble.
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

/// Hands out everything that is due by `now + horizon`.
///
/// # Errors
/// See [`BrokenPass`].
pub async fn sweep<Q: Queues>(
    store: &Store,
    queues: &Q,
    now: Timestamp,
    horizon: Duration,
) -> Result<Swept, BrokenPass> {
    let until = SignedDuration::try_from(horizon)
        .ok()
        .and_then(|horizon| now.saturating_add(horizon).ok())
        .unwrap_or(now);
    let shards = Job::ALL.into_iter().flat_map(|job| (0..SHARDS).map(move |shard| (job, shard)));
    let mut passes = stream::iter(shards)
        .map(async |(job, shard)| {
            let mut swept = Swept::default();
            let outcome = sweep_shard(store, queues, job, shard, now, until, &mut swept).await;
            (swept, outcome)
        })
        .buffer_unordered(PARALLEL);
    let (mut swept, mut failed, mut first) = (Swept::default(), 0, None);
    while let Some((pass, outcome)) = passes.next().await {
        swept.sent += pass.sent;
        swept.parked += pass.parked;
        swept.lateness = swept.lateness.max(pass.lateness);
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

async fn sweep_shard<Q: Queues>(
    store: &Store,
    queues: &Q,
    job: Job,
    shard: u8,
    now: Timestamp,
    until: Timestamp,
    swept: &mut Swept,
) -> Result<(), SweepError> {
    let mut last: Option<DueEntry> = None;
    loop {
        let entries = store.due(job, shard, until, last.as_ref(), PAGE).await?;
        let is_last_page = entries.len() < usize::from(PAGE);
        last = entries.last().cloned();
        // The horizon is for what was never handed out; what was belongs to its lease until that ends.
        let free: Vec<DueEntry> = entries.into_iter().filter(|entry| !entry.is_leased_at(now)).collect();
        swept.lateness = swept.lateness.max(free.iter().map(|entry| now.duration_since(entry.due_at)).max());
        let mut leases = stream::iter(free)
            .map(async |entry| (store.lease(&entry, now).await, entry))
            .buffer_unordered(PARALLEL);
        let (mut outgoing, mut failure) = (Vec::new(), None);
        while let Some((lease, entry)) = leases.next().await {
            match lease {
                Ok(Lease::Taken) => {
                    let delay = Duration::try_from(entry.due_at.duration_since(now)).unwrap_or_default();
                    outgoing.push(Outgoing { wake_up: WakeUp { job, key: entry.key }, delay });
                }
                Ok(Lease::Parked) => {
                    tracing::error!(%job, item = %entry.key, "given up on; a human has to look at it");
                    swept.parked += 1;
                }
                Ok(Lease::Lost) => {}
                // What was leased beside it is sent all the same.
                Err(error) => failure = Some(error),
            }
        }
        let count = outgoing.len();
        queues.send(outgoing).await?;
        swept.sent += count;
        if let Some(error) = failure {
            return Err(error.into());
        }
        if is_last_page {
            return Ok(());
        }
    }
}
