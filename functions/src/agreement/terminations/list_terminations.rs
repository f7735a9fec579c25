//! `list_terminations` – the terminations of all accounts in one state, for the operator.

use market_agreement::terminations::{Termination, TerminationStanding};
use market_identity::Role;
use market_kernel::ids::TerminationId;
use schemars::JsonSchema;
use serde::Deserialize;

use super::TerminationSummary;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// Which terminations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminationsQuery {
    /// How far they have come.
    status: TerminationStanding,
    #[serde(flatten)]
    page: ListQuery,
}

#[derive(Debug)]
pub struct ListTerminations;

impl Endpoint for ListTerminations {
    type Path = Nothing;
    type Query = TerminationsQuery;
    type Body = Nothing;
    type Reply = List<TerminationSummary>;

    fn route() -> Route {
        Route::get("list_terminations", "terminations", "/terminations")
            .summary("List the terminations that stand so, by the instant at which they were recorded.")
            .about("The ends of agreements that stand so: those that were served and wait, those that are carried out, and those that are complete (10.1.1, 10.1.2).")
            .clauses(&["10.1.1", "10.1.2"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Self::Reply>, Problem> {
        let query = &call.query;
        let asked = query.page.asked(call.after.as_deref(), |since| TerminationId::first_of(since).into());
        let page = market.store.list_entries::<Termination>(&query.status.list(), asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |termination| termination.state.into())))
    }
}
