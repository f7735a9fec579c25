//! `take_payment` – the payment system reports a payment, signed. The same payment again answers the same
//! and changes nothing.

use market_domain::Timestamp;
use market_domain::accounts::MarketAccount;
use market_domain::ids::{AccountId, EventId, OrderId};
use market_domain::money::Fen;
use market_domain::orders::{Order, Payment};
use market_http::{Call, Code, Endpoint, Market, Nothing, Outcome, Problem, Route};
use market_store::of;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::orders::OrderView;
use crate::api::parties::provider_of;

/// A payment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PaymentReport")]
pub struct Body {
    /// The payment system's id of it.
    payment_id: EventId,
    account_id: AccountId,
    order_id: OrderId,
    /// What was paid, in fen.
    amount_fen: Fen,
    #[schemars(with = "String", extend("format" = "date-time"))]
    paid_at: Timestamp,
}

/// See the module.
#[derive(Debug)]
pub struct TakePayment;

impl Endpoint for TakePayment {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Body;
    type Reply = OrderView;

    fn route() -> Route {
        Route::post("take_payment", "/payments")
            .summary("Report a payment of an order (signed by the payment system).")
            .clauses(&["4.6"])
            .signed_by_payments()
            .problems(&[Code::NotFound, Code::WrongAmount, Code::NotPayable, Code::InvalidTerm])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<OrderView>, Problem> {
        let Body { payment_id, account_id, order_id, amount_fen, paid_at } = call.body.clone();
        let wishes = (of::<MarketAccount>(account_id.clone()), of::<Order>((account_id, order_id)));
        let (Some(account), Some(order)) = market.store.load(wishes).await? else {
            return Err(Problem::not_found());
        };
        let provider = provider_of(market, &order.provider_id).await?;
        let payment = Payment { id: payment_id, paid_at };
        let (paid, change) =
            Order::pay(&order, &account, &provider, payment, amount_fen, market.calendar, &call.occasion)?;
        let paid = OrderView::from(paid);
        Ok(match change {
            Some(change) => Outcome::commit((paid, change)),
            None => Outcome::Reply(paid),
        })
    }
}
