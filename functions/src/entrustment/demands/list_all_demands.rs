//! `list_all_demands` – the deletion demands of all merchants in one state, for the operator.

use market_entrustment::deletion::{DeletionDemand, DemandStanding};
use market_identity::Role;
use market_kernel::ids::GrantId;
use market_store::Index;
use schemars::JsonSchema;
use serde::Deserialize;

use super::DemandSummary;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// Which demands.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllDemandsQuery {
    /// Where they stand.
    status: DemandStanding,
    #[serde(flatten)]
    page: ListQuery,
}

#[derive(Debug)]
pub struct ListAllDemands;

impl Endpoint for ListAllDemands {
    type Path = Nothing;
    type Query = AllDemandsQuery;
    type Body = Nothing;
    type Reply = List<DemandSummary>;

    fn route() -> Route {
        Route::get("list_all_demands", "demands", "/demands")
            .summary("List the deletion demands that stand so, in the order of their grants.")
            .about("The deletion demands of all merchants that stand so, for the operator who supervises them (4.4.5).")
            .clauses(&["4.4.5"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Self::Reply>, Problem> {
        let query = &call.query;
        let asked = query.page.asked(call.after.as_deref(), |since| GrantId::first_of(since).into());
        let lists = query.status.lists();
        let page = market.store.list_entries_merged::<DeletionDemand>(Index::Desk, &lists, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |demand| demand.state.into())))
    }
}
