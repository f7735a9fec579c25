//! `get_payment` – what became of a payment, for the merchant whose order it names and for the operator.

use market_identity::{Principal, Role};
use market_trade::payments::PaymentRecord;

use super::PaymentRecordView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::PaymentPath;

#[derive(Debug)]
pub struct GetPayment;

impl Endpoint for GetPayment {
    type Path = PaymentPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = PaymentRecordView;

    fn route() -> Route {
        Route::get("get_payment", "payments", "/payments/{record_id}")
            .summary("Read what became of a payment.")
            .about(
                "What was reported of a payment and what became of the money (4.6). A merchant \
                    sees those that name one of its orders; what the operator decided and why, the \
                    operator alone.",
            )
            .clauses(&["4.6"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<PaymentRecordView>, Problem> {
        let found = market.store.get::<PaymentRecord>(&call.path.record_id).await?;
        let record = found.ok_or(Problem::not_found())?;
        let caller = call.caller.as_ref().map(|caller| &caller.principal);
        let Some(Principal { role: Role::Merchant, subject, .. }) = caller else {
            return Ok(Outcome::Reply(PaymentRecordView::whole(record.state)));
        };
        match record.names() {
            Some((account_id, _)) if account_id.as_str() == subject => {
                Ok(Outcome::Reply(PaymentRecordView::without_decisions(record.state)))
            }
            _ => Err(Problem::not_found()),
        }
    }
}
