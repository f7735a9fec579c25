//! The registry of documents (1.1–1.4, 9.4).

mod get_clause;
mod get_document;
mod get_text;
mod get_version;
mod publish_version;
mod view;

pub use get_clause::GetClause;
pub use get_document::GetDocument;
pub use get_text::GetText;
pub use get_version::GetVersion;
pub use publish_version::PublishVersion;
pub use view::{ClauseView, DocumentView, VersionView};
