//! A listing as lists show it: what it is and whose. What merchants must be able to read before buying (4.2) is read with the
//! listing itself.

use market_kernel::ids::{ListingId, ProviderId};
use market_kernel::text::Line;
use market_trade::listings::{Listing, ListingKind, ListingStatus};
use schemars::JsonSchema;
use serde::Serialize;

use super::PlanForm;

use crate::wire::time::Instant;

/// A listing in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListingSummary {
    /// Its id.
    id: ListingId,
    /// Its provider.
    provider_id: ProviderId,
    /// Application or service.
    kind: ListingKind,
    /// Its name.
    name: Line,
    /// Its place in the catalogue.
    category: Line,
    /// What can be bought.
    plans: Vec<PlanForm>,
    /// Where it stands.
    status: ListingStatus,
    /// When it was written.
    created_at: Instant,
}

impl From<Listing> for ListingSummary {
    fn from(listing: Listing) -> Self {
        let Listing { id, provider_id, description, status, created_at } = listing;
        Self {
            id,
            provider_id,
            kind: description.kind,
            name: description.name,
            category: description.category,
            plans: description.plans.into_iter().map(PlanForm::from).collect(),
            status,
            created_at: created_at.into(),
        }
    }
}
