//! `list_provider_orders` – the orders that a provider has to serve.

use market_identity::Role;
use market_kernel::ids::OrderId;
use market_trade::orders::Order;

use super::{OrderSummary, OrdersQuery};
use crate::http::cursor::List;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct ListProviderOrders;

impl Endpoint for ListProviderOrders {
    type Path = ProviderPath;
    type Query = OrdersQuery;
    type Body = Nothing;
    type Reply = List<OrderSummary>;

    fn route() -> Route {
        Route::get("list_provider_orders", "orders", "/providers/{provider_id}/orders")
            .summary("List the orders of a provider's listings.")
            .about("The orders of the provider's listings: those that wait for their payment, those it has to serve, and those that \
                 ended (4.1).")
            .clauses(&["4.1"])
            .roles(&[Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<OrderSummary>>, Problem> {
        let list = Order::of_provider(&call.path.provider_id);
        let query = &call.query;
        let asked = query.page.asked(call.after.as_deref(), |since| OrderId::first_of(since).into());
        let page = match query.status {
            None => market.store.list_entries::<Order>(&list, asked).await?,
            Some(status) => {
                let stands_so = |order: &Order| order.status.standing() == status;
                market.store.list_entries_where(&list, asked, stands_so).await?
            }
        };
        Ok(Outcome::Reply(List::of(call, market, page, |order| order.state.into())))
    }
}
