//! `read_timeline` – what happened to what a merchant has, in the order of its instants: what, by whom, under which clause, and
//! who was told. It is read off the evidence, which proves it.

use market_identity::Role;
use market_kernel::keys::{Owner, instant_place};
use market_store::Told;

use super::timeline::TimelineEntry;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

#[derive(Debug)]
pub struct ReadTimeline;

impl Endpoint for ReadTimeline {
    type Path = AccountPath;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<TimelineEntry>;

    fn route() -> Route {
        Route::get("read_timeline", "evidence", "/accounts/{account_id}/timeline")
            .summary(
                "Read what happened to what a merchant has, from 0.5.0 on, in the order of its instants.",
            )
            .about("What happened to an account, a line for each change: what, by whom, under which clause, and who was told of it (10.2). The evidence itself, with what happened before 0.5.0, is in `list_evidence`.")
            .clauses(&["10.2"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Self::Reply>, Problem> {
        let partition = call.path.account_id.partition();
        let asked = call.query.asked(call.after.as_deref(), instant_place);
        let page = market.store.timeline(&partition, asked).await?;
        let entry = |Told { first, beside }: Told| {
            TimelineEntry::of(first.evidence, beside.into_iter().map(|record| record.evidence))
        };
        Ok(Outcome::Reply(List::of(call, market, page, entry)))
    }
}
