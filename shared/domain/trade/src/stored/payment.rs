//! A record of money that arrived, as stored. Its report can hold what somebody typed, so it is salted.

use jiff::Timestamp;
use market_kernel::ids::{AccountId, EventId, OrderId, PaymentRecordId};
use market_kernel::money::Fen;
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::values::{Name, Trusted, each};
use market_kernel::text::Prose;
use serde::{Deserialize, Serialize};

use crate::payments::{Decision, HeldBecause, PaymentRecord, PaymentStatus, Report, ReturnProof, Settlement};
use crate::returns::ReturnBecause;

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StoredReport {
    Payment {
        payment_id: Trusted<EventId>,
        account_id: Trusted<AccountId>,
        order_id: Trusted<OrderId>,
        amount_fen: Trusted<Fen>,
        paid_at: Timestamp,
    },
    Return {
        return_id: Trusted<EventId>,
        payment_id: Trusted<EventId>,
        amount_fen: Trusted<Fen>,
        returned_at: Timestamp,
    },
    Unreadable {
        message_id: String,
        text: String,
    },
}

impl StoredReport {
    fn of(report: Report) -> Self {
        match report {
            Report::Payment { payment_id, account_id, order_id, amount, paid_at } => Self::Payment {
                payment_id: Trusted(payment_id),
                account_id: Trusted(account_id),
                order_id: Trusted(order_id),
                amount_fen: Trusted(amount),
                paid_at,
            },
            Report::Return { return_id, payment_id, amount, returned_at } => Self::Return {
                return_id: Trusted(return_id),
                payment_id: Trusted(payment_id),
                amount_fen: Trusted(amount),
                returned_at,
            },
            Report::Unreadable { message_id, text } => Self::Unreadable { message_id, text },
        }
    }

    fn restore(self) -> Report {
        match self {
            Self::Payment { payment_id, account_id, order_id, amount_fen, paid_at } => Report::Payment {
                payment_id: payment_id.0,
                account_id: account_id.0,
                order_id: order_id.0,
                amount: amount_fen.0,
                paid_at,
            },
            Self::Return { return_id, payment_id, amount_fen, returned_at } => Report::Return {
                return_id: return_id.0,
                payment_id: payment_id.0,
                amount: amount_fen.0,
                returned_at,
            },
            Self::Unreadable { message_id, text } => Report::Unreadable { message_id, text },
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
enum StoredProof {
    Report { return_id: Trusted<EventId>, returned_at: Timestamp },
    Operator,
}

impl StoredProof {
    fn of(proof: ReturnProof) -> Self {
        match proof {
            ReturnProof::Report { return_id, returned_at } => {
                Self::Report { return_id: Trusted(return_id), returned_at }
            }
            ReturnProof::Operator => Self::Operator,
        }
    }

    fn restore(self) -> ReturnProof {
        match self {
            Self::Report { return_id, returned_at } => {
                ReturnProof::Report { return_id: return_id.0, returned_at }
            }
            Self::Operator => ReturnProof::Operator,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum StoredStatus {
    Formed,
    Held { because: Name<HeldBecause> },
    ToReturn { because: Name<ReturnBecause> },
    Returned { at: Timestamp, proof: StoredProof },
    Dismissed { at: Timestamp },
}

impl StoredStatus {
    fn of(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Formed => Self::Formed,
            PaymentStatus::Held { because } => Self::Held { because: Name(because) },
            PaymentStatus::ToReturn { because } => Self::ToReturn { because: Name(because) },
            PaymentStatus::Returned { at, proof } => Self::Returned { at, proof: StoredProof::of(proof) },
            PaymentStatus::Dismissed { at } => Self::Dismissed { at },
        }
    }

    fn restore(self) -> PaymentStatus {
        match self {
            Self::Formed => PaymentStatus::Formed,
            Self::Held { because } => PaymentStatus::Held { because: because.0 },
            Self::ToReturn { because } => PaymentStatus::ToReturn { because: because.0 },
            Self::Returned { at, proof } => PaymentStatus::Returned { at, proof: proof.restore() },
            Self::Dismissed { at } => PaymentStatus::Dismissed { at },
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredDecision {
    settlement: Name<Settlement>,
    at: Timestamp,
    evidence: Trusted<Prose>,
}

impl StoredDecision {
    fn of(decision: Decision) -> Self {
        let Decision { settlement, at, evidence } = decision;
        Self { settlement: Name(settlement), at, evidence: Trusted(evidence) }
    }

    fn restore(self) -> Decision {
        Decision { settlement: self.settlement.0, at: self.at, evidence: self.evidence.0 }
    }
}

/// See [`PaymentRecord`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredPaymentRecord {
    id: Trusted<PaymentRecordId>,
    report: StoredReport,
    received_at: Timestamp,
    #[serde(flatten)]
    status: StoredStatus,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    decisions: Vec<StoredDecision>,
}

impl Storable for PaymentRecord {
    type Form = StoredPaymentRecord;
}

impl StoredForm for StoredPaymentRecord {
    type State = PaymentRecord;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = true;

    fn of(record: PaymentRecord) -> Self {
        let PaymentRecord { id, report, received_at, status, decisions } = record;
        Self {
            id: Trusted(id),
            report: StoredReport::of(report),
            received_at,
            status: StoredStatus::of(status),
            decisions: each(decisions, StoredDecision::of),
        }
    }

    fn restore(self) -> PaymentRecord {
        PaymentRecord {
            id: self.id.0,
            report: self.report.restore(),
            received_at: self.received_at,
            status: self.status.restore(),
            decisions: each(self.decisions, StoredDecision::restore),
        }
    }
}
