//! The evidence log, as the parties read it (10.2).

mod list_evidence;
mod list_provider_evidence;
mod read_timeline;
mod record;
mod timeline;
mod view;

pub use list_evidence::ListEvidence;
pub use list_provider_evidence::ListProviderEvidence;
pub use read_timeline::ReadTimeline;
