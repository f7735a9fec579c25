//! An order as lists show it: who, what, how much and where it stands. The whole of it, with the snapshot of what was agreed,
//! is read by its id.

use market_kernel::ids::{AccountId, ListingId, OrderId, ProviderId};
use market_kernel::money::Fen;
use market_kernel::text::Line;
use market_trade::orders::{Order, OrderStanding, OrderStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::cursor::ListQuery;
use crate::wire::time::Instant;

/// Which of a party's orders.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrdersQuery {
    /// Only those that stand so.
    #[serde(default)]
    pub status: Option<OrderStanding>,
    #[serde(flatten)]
    pub page: ListQuery,
}

/// An order in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderSummary {
    /// Its id.
    id: OrderId,
    /// The merchant.
    account_id: AccountId,
    /// The provider.
    provider_id: ProviderId,
    /// The listing.
    listing_id: ListingId,
    /// The listing's name as it was when the order was placed.
    listing_name: Line,
    /// The name of the plan that was bought.
    plan_name: Line,
    /// What is to be paid, in fen.
    amount_fen: Fen,
    /// When it was placed.
    placed_at: Instant,
    /// Where it stands.
    status: OrderStanding,
    /// Until when it can be paid, while it waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pay_by: Option<Instant>,
    /// Until when it is in service, where its plan has a term.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Instant>,
    /// When it expired or was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Instant>,
}

impl From<Order> for OrderSummary {
    fn from(order: Order) -> Self {
        let Order {
            id,
            account_id,
            provider_id,
            listing_id,
            snapshot,
            accepts_shorter_term: _,
            placed_at,
            status,
        } = order;
        let (mut pay_by, mut valid_until, mut ended_at) = (None, None, None);
        match &status {
            OrderStatus::Placed { pay_by: until } => pay_by = Some(*until),
            OrderStatus::InService { valid_until: until, .. } => valid_until = *until,
            OrderStatus::Expired { at, .. } | OrderStatus::Closed { at, .. } => ended_at = Some(*at),
        }
        Self {
            id,
            account_id,
            provider_id,
            listing_id,
            listing_name: snapshot.description.name,
            plan_name: snapshot.plan.name,
            amount_fen: snapshot.plan.price_fen,
            placed_at: placed_at.into(),
            status: status.standing(),
            pay_by: pay_by.map(Instant::from),
            valid_until: valid_until.map(Instant::from),
            ended_at: ended_at.map(Instant::from),
        }
    }
}
