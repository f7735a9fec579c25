//! Money that arrives, as the payment system reports it, and what becomes of it (4.6).

mod get_payment;
mod list_payments;
mod load;
mod settle_payment;
mod take_payment;
mod take_return;
mod view;

pub use get_payment::GetPayment;
pub use list_payments::ListPayments;
pub use settle_payment::SettlePayment;
pub use take_payment::TakePayment;
pub use take_return::TakeReturn;
pub use view::{PaymentRecordView, TakenView};
