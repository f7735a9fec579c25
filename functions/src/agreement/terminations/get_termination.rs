//! `get_termination` – a termination, with the trace of its date.

use market_agreement::terminations::Termination;
use market_identity::Role;

use super::TerminationView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::TerminationPath;

#[derive(Debug)]
pub struct GetTermination;

impl Endpoint for GetTermination {
    type Path = TerminationPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = TerminationView;

    fn route() -> Route {
        Route::get("get_termination", "terminations", "/accounts/{account_id}/terminations/{termination_id}")
            .summary("Read a termination.")
            .about(
                "A termination and, for one by notice, each step by which its date was reckoned \
                    (10.1): anyone can reckon it again from the published holidays.",
            )
            .clauses(&["10.1"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<TerminationView>, Problem> {
        let id = (call.path.account_id.clone(), call.path.termination_id.clone());
        let termination = market.store.get::<Termination>(&id).await?.ok_or(Problem::not_found())?;
        Ok(Outcome::Reply(termination.state.into()))
    }
}
