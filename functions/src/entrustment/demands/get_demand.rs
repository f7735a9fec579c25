//! `get_demand` – a deletion demand, for its merchant, its provider and the operator.

use market_entrustment::deletion::DeletionDemand;
use market_identity::Role;

use super::DemandView;
use super::load::may_see;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::GrantPath;

#[derive(Debug)]
pub struct GetDemand;

impl Endpoint for GetDemand {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = DemandView;

    fn route() -> Route {
        Route::get("get_demand", "demands", "/accounts/{account_id}/demands/{grant_id}")
            .summary("Read the deletion demand of an ended grant.")
            .about(
                "A deletion demand by its grant's id: where it stands, by when the provider has \
                    to answer and how that was reckoned, and its declaration (4.4.5). A provider \
                    sees those of its own grants.",
            )
            .clauses(&["4.4.5"])
            .roles(&[Role::Merchant, Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DemandView>, Problem> {
        let id = (call.path.account_id.clone(), call.path.grant_id.clone());
        let demand = market.store.get::<DeletionDemand>(&id).await?.ok_or(Problem::not_found())?;
        may_see(call, &demand)?;
        Ok(Outcome::Reply(demand.state.into()))
    }
}
