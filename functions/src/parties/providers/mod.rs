//! Providers (2.2).

mod apply_as_provider;
mod approve_provider;
mod change_provider_contacts;
mod get_provider;
mod list_providers;
mod summary;
mod view;

pub use apply_as_provider::ApplyAsProvider;
pub use approve_provider::ApproveProvider;
pub use change_provider_contacts::ChangeProviderContacts;
pub use get_provider::GetProvider;
pub use list_providers::ListProviders;
pub use summary::ProviderSummary;
pub use view::ProviderView;
