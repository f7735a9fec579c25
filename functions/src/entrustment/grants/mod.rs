//! Grants, their tokens and their ledger (4.4).

mod get_grant;
mod give_grant;
mod issue_token;
mod list_accesses;
mod list_grants;
mod list_provider_grants;
mod revoke_grant;
mod summary;
mod tokens;
mod view;

pub use get_grant::GetGrant;
pub use give_grant::GiveGrant;
pub use issue_token::IssueToken;
pub use list_accesses::ListAccesses;
pub use list_grants::ListGrants;
pub use list_provider_grants::ListProviderGrants;
pub use revoke_grant::RevokeGrant;
pub use summary::{GrantSummary, GrantsQuery};
pub use view::{AccessEntryView, GrantView};
