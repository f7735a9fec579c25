//! The events of listings, orders and payments.

use market_kernel::ids::{EventId, ListingId, OrderId, PlanId};
use market_kernel::money::Fen;
use market_kernel::{Timestamp, clauses, events};

clauses! {
    /// Why an order closes before its time.
    ClosedUnder {
        /// Nobody paid.
        Payment = "4.6",
        /// The market agreement ended.
        Termination = "10.1",
    }
}

events! {
    /// A listing was written.
    ListingDrafted "2.6" {}
    /// A listing was handed in for review.
    ListingSubmitted "4.2" {}
    /// A listing can be bought.
    ListingListed "4.2" {}
    /// An order waits for its payment.
    OrderPlaced "4.1" { listing: ListingId, plan: PlanId, price_fen: Fen, pay_by: Timestamp }
    /// The contract formed, and the service began.
    OrderPaid "4.6" { payment: EventId, amount_fen: Fen, valid_until: Option<Timestamp> }
    /// A payment formed the contract of its order.
    PaymentFormed "4.6" { order: OrderId, amount_fen: Fen }
    /// A report of the payment system waits for a human.
    PaymentHeld "4.6" { because: &'static str }
    /// A payment has to be returned.
    PaymentToReturn "4.6" { because: &'static str, amount_fen: Fen }
    /// A payment was returned.
    PaymentReturned "4.6" { by: &'static str }
    /// A human looked at a report that was held, and nothing is owed.
    PaymentDismissed "4.6" {}
    /// The term of an order ran out.
    OrderExpired "4.2" {}
    /// An order closed before its time.
    OrderClosed [ClosedUnder] { under: ClosedUnder, reason: &'static str }
}
