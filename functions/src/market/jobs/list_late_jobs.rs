//! `list_late_jobs` – of each job, how much of its work is late, and what has waited longest. However much that is, it costs at
//! most one page of each shard of the due index.

use futures_util::future::try_join_all;
use market_identity::Role;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_store::due::DueEntry;
use schemars::JsonSchema;
use serde::Serialize;

use super::late::{LateWork, late_work};
use crate::http::cursor::List;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::time::Instant;

/// Pages of a shard that are looked at.
const PAGES: u16 = 1;

/// How much of a job's work is late.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LateJob {
    job: Lane,
    /// When it was counted.
    counted_at: Instant,
    /// How many items have been due for more than a minute.
    late: usize,
    /// How many of them were handed out, and are to be tried again when their lease ends.
    tried: usize,
    /// Whether there may be more than were counted.
    more: bool,
    /// The one that has waited longest, where any is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<LateItem>,
}

/// An item whose job is late.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LateItem {
    /// The item: its partition, a slash, its sort key.
    item: String,
    /// Since when its job has been due.
    due_at: Instant,
    /// How often it was handed out.
    tries: u32,
}

impl From<DueEntry> for LateItem {
    fn from(entry: DueEntry) -> Self {
        Self { item: entry.key.to_string(), due_at: entry.due_at.into(), tries: entry.tries }
    }
}

impl LateJob {
    fn at(counted_at: Timestamp, work: LateWork) -> Self {
        let LateWork { job, late, tried, more, oldest } = work;
        Self { job, counted_at: counted_at.into(), late, tried, more, oldest: oldest.map(LateItem::from) }
    }
}

#[derive(Debug)]
pub struct ListLateJobs;

impl Endpoint for ListLateJobs {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = List<LateJob>;

    fn route() -> Route {
        Route::get("list_late_jobs", "jobs", "/jobs/late")
            .summary("Count the work of each job that is late, with what has waited longest.")
            .about(
                "Of each job, how many items have been due for more than a minute and are not done, and the one \
                    that has waited longest (11.1). At most 2,000 of a job are counted; `more` says that there \
                    may be others. What failed ten times is in `list_parked`.",
            )
            .clauses(&["11.1"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Self::Reply>, Problem> {
        let now = call.occasion.at;
        let counted = Lane::ALL.into_iter().map(|job| late_work(&market.store, job, now, PAGES));
        let items = try_join_all(counted).await?.into_iter().map(|work| LateJob::at(now, work)).collect();
        // Every job is here, so there is no next page.
        Ok(Outcome::Reply(List { items, next_cursor: None, unreadable: None }))
    }
}
