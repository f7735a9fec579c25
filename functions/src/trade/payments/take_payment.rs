//! `take_payment` – the payment system reports a payment, signed. Every such report is kept and answered 200 with what
//! came of it, so that a sender is never told to give up on money: it formed the contract, has to be returned, or waits
//! for a human. The same payment again changes nothing.

use market_kernel::ids::{AccountId, EventId, OrderId};
use market_kernel::money::Fen;
use market_parties::accounts::MarketAccount;
use market_store::of;
use market_trade::orders::Order;
use market_trade::payments::{Arrival, PaymentRecord, Report};
use schemars::JsonSchema;
use serde::Deserialize;

use super::TakenView;
use super::load::{Named, own_record};
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Route, Signed, message_id};
use crate::wire::time::Instant;

/// A payment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(rename = "PaymentReport")]
pub struct Body {
    /// The payment system's id of it; unique in the whole market.
    payment_id: EventId,
    account_id: AccountId,
    order_id: OrderId,
    /// What was paid, in fen.
    amount_fen: Fen,
    paid_at: Instant,
}

impl Body {
    fn report(self) -> Report {
        let Self { payment_id, account_id, order_id, amount_fen, paid_at } = self;
        Report::Payment { payment_id, account_id, order_id, amount: amount_fen, paid_at: paid_at.into() }
    }
}

#[derive(Debug)]
pub struct TakePayment;

impl Endpoint for TakePayment {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Signed<Body>;
    type Reply = TakenView;

    fn route() -> Route {
        Route::post("take_payment", "payments", "/payments")
            .summary("Report a payment of an order (signed by the payment system). What is rightly signed is always kept.")
            .about("For the payment system: reports that an order was paid, signed by Standard \
                    Webhooks (4.6). What is rightly signed is always kept and answered 200, with \
                    what came of it: the contract is formed, the money has to be returned, or it \
                    waits for a human. The same payment again changes nothing.")
            .class(Class::Money)
            .clauses(&["4.6"])
            .signed_by_payments()
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<TakenView>, Problem> {
        let (report, first, named) = match call.body.clone() {
            Signed::Unread(text) => {
                let report = Report::unreadable(message_id(&call.headers), &text);
                let first = market.store.get::<PaymentRecord>(&report.record_id()).await?;
                (report, first, None)
            }
            Signed::Read(body) => {
                let (account_id, order_id) = (body.account_id.clone(), body.order_id.clone());
                let report = body.report();
                let wishes = (
                    of::<PaymentRecord>(report.record_id()),
                    of::<MarketAccount>(account_id.clone()),
                    of::<Order>((account_id, order_id)),
                );
                let (first, account, order) = market.store.load(wishes).await?;
                (report, first, Named::of(market, account, order).await?)
            }
        };
        let own = match &first {
            Some(first) if !first.is_repeated_by(&report) => own_record(market, &report).await?,
            _ => None,
        };
        let named = named.as_ref().map(Named::order);
        let arrival = Arrival { report, first: first.as_ref(), own: own.as_ref(), named };
        let taken = PaymentRecord::take(arrival, market.calendar, &call.occasion);
        Ok(TakenView::outcome(taken))
    }
}
