//! `list_demands` – a merchant's deletion demands.

use market_entrustment::deletion::DeletionDemand;
use market_identity::Role;
use market_kernel::keys::Owner;

use super::DemandView;
use crate::http::cursor::{List, PageQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

/// See the module.
#[derive(Debug)]
pub struct ListDemands;

impl Endpoint for ListDemands {
    type Path = AccountPath;
    type Query = PageQuery;
    type Body = Nothing;
    type Reply = List<DemandView>;

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

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<DemandView>>, Problem> {
        let partition = call.path.account_id.partition();
        let page = market
            .store
            .list::<DeletionDemand>(&partition, call.after.as_deref(), call.query.limit.get())
            .await?;
        Ok(Outcome::Reply(List::of(call, market, page, |demand| demand.state.into())))
    }
}
