//! Credit codes that the operator vouched for (5.1).

mod get_vouching;
mod given;
mod view;
mod vouch_credit_code;

pub use get_vouching::GetVouching;
pub(crate) use given::given_code;
pub use view::VouchingView;
pub use vouch_credit_code::VouchCreditCode;
