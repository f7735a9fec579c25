//! `take_return` – the payment system reports that it returned a payment, signed: the duty to return it has ended. A
//! return that fits none is kept, and waits for a human.

use market_kernel::ids::EventId;
use market_kernel::money::Fen;
use market_store::of;
use market_trade::payments::{Arrival, PaymentRecord, Report};
use schemars::JsonSchema;
use serde::Deserialize;

use super::TakenView;
use super::load::{Named, own_record};
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Route, Signed, message_id};
use crate::wire::time::Instant;

/// A return.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(rename = "ReturnReport")]
pub struct Body {
    /// The payment system's id of it.
    return_id: EventId,
    /// The payment that was returned.
    payment_id: EventId,
    /// What was returned, in fen.
    amount_fen: Fen,
    returned_at: Instant,
}

impl Body {
    fn report(self) -> Report {
        let Self { return_id, payment_id, amount_fen, returned_at } = self;
        Report::Return { return_id, payment_id, amount: amount_fen, returned_at: returned_at.into() }
    }
}

#[derive(Debug)]
pub struct TakeReturn;

impl Endpoint for TakeReturn {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Signed<Body>;
    type Reply = TakenView;

    fn route() -> Route {
        Route::post("take_return", "payments", "/returns")
            .summary("Report the return of a payment (signed by the payment system). What is rightly signed is always kept.")
            .about("For the payment system: reports that a payment was returned, signed by Standard \
                    Webhooks (4.6). The duty to return it has ended then. A return that fits no \
                    payment is kept and waits for a human.")
            .class(Class::Money)
            .clauses(&["4.6"])
            .signed_by_payments()
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<TakenView>, Problem> {
        let report = match call.body.clone() {
            Signed::Unread(text) => Report::unreadable(message_id(&call.headers), &text),
            Signed::Read(body) => body.report(),
        };
        let (payment, first) = match report.returned_payment() {
            Some(payment) => {
                let wishes = (of::<PaymentRecord>(payment), of::<PaymentRecord>(report.record_id()));
                market.store.load(wishes).await?
            }
            None => (None, market.store.get::<PaymentRecord>(&report.record_id()).await?),
        };
        let own = match &first {
            Some(first) if !first.is_repeated_by(&report) => own_record(market, &report).await?,
            _ => None,
        };
        let named = Named::by(market, payment.as_ref().and_then(|payment| payment.names())).await?;
        let named = named.as_ref().map(Named::order);
        let arrival = Arrival { report, first: first.as_ref(), own: own.as_ref(), named };
        let taken = PaymentRecord::take_return(payment.as_ref(), arrival, &call.occasion);
        Ok(TakenView::outcome(taken))
    }
}
