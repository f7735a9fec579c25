//! Market accounts and what they accepted (1.2, 1.3, 2.3, 5.1).

mod change_contacts;
mod get_account;
mod list_accounts;
mod open_account;
mod view;

pub use change_contacts::ChangeContacts;
pub use get_account::GetAccount;
pub use list_accounts::ListAccounts;
pub use open_account::{Application, OpenAccount};
pub use view::AccountView;
