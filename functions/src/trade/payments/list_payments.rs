//! `list_payments` – money that waits for a human: held, or to be returned.

use market_identity::Role;
use market_trade::payments::PaymentRecord;

use super::PaymentRecordView;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

#[derive(Debug)]
pub struct ListPayments;

impl Endpoint for ListPayments {
    type Path = Nothing;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<PaymentRecordView>;

    fn route() -> Route {
        Route::get("list_payments", "payments", "/payments")
            .summary("List the payments that are held or have to be returned.")
            .about(
                "Money that waits for a human: held because it cannot be placed, or to be \
                    returned (4.6).",
            )
            .clauses(&["4.6"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<PaymentRecordView>>, Problem> {
        let asked = call.query.asked(call.after.as_deref(), PaymentRecord::first_place);
        let page = market.store.list_entries::<PaymentRecord>(&PaymentRecord::WAITING, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |record| PaymentRecordView::whole(record.state))))
    }
}
