//! `list_orders` – a merchant's orders.

use market_identity::Role;
use market_kernel::ids::OrderId;
use market_kernel::keys::Owner;
use market_trade::orders::Order;

use super::{OrderSummary, OrdersQuery};
use crate::http::cursor::List;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

#[derive(Debug)]
pub struct ListOrders;

impl Endpoint for ListOrders {
    type Path = AccountPath;
    type Query = OrdersQuery;
    type Body = Nothing;
    type Reply = List<OrderSummary>;

    fn route() -> Route {
        Route::get("list_orders", "orders", "/accounts/{account_id}/orders")
            .summary("List a merchant's orders.")
            .about("The merchant's orders (4.1): what is bought, at which price and where each stands. What was agreed, `get_order` tells.")
            .clauses(&["4.1"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<OrderSummary>>, Problem> {
        let partition = call.path.account_id.partition();
        let query = &call.query;
        let asked = query.page.asked(call.after.as_deref(), |since| OrderId::first_of(since).into());
        let page = match query.status {
            None => market.store.list::<Order>(&partition, asked).await?,
            Some(status) => {
                let stands_so = |order: &Order| order.status.standing() == status;
                market.store.list_where(&partition, asked, stands_so).await?
            }
        };
        Ok(Outcome::Reply(List::of(call, market, page, |order| order.state.into())))
    }
}
