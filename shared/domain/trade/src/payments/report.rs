//! What the payment system reports, and what names its records.

use jiff::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, EventId, OrderId, PaymentRecordId};
use market_kernel::money::Fen;

/// The most characters that are kept of a report that cannot be read.
const KEPT_CHARS: usize = 4000;
/// The same of the id of its message.
const KEPT_ID_CHARS: usize = 256;

/// What the payment system reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A payment of an order.
    Payment {
        /// The payment system's id of it.
        payment_id: EventId,
        /// The merchant that it names.
        account_id: AccountId,
        /// The order that it names.
        order_id: OrderId,
        /// What was paid.
        amount: Fen,
        /// When.
        paid_at: Timestamp,
    },
    /// The return of a payment.
    Return {
        /// The payment system's id of the return.
        return_id: EventId,
        /// The payment that it names.
        payment_id: EventId,
        /// What was returned.
        amount: Fen,
        /// When.
        returned_at: Timestamp,
    },
    /// Signed, and not to be understood.
    Unreadable {
        /// The sender's id of the message.
        message_id: String,
        /// Its beginning, as it came.
        text: String,
    },
}

impl Report {
    /// A report that cannot be read, by the id of the message that it came in.
    #[must_use]
    pub fn unreadable(message_id: &str, text: &str) -> Self {
        let kept = |text: &str, chars: usize| text.chars().take(chars).collect();
        Self::Unreadable { message_id: kept(message_id, KEPT_ID_CHARS), text: kept(text, KEPT_CHARS) }
    }

    /// The record of the payment or return that it names.
    #[must_use]
    pub fn record_id(&self) -> PaymentRecordId {
        match self {
            Self::Payment { payment_id, .. } => payment_id.into(),
            Self::Return { return_id, .. } => PaymentRecordId::of_return(return_id),
            Self::Unreadable { .. } => self.own_record_id(),
        }
    }

    /// The record of this report itself, if it cannot be the payment's record.
    #[must_use]
    pub fn own_record_id(&self) -> PaymentRecordId {
        match self {
            Self::Payment { payment_id, account_id, order_id, amount, paid_at } => {
                let said = format!("payment\n{account_id}\n{order_id}\n{}\n{paid_at}", amount.get());
                PaymentRecordId::beside(payment_id, &Sha256Hash::of(said.as_bytes()))
            }
            Self::Return { return_id, payment_id, amount, returned_at } => {
                let said = format!("return\n{return_id}\n{}\n{returned_at}", amount.get());
                PaymentRecordId::beside(payment_id, &Sha256Hash::of(said.as_bytes()))
            }
            // By its message and not by what it says: a hash of that could be guessed at.
            Self::Unreadable { message_id, .. } => PaymentRecordId::of_message(message_id),
        }
    }

    /// The record of the payment that was returned, where it is the report of a return.
    #[must_use]
    pub fn returned_payment(&self) -> Option<PaymentRecordId> {
        match self {
            Self::Return { payment_id, .. } => Some(payment_id.into()),
            Self::Payment { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// Whether another report says the same. A payment system that repeats itself may tell another instant, and what
    /// cannot be read is told apart by its message.
    pub(super) fn says_the_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Payment { payment_id, account_id, order_id, amount, .. },
                Self::Payment { payment_id: id, account_id: account, order_id: order, amount: paid, .. },
            ) => (payment_id, account_id, order_id, amount) == (id, account, order, paid),
            (
                Self::Return { return_id, payment_id, amount, .. },
                Self::Return { return_id: id, payment_id: payment, amount: paid, .. },
            ) => (return_id, payment_id, amount) == (id, payment, paid),
            (Self::Unreadable { message_id, .. }, Self::Unreadable { message_id: id, .. }) => {
                message_id == id
            }
            _ => self == other,
        }
    }
}
