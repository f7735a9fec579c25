//! `attest_demand` – the provider declares what it did with the data.

use market_entrustment::deletion::DeletionDemand;
use market_identity::Role;

use super::load::{Sides, for_provider};
use super::{AttestationForm, DemandView};
use crate::entrustment::problems;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::GrantPath;

#[derive(Debug)]
pub struct AttestDemand;

impl Endpoint for AttestDemand {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = AttestationForm;
    type Reply = DemandView;

    fn route() -> Route {
        Route::post("attest_demand", "demands", "/accounts/{account_id}/demands/{grant_id}/attestation")
            .summary("Attest what was done with the data of an ended grant.")
            .about(
                "The provider declares what became of the data, of copies and of what its \
                    sub-processors had, when and by whose word (4.4.5). It waits then for the \
                    merchant's confirmation. Refused where the demand is not served, or the \
                    declaration names no dataset or an instant that cannot be.",
            )
            .clauses(&["4.4.5"])
            .roles(&[Role::Provider])
            .problems(&[problems::WRONG_DEMAND_STATE, problems::INVALID_ATTESTATION])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DemandView>, Problem> {
        let Sides { demand, account, provider } = for_provider(call, market).await?;
        let attestation = call.body.clone().into();
        let attested = DeletionDemand::attest(&demand, &account, &provider, attestation, &call.occasion)?;
        Ok(Outcome::commit(attested).map(DemandView::from))
    }
}
