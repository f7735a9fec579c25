//! `list_provider_demands` – the deletion demands that a provider has to answer or answered.

use market_entrustment::deletion::DeletionDemand;
use market_identity::Role;
use market_kernel::ids::GrantId;

use super::{DemandSummary, DemandsQuery};
use crate::http::cursor::List;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct ListProviderDemands;

impl Endpoint for ListProviderDemands {
    type Path = ProviderPath;
    type Query = DemandsQuery;
    type Body = Nothing;
    type Reply = List<DemandSummary>;

    fn route() -> Route {
        Route::get("list_provider_demands", "demands", "/providers/{provider_id}/demands")
            .summary(
                "List the deletion demands that were served on a provider, in the order of their grants.",
            )
            .about(
                "The deletion demands that the provider has to answer or has answered (4.4.5). Drafts that no merchant \
                 has served are not among them.",
            )
            .clauses(&["4.4.5"])
            .roles(&[Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<DemandSummary>>, Problem> {
        let list = DeletionDemand::of_provider(&call.path.provider_id);
        let query = &call.query;
        let asked = query.page.asked(call.after.as_deref(), |since| GrantId::first_of(since).into());
        let page = match query.status {
            None => market.store.list_entries::<DeletionDemand>(&list, asked).await?,
            Some(status) => {
                let stands_so = |demand: &DeletionDemand| demand.status.standing() == status;
                market.store.list_entries_where(&list, asked, stands_so).await?
            }
        };
        Ok(Outcome::Reply(List::of(call, market, page, |demand| demand.state.into())))
    }
}
