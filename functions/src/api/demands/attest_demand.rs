//! `attest_demand` – the provider declares what it did with the data.

use market_domain::accounts::MarketAccount;
use market_domain::deletion::{Attestation, DeletionDemand};
use market_http::{Call, Code, Endpoint, Market, Nothing, Outcome, Problem, Route};
use market_identity::Role;
use market_store::of;

use super::DemandView;
use crate::api::paths::GrantPath;

/// See the module.
#[derive(Debug)]
pub struct AttestDemand;

impl Endpoint for AttestDemand {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = Attestation;
    type Reply = DemandView;

    fn route() -> Route {
        Route::post("attest_demand", "/accounts/{account_id}/demands/{grant_id}/attestation")
            .summary("Attest what was done with the data of an ended grant.")
            .clauses(&["4.4.5"])
            .roles(&[Role::Provider])
            .problems(&[Code::WrongDemandState, Code::InvalidAttestation])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DemandView>, Problem> {
        let account_id = call.path.account_id.clone();
        let wishes = (
            of::<MarketAccount>(account_id.clone()),
            of::<DeletionDemand>((account_id, call.path.grant_id.clone())),
        );
        let (Some(account), Some(demand)) = market.store.load(wishes).await? else {
            return Err(Problem::not_found());
        };
        call.may_see(&demand.provider_id)?;
        let attested = DeletionDemand::attest(&demand, &account, call.body.clone(), &call.occasion)?;
        Ok(Outcome::commit(attested).map(DemandView::from))
    }
}
