//! What whoever watches a market or works with its API asks first: whether it is alive, whether its table answers, which
//! release it is, and what its API is. No clause is carried out here, and no token is needed.

mod description;
mod get_description;
mod get_health;
mod get_older_description;
mod get_readiness;
mod get_release;

pub use get_description::GetDescription;
pub use get_health::GetHealth;
pub use get_older_description::GetOlderDescription;
pub use get_readiness::GetReadiness;
pub use get_release::GetRelease;

use schemars::JsonSchema;
use serde::Serialize;

/// That it is well.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Health")]
pub struct HealthView {
    /// Always `ok`: otherwise the answer is a problem.
    status: Well,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HealthStatus")]
enum Well {
    Ok,
}

const WELL: HealthView = HealthView { status: Well::Ok };
