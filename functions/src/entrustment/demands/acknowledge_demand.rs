//! `acknowledge_demand` – the provider confirms that it has the demand.

use market_entrustment::deletion::DeletionDemand;
use market_identity::Role;

use super::DemandView;
use super::load::{Sides, for_provider};
use crate::entrustment::problems;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::GrantPath;

#[derive(Debug)]
pub struct AcknowledgeDemand;

impl Endpoint for AcknowledgeDemand {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = DemandView;

    fn route() -> Route {
        Route::post(
            "acknowledge_demand",
            "demands",
            "/accounts/{account_id}/demands/{grant_id}/acknowledgement",
        )
        .summary("Acknowledge a deletion demand.")
        .about(
            "The provider confirms that it has the demand (4.4.5). The time that it has for its \
                answer is not changed by it. Refused before the demand is served and after it is \
                answered.",
        )
        .clauses(&["4.4.5"])
        .roles(&[Role::Provider])
        .problems(&[problems::WRONG_DEMAND_STATE])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DemandView>, Problem> {
        let Sides { demand, account, provider } = for_provider(call, market).await?;
        let acknowledged = DeletionDemand::acknowledge(&demand, &account, &provider, &call.occasion)?;
        Ok(Outcome::commit(acknowledged).map(DemandView::from))
    }
}
