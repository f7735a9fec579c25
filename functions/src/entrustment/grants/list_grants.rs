//! `list_grants` – a merchant's grants.

use market_entrustment::grants::Grant;
use market_identity::Role;
use market_kernel::keys::Owner;

use super::GrantView;
use super::tokens::beside;
use crate::http::cursor::{List, PageQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

/// See the module.
#[derive(Debug)]
pub struct ListGrants;

impl Endpoint for ListGrants {
    type Path = AccountPath;
    type Query = PageQuery;
    type Body = Nothing;
    type Reply = List<GrantView>;

    fn route() -> Route {
        Route::get("list_grants", "grants", "/accounts/{account_id}/grants")
            .summary("List a merchant's grants, the oldest first.")
            .about("The merchant's grants, those that hold and those that ended (4.4.3).")
            .clauses(&["4.4.3"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<GrantView>>, Problem> {
        let partition = call.path.account_id.partition();
        let page =
            market.store.list::<Grant>(&partition, call.after.as_deref(), call.query.limit.get()).await?;
        let tokens = beside(market, &page).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |grant| tokens.show(grant.state))))
    }
}
