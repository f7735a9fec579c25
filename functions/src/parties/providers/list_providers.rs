//! `list_providers` – the providers of one status, for the operator: who applied, who may list.

use market_identity::Role;
use market_kernel::keys::instant_place;
use market_parties::providers::{Provider, ProviderStatus};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ProviderSummary;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// Which providers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvidersQuery {
    /// Where they stand.
    status: ProviderStatus,
    #[serde(flatten)]
    page: ListQuery,
}

#[derive(Debug)]
pub struct ListProviders;

impl Endpoint for ListProviders {
    type Path = Nothing;
    type Query = ProvidersQuery;
    type Body = Nothing;
    type Reply = List<ProviderSummary>;

    fn route() -> Route {
        Route::get("list_providers", "providers", "/providers")
            .summary("List the providers of one status, by the instant of their application.")
            .about("The providers of one status, for the operator who approves and supervises them (2.2).")
            .clauses(&["2.2"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Self::Reply>, Problem> {
        let asked = call.query.page.asked(call.after.as_deref(), instant_place);
        let page = market.store.list_entries::<Provider>(&call.query.status.list(), asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |provider| provider.state.into())))
    }
}
