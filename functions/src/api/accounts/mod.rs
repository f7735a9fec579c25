//! Market accounts and what they accepted (1.2, 1.3, 2.3, 5.1).

mod accept_document;
pub mod acceptances;
mod change_contacts;
mod get_account;
mod list_acceptances;
mod open_account;
mod view;

pub use accept_document::AcceptDocument;
pub use change_contacts::ChangeContacts;
pub use get_account::GetAccount;
pub use list_acceptances::ListAcceptances;
pub use open_account::{Application, OpenAccount};
pub use view::{AcceptanceView, AccountView, SignerForm};
