//! What merchants accept of documents (1.2, 1.3, 4.1).

mod accept_document;
mod in_its_period;
mod list_acceptances;
mod view;

pub use accept_document::AcceptDocument;
pub(crate) use in_its_period::in_its_period;
pub use list_acceptances::ListAcceptances;
pub use view::AcceptanceView;
