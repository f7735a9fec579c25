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

/// A pass that broke off; what it had leased comes back, and the next pass goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The index could not be read or leased from.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue did not take the wake-ups.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Hands out everything that is due by `now + horizon`.
///
/// # Errors
/// See [`SweepError`].
pub async fn sweep<Q: Queues>(
    store: &Store,
    queues: &Q,
    now: Timestamp,
    horizon: Duration,
) -> Result<Swept, SweepError> {
    let until = SignedDuration::try_from(horizon)
        .ok()
        .and_then(|horizon| now.saturating_add(horizon).ok())
        .unwrap_or(now);
    let shards = Job::ALL.into_iter().flat_map(|job| (0..SHARDS).map(move |shard| (job, shard)));
    let mut passes = stream::iter(shards)
        .map(|(job, shard)| sweep_shard(store, queues, job, shard, now, until))
        .buffer_unordered(PARALLEL);
    let mut swept = Swept::default();
    while let Some(pass) = passes.next().await {
        let pass = pass?;
        swept.sent += pass.sent;
        swept.parked += pass.parked;
        swept.lateness = swept.lateness.max(pass.lateness);
    }
    Ok(swept)
}

async fn sweep_shard<Q: Queues>(
    store: &Store,
    queues: &Q,
    job: Job,
    shard: u8,
    now: Timestamp,
    until: Timestamp,
) -> Result<Swept, SweepError> {
    let mut swept = Swept::default();
    let mut last: Option<DueEntry> = None;
    loop {
        let entries = store.due(job, shard, until, last.as_ref(), PAGE).await?;
        let is_last_page = entries.len() < usize::from(PAGE);
        last = entries.last().cloned();
        // The horizon is for what was never handed out; what was belongs to its lease until that ends.
        let free: Vec<DueEntry> = entries.into_iter().filter(|entry| !entry.is_leased_at(now)).collect();
        swept.lateness = swept.lateness.max(free.iter().map(|entry| now.duration_since(entry.due_at)).max());
        let mut leases = stream::iter(free)
            .map(async |entry| Ok::<_, StoreError>((store.lease(&entry, now).await?, entry)))
            .buffer_unordered(PARALLEL);
        let mut outgoing = Vec::new();
        while let Some(leased) = leases.next().await {
            match leased? {
                (Lease::Taken, entry) => {
                    let delay = Duration::try_from(entry.due_at.duration_since(now)).unwrap_or_default();
                    outgoing.push(Outgoing { wake_up: WakeUp { job, key: entry.key }, delay });
                }
                (Lease::Parked, entry) => {
                    tracing::error!(%job, item = %entry.key, "given up on; a human has to look at it");
                    swept.parked += 1;
                }
                (Lease::Lost, _) => {}
            }
        }
        swept.sent += outgoing.len();
        queues.send(outgoing).await?;
        if is_last_page {
            return Ok(swept);
        }
    }
}
