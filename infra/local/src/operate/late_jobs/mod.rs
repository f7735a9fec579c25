//! `market jobs`: due work that is late, or was given up on.
//!
//! The due index of the table is the truth about timers; queues only carry wake-ups. An entry is *late* when
//! its time passed more than a minute ago and its state has not moved on since: nobody has handed it out, or
//! it was handed out and its job keeps failing. After ten tries it is *parked* and waits for a human.
//! Handing it back is one conditional write, so an item that changed meanwhile is left as it is.

use std::collections::HashSet;
use std::fmt;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use futures_util::future::try_join_all;
use futures_util::{StreamExt, stream};
use indicatif::ProgressBar;
use jiff::SignedDuration;
use market_ambient::{Clock, SystemClock};
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_store::Store;
use market_store::due::{DueEntry, SHARDS, Shard};
use serde::Serialize;

use super::stack::Stack;
use super::{Common, OperateError, progress, say};

/// From when on work is late. Relay, sweep, queue and worker together take seconds.
pub const LATE_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// The longest lease: work that is tried again lies at most so far ahead in the index.
const LONGEST_LEASE: SignedDuration = SignedDuration::from_hours(1);
/// How many entries of a shard are looked at.
const LOOKED_AT: usize = 1_000;
/// Entries of one read of the due index.
const PAGE: u16 = 250;
/// Parked entries of one read.
const PARKED_PAGE: u16 = 1_000;
/// Entries that are handed back at once.
const AT_ONCE: usize = 8;

/// What to do with due work.
#[derive(Debug, clap::Subcommand)]
pub enum JobsCommand {
    /// Count what is late, job by job.
    Late {
        #[command(flatten)]
        common: Common,
    },
    /// Show what was given up on.
    Parked {
        /// Of one job only.
        #[arg(value_parser = jobs())]
        job: Option<Lane>,
        /// How many of each job at most.
        #[arg(long, value_name = "N", default_value_t = 100)]
        #[arg(value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
        #[command(flatten)]
        common: Common,
    },
    /// Hand everything back that was given up on, as if for the first time.
    Redrive {
        /// Of which job.
        #[arg(value_parser = jobs())]
        job: Lane,
        #[command(flatten)]
        common: Common,
    },
}

fn jobs() -> impl TypedValueParser<Value = Lane> {
    PossibleValuesParser::new(Lane::ALL.map(Lane::name)).try_map(|name| name.parse::<Lane>())
}

/// An item that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The job whose turn it is.
    pub job: Lane,
    /// The item: its partition, a slash, its sort key.
    pub item: String,
    /// Since when.
    pub due_at: Timestamp,
    /// How often it was handed out.
    pub tries: u32,
}

impl From<DueEntry> for Waiting {
    fn from(entry: DueEntry) -> Self {
        Self { job: entry.lane, item: entry.key.to_string(), due_at: entry.due_at, tries: entry.tries }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job, item, due_at, tries } = self;
        write!(f, "{:<18} due {due_at}, handed out {tries} times\n  {item}", job.name())
    }
}

/// What is late of one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Late {
    /// The job.
    pub job: Lane,
    /// How many items.
    pub late: usize,
    /// How many of them were handed out, and are to be tried again when their lease ends.
    pub tried: usize,
    /// Whether there may be more: a shard was not looked at to its end.
    pub more: bool,
    /// The one that has waited longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Waiting>,
}

/// Every job's.
#[derive(Debug, Serialize)]
struct LateJobs {
    at: Timestamp,
    jobs: Vec<Late>,
}

impl fmt::Display for LateJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<18} {:>14} {:>8}  OLDEST", "LATE", "ITEMS", "TRIED")?;
        for Late { job, late, tried, more, oldest } in &self.jobs {
            let late = if *more { format!("{late} or more") } else { late.to_string() };
            let since = oldest.as_ref().map(|oldest| {
                let seconds = self.at.duration_since(oldest.due_at).as_secs();
                format!("{seconds} s\n  {}", oldest.item)
            });
            writeln!(f, "{:<18} {late:>14} {tried:>8}  {}", job.name(), since.unwrap_or_default())?;
        }
        Ok(())
    }
}

/// What was given up on.
#[derive(Debug, Serialize)]
struct Parked {
    items: Vec<Waiting>,
}

impl fmt::Display for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.iter().try_for_each(|item| writeln!(f, "{item}"))?;
        write!(f, "{} parked items shown.", self.items.len())
    }
}

/// What was handed back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redriven {
    /// The job.
    pub job: Lane,
    /// How many items.
    pub items: u64,
    /// How many changed meanwhile and were not parked any more.
    pub changed: u64,
}

impl fmt::Display for Redriven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job, items, changed } = self;
        write!(f, "{items} items were handed back to {job}; {changed} had changed meanwhile.")
    }
}

/// What is late of one shard, and whether there may be more.
async fn late_of_shard(
    store: &Store,
    job: Lane,
    shard: u8,
    now: Timestamp,
) -> Result<(Vec<DueEntry>, bool), OperateError> {
    let until = now.saturating_add(LONGEST_LEASE).unwrap_or(now);
    let mut found: Vec<DueEntry> = Vec::new();
    loop {
        let page = store.due(job, Shard::Due(shard), until, found.last(), PAGE).await?;
        let is_last = page.len() < usize::from(PAGE);
        found.extend(page);
        if is_last || found.len() >= LOOKED_AT {
            found.retain(|entry| now.duration_since(entry.due_at) > LATE_AFTER);
            return Ok((found, !is_last));
        }
    }
}

/// What is late of a job.
///
/// # Errors
/// Where the table does not say.
pub async fn late(store: &Store, job: Lane, now: Timestamp) -> Result<Late, OperateError> {
    let shards = try_join_all((0..SHARDS).map(|shard| late_of_shard(store, job, shard, now))).await?;
    let more = shards.iter().any(|(_, more)| *more);
    let entries: Vec<DueEntry> = shards.into_iter().flat_map(|(entries, _)| entries).collect();
    Ok(Late {
        job,
        late: entries.len(),
        tried: entries.iter().filter(|entry| entry.is_leased_at(now)).count(),
        more,
        oldest: entries.into_iter().min_by_key(|entry| entry.due_at).map(Waiting::from),
    })
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

pub(super) async fn run(command: JobsCommand) -> Result<ExitCode, OperateError> {
    let now = SystemClock.now();
    match command {
        JobsCommand::Late { common } => {
            let store = Stack::find(&common.stack).await?.store()?;
            let jobs = try_join_all(Lane::ALL.into_iter().map(|job| late(&store, job, now))).await?;
            say(&LateJobs { at: now, jobs }, common.json)?;
        }
        JobsCommand::Parked { job, limit, common } => {
            let store = Stack::find(&common.stack).await?.store()?;
            let mut items = Vec::new();
            for job in Lane::ALL.into_iter().filter(|one| job.is_none_or(|wanted| wanted == *one)) {
                items.extend(parked(&store, job, limit).await?);
            }
            say(&Parked { items }, common.json)?;
        }
        JobsCommand::Redrive { job, common } => {
            let store = Stack::find(&common.stack).await?.store()?;
            let bar = progress("Handing back", common.json);
            say(&redrive(&store, job, now, &bar).await?, common.json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
