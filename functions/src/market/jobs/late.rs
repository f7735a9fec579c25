//! Late work, as it is counted for whoever asks: the API, and the commands that read the table themselves.
//!
//! The due index is the truth about timers; queues only carry wake-ups. An entry is *late* when its time passed more than a
//! minute ago and its state has not moved on since: nobody has handed it out, or it was handed out and its job keeps failing.

use futures_util::future::try_join_all;
use jiff::SignedDuration;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_store::due::{DueEntry, SHARDS, Shard};
use market_store::{Store, StoreError};

/// From when on work is late. Relay, sweep, queue and worker together take seconds.
pub const LATE_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// The longest lease: work that is tried again lies at most so far ahead in the index.
const LONGEST_LEASE: SignedDuration = SignedDuration::from_hours(1);
/// Entries of one read of the due index.
const PAGE: u16 = 250;

/// What is late of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateWork {
    /// The job.
    pub job: Lane,
    /// How many items.
    pub late: usize,
    /// How many of them were handed out, and are to be tried again when their lease ends.
    pub tried: usize,
    /// Whether there may be more: a shard was not looked at to its end.
    pub more: bool,
    /// The one that has waited longest.
    pub oldest: Option<DueEntry>,
}

/// Counts what is late of a job, and looks at so many pages of 250 entries of each of its eight shards at most.
///
/// # Errors
/// Where the table does not say.
pub async fn late_work(store: &Store, job: Lane, now: Timestamp, pages: u16) -> Result<LateWork, StoreError> {
    let shards = (0..SHARDS).map(|shard| late_of_shard(store, job, shard, now, pages));
    let shards = try_join_all(shards).await?;
    let more = shards.iter().any(|(_, more)| *more);
    let entries: Vec<DueEntry> = shards.into_iter().flat_map(|(entries, _)| entries).collect();
    Ok(LateWork {
        job,
        late: entries.len(),
        tried: entries.iter().filter(|entry| entry.is_leased_at(now)).count(),
        more,
        oldest: entries.into_iter().min_by_key(|entry| entry.due_at),
    })
}

/// What is late of one shard, and whether there may be more.
async fn late_of_shard(
    store: &Store,
    job: Lane,
    shard: u8,
    now: Timestamp,
    pages: u16,
) -> Result<(Vec<DueEntry>, bool), StoreError> {
    let until = now.saturating_add(LONGEST_LEASE).unwrap_or(now);
    let mut found: Vec<DueEntry> = Vec::new();
    let mut more = true;
    for _ in 0..pages {
        let page = store.due(job, Shard::Due(shard), until, found.last(), PAGE).await?;
        more = page.len() >= usize::from(PAGE);
        found.extend(page);
        if !more {
            break;
        }
    }
    found.retain(|entry| now.duration_since(entry.due_at) > LATE_AFTER);
    Ok((found, more))
}
