//! Due work, as the table has it.

use std::collections::HashSet;

use futures_util::future::try_join_all;
use futures_util::{StreamExt, stream};
use indicatif::ProgressBar;
use market_functions::market::jobs::late::late_work;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_store::Store;
use market_store::due::DueEntry;

use super::outcomes::{Late, LateJobs, Redriven, Waiting};
use crate::operate::OperateError;

/// Pages of a shard that are looked at: 1,000 entries.
const PAGES: u16 = 4;
/// Parked entries of one read.
const PARKED_PAGE: u16 = 1_000;
/// Entries that are handed back at once.
const AT_ONCE: usize = 8;

/// What is late of a job.
///
/// # Errors
/// Where the table does not say.
pub async fn late(store: &Store, job: Lane, now: Timestamp) -> Result<Late, OperateError> {
    Ok(late_work(store, job, now, PAGES).await?.into())
}

/// What is late of every job.
///
/// # Errors
/// Where the table does not say.
pub async fn late_of_all(store: &Store, now: Timestamp) -> Result<LateJobs, OperateError> {
    let jobs = try_join_all(Lane::ALL.into_iter().map(|job| late(store, job, now))).await?;
    Ok(LateJobs { at: now, jobs })
}

/// What was given up on of a job, the oldest first.
///
/// # Errors
/// Where the table does not say.
pub async fn parked(store: &Store, job: Lane, limit: u16) -> Result<Vec<Waiting>, OperateError> {
    Ok(store.parked(job, limit).await?.into_iter().map(Waiting::from).collect())
}

/// Hands everything back that was given up on of a job.
///
/// # Errors
/// Where the table does not take it; what was handed back by then stays so.
pub async fn redrive(
    store: &Store,
    job: Lane,
    now: Timestamp,
    progress: &ProgressBar,
) -> Result<Redriven, OperateError> {
    let mut seen = HashSet::new();
    let mut redriven = Redriven { job, items: 0, changed: 0 };
    loop {
        let parked = store.parked(job, PARKED_PAGE).await?;
        // The index follows the table with a delay, and may still show what was handed back a moment ago.
        let fresh: Vec<DueEntry> =
            parked.into_iter().filter(|entry| seen.insert(entry.key.clone())).collect();
        if fresh.is_empty() {
            progress.finish_and_clear();
            return Ok(redriven);
        }
        progress.inc_length(fresh.len() as u64);
        let handed = stream::iter(fresh).map(|entry| async move { store.redrive(&entry, now).await });
        let mut handed = handed.buffer_unordered(AT_ONCE);
        while let Some(was_parked) = handed.next().await {
            if was_parked? {
                redriven.items += 1;
            } else {
                redriven.changed += 1;
            }
            progress.inc(1);
        }
    }
}
