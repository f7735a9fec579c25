//! Payments, as the payment system reports them (4.6).

mod take_payment;

pub use take_payment::TakePayment;
