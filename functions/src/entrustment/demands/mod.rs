//! Deletion demands (4.4.5).

mod acknowledge_demand;
mod attest_demand;
mod close_demand;
mod get_demand;
mod list_all_demands;
mod list_demands;
mod list_provider_demands;
mod load;
mod serve_demand;
mod summary;
mod view;
mod waive_demand;

pub use acknowledge_demand::AcknowledgeDemand;
pub use attest_demand::AttestDemand;
pub use close_demand::CloseDemand;
pub use get_demand::GetDemand;
pub use list_all_demands::ListAllDemands;
pub use list_demands::ListDemands;
pub use list_provider_demands::ListProviderDemands;
pub use serve_demand::ServeDemand;
pub use summary::{DemandSummary, DemandsQuery};
pub use view::{AttestationForm, DemandView};
pub use waive_demand::WaiveDemand;
