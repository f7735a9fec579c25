//! Parties: accounts, providers, and the credit codes that they apply with.

pub mod accounts;
pub mod credit_codes;
pub(crate) mod problems;
pub mod providers;
mod workers;

use crate::http::Visitor;

pub(crate) use problems::CODES;
pub(crate) use workers::KINDS;

/// What its resources are.
pub(crate) const RESOURCES: &[(&str, &str)] = &[
    ("accounts", "Market accounts of merchants, and what they accepted (1.2, 1.3, 2.3, 5.1)."),
    ("providers", "Sellers of applications and services (2.2)."),
    ("credit_codes", "Credit codes that the operator vouched for (5.1)."),
];

/// Its routes.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.visit::<accounts::ApplyForAccount>();
    visitor.visit::<accounts::GetAccount>();
    visitor.visit::<accounts::ChangeContacts>();
    visitor.visit::<accounts::ListAccounts>();
    visitor.visit::<providers::ApplyAsProvider>();
    visitor.visit::<providers::GetProvider>();
    visitor.visit::<providers::ListProviders>();
    visitor.visit::<providers::ApproveProvider>();
    visitor.visit::<providers::ChangeProviderContacts>();
    visitor.visit::<credit_codes::VouchCreditCode>();
    visitor.visit::<credit_codes::GetVouching>();
}
