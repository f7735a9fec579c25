//! Providers (2.2).

mod apply_as_provider;
mod approve_provider;
mod change_provider_contacts;
mod get_provider;
mod view;

pub use apply_as_provider::ApplyAsProvider;
pub use approve_provider::ApproveProvider;
pub use change_provider_contacts::ChangeProviderContacts;
pub use get_provider::GetProvider;
pub use view::ProviderView;
