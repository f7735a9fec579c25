//! `get_order` – an order, with the snapshot of what was agreed.

use market_identity::Role;
use market_trade::orders::Order;

use super::OrderView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::OrderPath;

#[derive(Debug)]
pub struct GetOrder;

impl Endpoint for GetOrder {
    type Path = OrderPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = OrderView;

    fn route() -> Route {
        Route::get("get_order", "orders", "/accounts/{account_id}/orders/{order_id}")
            .summary("Read an order.")
            .about(
                "An order and the snapshot of what was agreed on that day (4.1). A provider sees \
                    those it has to serve.",
            )
            .clauses(&["4.1"])
            .roles(&[Role::Merchant, Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<OrderView>, Problem> {
        let id = (call.path.account_id.clone(), call.path.order_id.clone());
        let order = market.store.get::<Order>(&id).await?.ok_or(Problem::not_found())?;
        call.may_see(&order.provider_id)?;
        Ok(Outcome::Reply(order.state.into()))
    }
}
