//! The parties that a thing names.

use market_domain::aggregate::Loaded;
use market_domain::ids::ProviderId;
use market_domain::providers::Provider;
use market_http::{Code, Market, Problem};

/// The provider that a thing names; providers are never deleted, so one that is missing is our fault.
pub async fn provider_of(market: &Market, id: &ProviderId) -> Result<Loaded<Provider>, Problem> {
    market.store.get::<Provider>(id).await?.ok_or(Problem::new(Code::Internal))
}
