//! What the commands say: late work, parked work, and what came of handing it back.

use std::fmt;

use market_functions::market::jobs::late::LateWork;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_store::due::DueEntry;
use serde::{Deserialize, Serialize};

use crate::operate::counted;

/// An item that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        write!(
            f,
            "{:<18} due {due_at}, handed out {}\n  {item}",
            job.name(),
            counted((*tries).into(), "time", "times")
        )
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

impl From<LateWork> for Late {
    fn from(work: LateWork) -> Self {
        let LateWork { job, late, tried, more, oldest } = work;
        Self { job, late, tried, more, oldest: oldest.map(Waiting::from) }
    }
}

/// Every job's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LateJobs {
    /// When it was counted.
    pub at: Timestamp,
    /// Job by job.
    pub jobs: Vec<Late>,
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
pub(super) struct Parked {
    pub(super) items: Vec<Waiting>,
}

impl fmt::Display for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.iter().try_for_each(|item| writeln!(f, "{item}"))?;
        match self.items.len() {
            0 => write!(f, "Nothing is parked."),
            count => write!(f, "{} shown.", counted(count as u64, "parked item", "parked items")),
        }
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
        let were = counted(*items, "item was", "items were");
        write!(f, "{were} handed back to {job}; {changed} had changed meanwhile.")
    }
}

/// What would be handed back.
#[derive(Debug, Serialize)]
pub(super) struct WouldRedrive {
    pub(super) dry_run: bool,
    pub(super) job: Lane,
    pub(super) items: Vec<Waiting>,
    /// Whether there are more than these.
    pub(super) more: bool,
}

impl fmt::Display for WouldRedrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.iter().try_for_each(|item| writeln!(f, "{item}"))?;
        let more = if self.more { ", and there are more" } else { "" };
        write!(
            f,
            "{} would be handed back to {}{more}. Nothing was changed.",
            counted(self.items.len() as u64, "item", "items"),
            self.job
        )
    }
}
