//! `list_all_orders` – the orders of all merchants in one state, for the operator.

use market_identity::Role;
use market_kernel::ids::OrderId;
use market_store::Index;
use market_trade::orders::{Order, OrderStanding};
use schemars::JsonSchema;
use serde::Deserialize;

use super::OrderSummary;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// Which orders.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllOrdersQuery {
    /// Where they stand.
    status: OrderStanding,
    #[serde(flatten)]
    page: ListQuery,
}

#[derive(Debug)]
pub struct ListAllOrders;

impl Endpoint for ListAllOrders {
    type Path = Nothing;
    type Query = AllOrdersQuery;
    type Body = Nothing;
    type Reply = List<OrderSummary>;

    fn route() -> Route {
        Route::get("list_all_orders", "orders", "/orders")
            .summary("List the orders that stand so, by the instant at which they were placed.")
            .about("The orders of all merchants that stand so, for the operator (4.1). A merchant reads its own by `list_orders`.")
            .clauses(&["4.1"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Self::Reply>, Problem> {
        let query = &call.query;
        let asked = query.page.asked(call.after.as_deref(), |since| OrderId::first_of(since).into());
        let lists = query.status.lists();
        let page = market.store.list_entries_merged::<Order>(Index::Desk, &lists, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |order| order.state.into())))
    }
}
