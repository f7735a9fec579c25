//! `settle_payment` – the operator decides what becomes of money that waits, with evidence.

use market_identity::Role;
use market_kernel::text::Prose;
use market_trade::payments::{PaymentRecord, Settlement, Settling};
use schemars::JsonSchema;
use serde::Deserialize;

use super::PaymentRecordView;
use super::load::Named;
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::trade::problems;
use crate::wire::paths::PaymentPath;

/// What is decided, and why.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PaymentSettlement")]
pub struct Body {
    /// `form`: a held payment counts. `return`: a held payment has to be returned. `returned`: it was given back.
    /// `dismiss`: nothing is owed for a held report.
    settlement: Settlement,
    /// What was found, and where it is kept.
    evidence: Prose,
}

#[derive(Debug)]
pub struct SettlePayment;

impl Endpoint for SettlePayment {
    type Path = PaymentPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = PaymentRecordView;

    fn route() -> Route {
        Route::post("settle_payment", "payments", "/payments/{record_id}/settlement")
            .summary("Decide, with evidence, what becomes of a payment that is held or has to be returned.")
            .about(
                "Decides what becomes of money that waits, with what the decision rests on (4.6): \
                    it forms the order's contract, goes back, was returned, or nothing is owed. \
                    Refused where the money waits for no such decision, or the order does not take \
                    it.",
            )
            .class(Class::Money)
            .clauses(&["4.6"])
            .roles(&[Role::Operator])
            .problems(&[problems::WRONG_PAYMENT_STATE, problems::NOT_PAYABLE])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<PaymentRecordView>, Problem> {
        let found = market.store.get::<PaymentRecord>(&call.path.record_id).await?;
        let record = found.ok_or(Problem::not_found())?;
        let named = Named::by(market, record.names()).await?;
        let Body { settlement, evidence } = call.body.clone();
        let named = named.as_ref().map(Named::order);
        let settling = Settling { settlement, evidence };
        let settled = PaymentRecord::settle(&record, settling, named, market.calendar, &call.occasion)?;
        Ok(Outcome::commit(settled).map(PaymentRecordView::whole))
    }
}
