//! `redrive_parked` – hands parked work back to the sweep, as if for the first time.

use market_identity::Role;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Repeats, Route};
use crate::wire::paths::JobPath;

/// Items of one request; ask again for more.
const AT_ONCE: u16 = 25;

/// What was handed back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Redriven {
    /// How many items. None are left when `list_parked` shows none; what was handed back a moment ago may still be there.
    items: usize,
}

#[derive(Debug)]
pub struct RedriveParked;

impl Endpoint for RedriveParked {
    type Path = JobPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Redriven;

    fn route() -> Route {
        Route::post("redrive_parked", "jobs", "/jobs/{job}/redrive")
            .summary("Hand a job's parked work back, 25 items at a time, the oldest first.")
            .about(
                "Hands the work that a job was given up on back to be done, as if for the first \
                    time (11.1). What fails again is parked again.",
            )
            .clauses(&["11.1"])
            .roles(&[Role::Operator])
            .repeats(Repeats::Harmless)
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Redriven>, Problem> {
        let mut items = 0;
        for entry in market.store.parked(call.path.job, AT_ONCE).await? {
            // One that changed in the meantime is not parked any more.
            items += usize::from(market.store.redrive(&entry, call.occasion.at).await?);
        }
        Ok(Outcome::Reply(Redriven { items }))
    }
}
