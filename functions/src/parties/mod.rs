//! Parties: accounts, providers, and the credit codes that they apply with.

pub mod accounts;
pub mod credit_codes;
pub(crate) mod problems;
pub mod providers;

use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_parties::vouching::Vouching;

use crate::http::Visitor;
use crate::workers::Kind;

pub(crate) use problems::CODES;

/// The kinds of this context. Nothing becomes due of a party, and what is said of one happened and stays so.
pub(crate) const KINDS: &[Kind] =
    &[Kind::of::<MarketAccount>(), Kind::of::<Provider>(), Kind::of::<Vouching>()];

/// Its routes.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.visit::<accounts::OpenAccount>();
    visitor.visit::<accounts::GetAccount>();
    visitor.visit::<accounts::ChangeContacts>();
    visitor.visit::<providers::ApplyAsProvider>();
    visitor.visit::<providers::GetProvider>();
    visitor.visit::<providers::ApproveProvider>();
    visitor.visit::<providers::ChangeProviderContacts>();
    visitor.visit::<credit_codes::VouchCreditCode>();
    visitor.visit::<credit_codes::GetVouching>();
}
