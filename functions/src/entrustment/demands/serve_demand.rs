//! `serve_demand` – the merchant serves the drafted demand on the provider, in one action.

use market_entrustment::deletion::{ANSWER, DeletionDemand};
use market_identity::Role;

use super::DemandView;
use super::load::{Sides, for_merchant};
use crate::entrustment::problems;
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::schedules::calendar_for;
use crate::wire::paths::GrantPath;

#[derive(Debug)]
pub struct ServeDemand;

impl Endpoint for ServeDemand {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = DemandView;

    fn route() -> Route {
        Route::post("serve_demand", "demands", "/accounts/{account_id}/demands/{grant_id}/service")
            .summary("Serve a deletion demand on the provider.")
            .about(
                "Serves a drafted demand on the provider (4.4.5). The fifteen days of the answer \
                    begin, both sides are reminded, and an answer that stays away is marked overdue. \
                    Refused where it is served already.",
            )
            .class(Class::Protective)
            .clauses(&["4.4.5"])
            .roles(&[Role::Merchant])
            .problems(&[problems::WRONG_DEMAND_STATE, problems::INVALID_TERM])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DemandView>, Problem> {
        let Sides { demand, account, provider } = for_merchant(call, market).await?;
        let calendar = calendar_for(&market.store, call.occasion.at, ANSWER).await?;
        let served = DeletionDemand::serve(&demand, &account, &provider, &calendar, &call.occasion)?;
        Ok(Outcome::commit(served).map(DemandView::from))
    }
}
