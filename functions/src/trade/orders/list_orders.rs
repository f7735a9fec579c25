//! `list_orders` – a merchant's orders.

use market_identity::Role;
use market_kernel::ids::OrderId;
use market_kernel::keys::Owner;
use market_trade::orders::Order;

use super::OrderView;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

/// See the module.
#[derive(Debug)]
pub struct ListOrders;

impl Endpoint for ListOrders {
    type Path = AccountPath;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<OrderView>;

    fn route() -> Route {
        Route::get("list_orders", "orders", "/accounts/{account_id}/orders")
            .summary("List a merchant's orders.")
            .clauses(&["4.1"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<OrderView>>, Problem> {
        let partition = call.path.account_id.partition();
        let asked = call.query.asked(call.after.as_deref(), |since| OrderId::first_of(since).into());
        let page = market.store.list::<Order>(&partition, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |order| order.state.into())))
    }
}
