//! `list_parked` – the due work of a job that kept failing and waits for a human, the oldest first.

use market_identity::Role;
use market_kernel::aggregate::Lane;
use market_store::due::DueEntry;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::cursor::List;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::JobPath;
use crate::wire::time::Instant;

/// How many are shown.
const SHOWN: u16 = 100;

/// An item whose job was given up on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ParkedJob {
    job: Lane,
    /// The item: its partition, a slash, its sort key.
    item: String,
    /// Since when its job has been due.
    due_at: Instant,
    /// How often it was handed out.
    tries: u32,
}

impl From<DueEntry> for ParkedJob {
    fn from(entry: DueEntry) -> Self {
        Self { job: entry.lane, item: entry.key.to_string(), due_at: entry.due_at.into(), tries: entry.tries }
    }
}

#[derive(Debug)]
pub struct ListParked;

impl Endpoint for ListParked {
    type Path = JobPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = List<ParkedJob>;

    fn route() -> Route {
        Route::get("list_parked", "jobs", "/jobs/{job}/parked")
            .summary("List the work that a job was given up on: at most 100 items, the oldest first.")
            .about(
                "The work of a job that failed ten times and waits for a human, the oldest first, \
                    at most 100 (11.1). `redrive_parked` hands it back.",
            )
            .clauses(&["11.1"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<ParkedJob>>, Problem> {
        let parked = market.store.parked(call.path.job, SHOWN).await?;
        // A human hands these back before any others can be seen, so there is no next page.
        let items = parked.into_iter().map(ParkedJob::from).collect();
        Ok(Outcome::Reply(List { items, next_cursor: None, unreadable: None }))
    }
}
