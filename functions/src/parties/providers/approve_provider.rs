//! `approve_provider` – the operator lets a provider list.

use market_identity::Role;
use market_parties::providers::Provider;

use super::ProviderView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::parties::problems;
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct ApproveProvider;

impl Endpoint for ApproveProvider {
    type Path = ProviderPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = ProviderView;

    fn route() -> Route {
        Route::post("approve_provider", "providers", "/providers/{provider_id}/approval")
            .summary("Approve a provider.")
            .about(
                "Lets a provider list what it sells (2.2), and tells it so. Refused where it is \
                    approved already.",
            )
            .clauses(&["2.2"])
            .roles(&[Role::Operator])
            .problems(&[problems::ALREADY_APPROVED])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ProviderView>, Problem> {
        let provider = market.store.get::<Provider>(&call.path.provider_id).await?;
        let provider = provider.ok_or(Problem::not_found())?;
        let approved = Provider::approve(&provider, &call.occasion)?;
        Ok(Outcome::commit(approved).map(ProviderView::from))
    }
}
