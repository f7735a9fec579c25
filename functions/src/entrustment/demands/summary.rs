//! A deletion demand as lists show it. What the provider attested is read with the demand itself.

use market_entrustment::deletion::{DeletionDemand, DemandStanding, DemandStatus};
use market_kernel::ids::{AccountId, GrantId, ProviderId};
use market_kernel::text::Line;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::cursor::ListQuery;
use crate::wire::time::Instant;

/// Which of a party's demands.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandsQuery {
    /// Only those that stand so.
    #[serde(default)]
    pub status: Option<DemandStanding>,
    #[serde(flatten)]
    pub page: ListQuery,
}

/// A deletion demand in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DemandSummary {
    /// The grant that ended; it names the demand.
    grant_id: GrantId,
    /// The merchant, who demands.
    account_id: AccountId,
    /// The provider, who answers.
    provider_id: ProviderId,
    /// The listing's name.
    listing_name: Line,
    /// When the entrustment ended.
    ended_at: Instant,
    /// Where it stands.
    status: DemandStanding,
    /// By when the provider has to answer, while it has to.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_due_at: Option<Instant>,
}

impl From<DeletionDemand> for DemandSummary {
    fn from(demand: DeletionDemand) -> Self {
        let DeletionDemand {
            grant_id,
            account_id,
            provider_id,
            listing_name,
            scopes: _,
            ended_at,
            to_merchant: _,
            to_provider: _,
            status,
        } = demand;
        let answer_due_at = match &status {
            DemandStatus::Served { period, .. } => Some(period.ends_at),
            _ => None,
        };
        let status = status.standing();
        Self {
            grant_id,
            account_id,
            provider_id,
            listing_name,
            ended_at: ended_at.into(),
            status,
            answer_due_at: answer_due_at.map(Instant::from),
        }
    }
}
