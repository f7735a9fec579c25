//! `close_demand` – the merchant confirms the provider's attestation.

use market_entrustment::deletion::DeletionDemand;
use market_identity::Role;

use super::DemandView;
use super::load::{Sides, for_merchant};
use crate::entrustment::problems;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::GrantPath;

#[derive(Debug)]
pub struct CloseDemand;

impl Endpoint for CloseDemand {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = DemandView;

    fn route() -> Route {
        Route::post("close_demand", "demands", "/accounts/{account_id}/demands/{grant_id}/closure")
            .summary("Confirm the provider's attestation.")
            .about(
                "The merchant confirms the provider's declaration, and the demand is over \
                    (4.4.5). Refused before it is answered.",
            )
            .clauses(&["4.4.5"])
            .roles(&[Role::Merchant])
            .problems(&[problems::WRONG_DEMAND_STATE])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DemandView>, Problem> {
        let Sides { demand, account, provider } = for_merchant(call, market).await?;
        let closed = DeletionDemand::close(&demand, &account, &provider, &call.occasion)?;
        Ok(Outcome::commit(closed).map(DemandView::from))
    }
}
