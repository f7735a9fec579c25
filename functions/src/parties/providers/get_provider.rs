//! `get_provider` – a provider, as itself and the operator see it.

use market_identity::Role;
use market_parties::providers::Provider;

use super::ProviderView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct GetProvider;

impl Endpoint for GetProvider {
    type Path = ProviderPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = ProviderView;

    fn route() -> Route {
        Route::get("get_provider", "providers", "/providers/{provider_id}")
            .summary("Read a provider.")
            .about(
                "A provider as itself and the operator see it: who it is, how it is reached, \
                    where it stands (2.2).",
            )
            .clauses(&["2.2"])
            .roles(&[Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ProviderView>, Problem> {
        let provider = market.store.get::<Provider>(&call.path.provider_id).await?;
        Ok(Outcome::Reply(provider.ok_or(Problem::not_found())?.state.into()))
    }
}
