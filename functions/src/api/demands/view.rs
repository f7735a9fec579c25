//! A deletion demand as the parties see it: without what counts its reminders.

use market_domain::Timestamp;
use market_domain::deletion::{DeletionDemand, DemandStatus};
use market_domain::ids::{AccountId, GrantId, ProviderId, ScopeName};
use market_domain::text::Line;
use schemars::JsonSchema;
use serde::Serialize;

/// The demand that follows an ended grant; it carries the grant's id.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeletionDemand")]
pub struct DemandView {
    grant_id: GrantId,
    account_id: AccountId,
    provider_id: ProviderId,
    listing_name: Line,
    /// What had been granted.
    scopes: Vec<ScopeName>,
    /// When the entrustment ended.
    #[schemars(with = "String")]
    ended_at: Timestamp,
    #[serde(flatten)]
    status: DemandStatus,
}

impl From<DeletionDemand> for DemandView {
    fn from(demand: DeletionDemand) -> Self {
        Self {
            grant_id: demand.grant_id,
            account_id: demand.account_id,
            provider_id: demand.provider_id,
            listing_name: demand.listing_name,
            scopes: demand.scopes,
            ended_at: demand.ended_at,
            status: demand.status,
        }
    }
}
