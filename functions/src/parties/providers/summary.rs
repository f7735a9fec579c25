//! A provider as lists show it. How to reach it is read with the provider itself.

use market_kernel::ids::ProviderId;
use market_kernel::text::Line;
use market_parties::providers::{Provider, ProviderStatus};
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::time::Instant;

/// A provider in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProviderSummary {
    /// Its id.
    id: ProviderId,
    /// The legal entity's name.
    legal_name: Line,
    /// Where it stands.
    status: ProviderStatus,
    /// When it applied.
    applied_at: Instant,
}

impl From<Provider> for ProviderSummary {
    fn from(provider: Provider) -> Self {
        let Provider { id, legal_name, status, applied_at, .. } = provider;
        Self { id, legal_name, status, applied_at: applied_at.into() }
    }
}
