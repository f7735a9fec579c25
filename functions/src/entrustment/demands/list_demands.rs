//! `list_demands` – a merchant's deletion demands.

use market_entrustment::deletion::DeletionDemand;
use market_identity::Role;
use market_kernel::ids::GrantId;
use market_kernel::keys::Owner;

use super::{DemandSummary, DemandsQuery};
use crate::http::cursor::List;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

#[derive(Debug)]
pub struct ListDemands;

impl Endpoint for ListDemands {
    type Path = AccountPath;
    type Query = DemandsQuery;
    type Body = Nothing;
    type Reply = List<DemandSummary>;

    fn route() -> Route {
        Route::get("list_demands", "demands", "/accounts/{account_id}/demands")
            .summary("List a merchant's deletion demands, in the order of their grants.")
            .about(
                "The merchant's deletion demands: drafts that wait to be served, those that run, \
                    and those that ended (4.4.5).",
            )
            .clauses(&["4.4.5"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<DemandSummary>>, Problem> {
        let partition = call.path.account_id.partition();
        let query = &call.query;
        let asked = query.page.asked(call.after.as_deref(), |since| GrantId::first_of(since).into());
        let page = match query.status {
            None => market.store.list::<DeletionDemand>(&partition, asked).await?,
            Some(status) => {
                let stands_so = |demand: &DeletionDemand| demand.status.standing() == status;
                market.store.list_where(&partition, asked, stands_so).await?
            }
        };
        Ok(Outcome::Reply(List::of(call, market, page, |demand| demand.state.into())))
    }
}
