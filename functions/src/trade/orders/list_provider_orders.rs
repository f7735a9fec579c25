//! `list_provider_orders` – the orders that a provider has to serve.

use market_identity::Role;
use market_kernel::ids::OrderId;
use market_trade::orders::Order;

use super::OrderView;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderPath;

/// See the module.
#[derive(Debug)]
pub struct ListProviderOrders;

impl Endpoint for ListProviderOrders {
    type Path = ProviderPath;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<OrderView>;

    fn route() -> Route {
        Route::get("list_provider_orders", "orders", "/providers/{provider_id}/orders")
            .summary("List the orders of a provider's listings.")
            .clauses(&["4.1"])
            .roles(&[Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<OrderView>>, Problem> {
        let list = Order::of_provider(&call.path.provider_id);
        let asked = call.query.asked(call.after.as_deref(), |since| OrderId::first_of(since).into());
        let page = market.store.list_entries::<Order>(&list, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |order| order.state.into())))
    }
}
