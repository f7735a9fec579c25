//! `waive_demand` – the merchant records that the parties agreed otherwise (4.4.5, "除达成另外协定外").

use market_entrustment::deletion::DeletionDemand;
use market_identity::Role;
use market_kernel::text::Prose;
use schemars::JsonSchema;
use serde::Deserialize;

use super::DemandView;
use super::load::{Sides, for_merchant};
use crate::entrustment::problems;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::GrantPath;

/// What the parties agreed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OtherAgreement")]
pub struct Body {
    agreement: Prose,
}

#[derive(Debug)]
pub struct WaiveDemand;

impl Endpoint for WaiveDemand {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = DemandView;

    fn route() -> Route {
        Route::post("waive_demand", "demands", "/accounts/{account_id}/demands/{grant_id}/waiver")
            .summary("Record another agreement in place of deletion.")
            .about(
                "Records that merchant and provider agreed otherwise than deletion (4.4.5), in \
                    the merchant's words. Refused once the demand is closed.",
            )
            .clauses(&["4.4.5"])
            .roles(&[Role::Merchant])
            .problems(&[problems::WRONG_DEMAND_STATE])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DemandView>, Problem> {
        let Sides { demand, account, provider } = for_merchant(call, market).await?;
        let waived =
            DeletionDemand::waive(&demand, &account, &provider, call.body.agreement.clone(), &call.occasion)?;
        Ok(Outcome::commit(waived).map(DemandView::from))
    }
}
