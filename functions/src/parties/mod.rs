//! Parties: accounts, providers, and the credit codes that they apply with.

pub mod accounts;
pub mod credit_codes;
pub(crate) mod problems;
pub mod providers;
mod workers;

use crate::http::Visitor;

pub(crate) use problems::CODES;
pub(crate) use workers::KINDS;

/// Its routes.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.visit::<accounts::ApplyForAccount>();
    visitor.visit::<accounts::GetAccount>();
    visitor.visit::<accounts::ChangeContacts>();
    visitor.visit::<accounts::ListAccounts>();
    visitor.visit::<providers::ApplyAsProvider>();
    visitor.visit::<providers::GetProvider>();
    visitor.visit::<providers::GetProfile>();
    visitor.visit::<providers::ListProviders>();
    visitor.visit::<providers::ApproveProvider>();
    visitor.visit::<providers::ChangeProviderContacts>();
    visitor.visit::<credit_codes::VouchCreditCode>();
    visitor.visit::<credit_codes::GetVouching>();
}
