//! `list_grants` – a merchant's grants.

use market_entrustment::grants::Grant;
use market_identity::Role;
use market_kernel::ids::GrantId;
use market_kernel::keys::Owner;

use super::tokens::beside;
use super::{GrantSummary, GrantsQuery};
use crate::http::cursor::List;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

#[derive(Debug)]
pub struct ListGrants;

impl Endpoint for ListGrants {
    type Path = AccountPath;
    type Query = GrantsQuery;
    type Body = Nothing;
    type Reply = List<GrantSummary>;

    fn route() -> Route {
        Route::get("list_grants", "grants", "/accounts/{account_id}/grants")
            .summary("List a merchant's grants.")
            .about("The merchant's grants, those that hold and those that ended (4.4.3).")
            .clauses(&["4.4.3"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<GrantSummary>>, Problem> {
        let partition = call.path.account_id.partition();
        let query = &call.query;
        let asked = query.page.asked(call.after.as_deref(), |since| GrantId::first_of(since).into());
        let page = if query.is_of_all() {
            market.store.list::<Grant>(&partition, asked).await?
        } else {
            market.store.list_where(&partition, asked, |grant| query.is_of(grant)).await?
        };
        let tokens = beside(market, &page).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |grant| tokens.show(grant.state))))
    }
}
