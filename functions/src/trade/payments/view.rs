//! A record of money that arrived, as the operator and its merchant read it. A field is shown only if it is named here.

use market_kernel::ids::{AccountId, EventId, OrderId, PaymentRecordId};
use market_kernel::money::Fen;
use market_kernel::text::Prose;
use market_trade::payments::{
    Decision, HeldBecause, PaymentRecord, PaymentStatus, Report, ReportOutcome, ReturnProof, Settlement,
    Taken,
};
use market_trade::returns::ReturnBecause;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::Outcome;
use crate::trade::orders::OrderView;
use crate::wire::time::Instant;

/// What the payment system reported.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(rename = "Report")]
enum ReportView {
    /// A payment of an order.
    Payment {
        payment_id: EventId,
        account_id: AccountId,
        order_id: OrderId,
        /// What was paid, in fen.
        amount_fen: Fen,
        paid_at: Instant,
    },
    /// The return of a payment.
    Return {
        return_id: EventId,
        payment_id: EventId,
        /// What was returned, in fen.
        amount_fen: Fen,
        returned_at: Instant,
    },
    /// Signed, and not to be understood.
    Unreadable {
        /// The sender's id of the message.
        message_id: String,
        /// Its beginning, as it came.
        text: String,
    },
}

impl From<Report> for ReportView {
    fn from(report: Report) -> Self {
        match report {
            Report::Payment { payment_id, account_id, order_id, amount, paid_at } => Self::Payment {
                payment_id,
                account_id,
                order_id,
                amount_fen: amount,
                paid_at: paid_at.into(),
            },
            Report::Return { return_id, payment_id, amount, returned_at } => {
                Self::Return { return_id, payment_id, amount_fen: amount, returned_at: returned_at.into() }
            }
            Report::Unreadable { message_id, text } => Self::Unreadable { message_id, text },
        }
    }
}

/// Who says that money was returned.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
#[schemars(rename = "ReturnProof")]
enum ProofView {
    /// The payment system, by its signed report.
    Report { return_id: EventId, returned_at: Instant },
    /// The operator.
    Operator,
}

impl From<ReturnProof> for ProofView {
    fn from(proof: ReturnProof) -> Self {
        match proof {
            ReturnProof::Report { return_id, returned_at } => {
                Self::Report { return_id, returned_at: returned_at.into() }
            }
            ReturnProof::Operator => Self::Operator,
        }
    }
}

/// Where a record stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schemars(rename = "PaymentStatus")]
enum StatusView {
    /// The contract of its order was formed.
    Formed,
    /// It waits for a human.
    Held { because: HeldBecause },
    /// It has to be returned.
    ToReturn { because: ReturnBecause },
    /// It was returned.
    Returned {
        /// When that was recorded.
        returned_at: Instant,
        proof: ProofView,
    },
    /// A human looked at it, and nothing is owed.
    Dismissed { dismissed_at: Instant },
}

impl From<PaymentStatus> for StatusView {
    fn from(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Formed => Self::Formed,
            PaymentStatus::Held { because } => Self::Held { because },
            PaymentStatus::ToReturn { because } => Self::ToReturn { because },
            PaymentStatus::Returned { at, proof } => {
                Self::Returned { returned_at: at.into(), proof: proof.into() }
            }
            PaymentStatus::Dismissed { at } => Self::Dismissed { dismissed_at: at.into() },
        }
    }
}

/// What a human decided, and what it rests on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PaymentDecision")]
struct DecisionView {
    settlement: Settlement,
    decided_at: Instant,
    evidence: Prose,
}

impl From<Decision> for DecisionView {
    fn from(decision: Decision) -> Self {
        let Decision { settlement, at, evidence } = decision;
        Self { settlement, decided_at: at.into(), evidence }
    }
}

/// A report of the payment system, and what became of the money.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PaymentRecord")]
pub struct PaymentRecordView {
    /// What names it: the payment's id, unless another report had used that.
    id: PaymentRecordId,
    report: ReportView,
    received_at: Instant,
    #[serde(flatten)]
    status: StatusView,
    /// What humans decided, in their order; shown to the operator alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decisions: Vec<DecisionView>,
}

impl PaymentRecordView {
    /// As the operator reads it.
    pub fn whole(record: PaymentRecord) -> Self {
        let PaymentRecord { id, report, received_at, status, decisions } = record;
        let decisions = decisions.into_iter().map(DecisionView::from).collect();
        Self { id, report: report.into(), received_at: received_at.into(), status: status.into(), decisions }
    }

    /// As everyone else does: without the operator's own notes.
    #[must_use]
    pub fn without_decisions(record: PaymentRecord) -> Self {
        Self { decisions: Vec::new(), ..Self::whole(record) }
    }
}

/// What came of a report.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReportTaken")]
pub struct TakenView {
    outcome: ReportOutcome,
    /// The record that was kept; none of a payment that was taken before payments had records.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<PaymentRecordView>,
    /// The order, where its contract was formed now or before.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderView>,
}

impl TakenView {
    /// What to commit and answer.
    pub(super) fn outcome(taken: Taken) -> Outcome<Self> {
        let Taken { outcome, record, order, change } = taken;
        let view = Self {
            outcome,
            record: record.map(PaymentRecordView::without_decisions),
            order: order.map(OrderView::from),
        };
        match change {
            Some(change) => Outcome::commit((view, change)),
            None => Outcome::Reply(view),
        }
    }
}
