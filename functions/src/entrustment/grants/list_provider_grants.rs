//! `list_provider_grants` – the grants that a provider was given.

use market_entrustment::grants::Grant;
use market_identity::Role;
use market_kernel::ids::GrantId;

use super::tokens::beside;
use super::{GrantSummary, GrantsQuery};
use crate::http::cursor::List;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct ListProviderGrants;

impl Endpoint for ListProviderGrants {
    type Path = ProviderPath;
    type Query = GrantsQuery;
    type Body = Nothing;
    type Reply = List<GrantSummary>;

    fn route() -> Route {
        Route::get("list_provider_grants", "grants", "/providers/{provider_id}/grants")
            .summary("List the grants that a provider was given.")
            .about(
                "The grants that the provider was given, those that hold and those that ended \
                    (4.4.3).",
            )
            .clauses(&["4.4.3"])
            .roles(&[Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<GrantSummary>>, Problem> {
        let list = Grant::of_provider(&call.path.provider_id);
        let query = &call.query;
        let asked = query.page.asked(call.after.as_deref(), |since| GrantId::first_of(since).into());
        let page = if query.is_of_all() {
            market.store.list_entries::<Grant>(&list, asked).await?
        } else {
            market.store.list_entries_where(&list, asked, |grant| query.is_of(grant)).await?
        };
        let tokens = beside(market, &page).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |grant| tokens.show(grant.state))))
    }
}
