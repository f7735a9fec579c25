//! What becomes due of parties: nothing yet.

use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_parties::vouching::Vouching;

use crate::workers::Kind;

/// The kinds of this context. What is said of a party happened, and stays so.
pub(crate) const KINDS: &[Kind] =
    &[Kind::of::<MarketAccount>(), Kind::of::<Provider>(), Kind::of::<Vouching>()];
