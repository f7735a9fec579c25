//! Market accounts and what they accepted (1.2, 1.3, 2.3, 5.1).

mod apply_for_account;
mod change_contacts;
mod get_account;
mod list_accounts;
mod summary;
mod view;

pub use apply_for_account::{Application, ApplyForAccount};
pub use change_contacts::ChangeContacts;
pub use get_account::GetAccount;
pub use list_accounts::ListAccounts;
pub use summary::AccountSummary;
pub use view::AccountView;
