//! `list_grants` – a merchant's grants.

use market_entrustment::grants::Grant;
use market_identity::Role;
use market_kernel::ids::GrantId;
use market_kernel::keys::Owner;

use super::GrantView;
use super::tokens::beside;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

/// See the module.
#[derive(Debug)]
pub struct ListGrants;

impl Endpoint for ListGrants {
    type Path = AccountPath;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<GrantView>;

    fn route() -> Route {
        Route::get("list_grants", "grants", "/accounts/{account_id}/grants")
            .summary("List a merchant's grants.")
            .clauses(&["4.4.3"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<GrantView>>, Problem> {
        let partition = call.path.account_id.partition();
        let asked = call.query.asked(call.after.as_deref(), |since| GrantId::first_of(since).into());
        let page = market.store.list::<Grant>(&partition, asked).await?;
        let tokens = beside(market, &page).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |grant| tokens.show(grant.state))))
    }
}
